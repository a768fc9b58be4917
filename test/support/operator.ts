/**
 * An operator with accounts and users, as `nsc` makes them: claims as JWTs that their issuers sign, the servers'
 * configuration that trusts them, and credentials files. Made anew for each test file; nothing secret is kept.
 */
import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** What nats-server demands of the claims: the second version of its JWTs. */
const version = 2;
const unlimited = { subs: -1, data: -1, payload: -1 };
const day = 86_400;

export interface UserClaims {
  /** Subjects it may publish to and subscribe to. Default: all. */
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
  /** When it ends, in seconds from now. Default: in a day. */
  readonly endsInS?: number;
}

export interface Account {
  readonly publicKey: string;
  /** The text of a credentials file. */
  user(name: string, claims?: UserClaims): string;
}

export interface Operator {
  /** With JetStream or without. One that is made after {@link Operator.config} was read is unknown to the servers. */
  account(name: string, has?: { readonly jetStream: boolean }): Account;
  /** Lines for the configuration of servers that know the accounts made so far. */
  readonly config: string;
}

export function createOperator(): Operator {
  const key = nkeys.createOperator();
  const accounts = new Map<string, string>();
  const account = (name: string, { jetStream }: { readonly jetStream: boolean } = { jetStream: true }): Account => {
    const pair = nkeys.createAccount();
    accounts.set(publicOf(pair), signed(key, pair, { name, nats: accountClaims(jetStream) }));
    return {
      publicKey: publicOf(pair),
      user: (userName, claims = {}) => credentials(pair, userName, claims),
    };
  };
  const system = account('SYS', { jetStream: false });
  return {
    account,
    get config() {
      const preload = [...accounts].map(([publicKey, jwt]) => `  ${publicKey}: ${jwt}`).join('\n');
      const operator = signed(key, key, { name: 'test', nats: { type: 'operator', version } });
      const lines = [`operator: ${operator}`, `system_account: ${system.publicKey}`, 'resolver: MEMORY'];
      return `${lines.join('\n')}\nresolver_preload: {\n${preload}\n}\n`;
    },
  };
}

function accountClaims(jetStream: boolean): object {
  const storage = jetStream ? -1 : 0;
  const stores = { mem_storage: storage, disk_storage: storage, streams: storage, consumer: storage };
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1, ...stores };
  return { type: 'account', version, limits, default_permissions: { pub: {}, sub: {} } };
}

function credentials(account: KeyPair, name: string, { publish, subscribe, endsInS = day }: UserClaims): string {
  const user = nkeys.createUser();
  const [pub, sub] = [publish, subscribe].map((allow) => (allow === undefined ? {} : { allow }));
  const exp = Math.floor(Date.now() / 1_000) + endsInS;
  const jwt = signed(account, user, { name, exp, nats: { type: 'user', version, pub, sub, ...unlimited } });
  const seed = new TextDecoder().decode(user.getSeed());
  const block = (what: string, content: string) => `-----BEGIN ${what}-----\n${content}\n------END ${what}------\n`;
  return `${block('NATS USER JWT', jwt)}\n${block('USER NKEY SEED', seed)}`;
}

function signed(issuer: KeyPair, subject: KeyPair, claims: object): string {
  const iat = Math.floor(Date.now() / 1_000) - day;
  const body = { jti: publicOf(subject), iat, iss: publicOf(issuer), sub: publicOf(subject), ...claims };
  const text = [{ typ: 'JWT', alg: 'ed25519-nkey' }, body].map((part) => encoded(JSON.stringify(part))).join('.');
  return `${text}.${encoded(issuer.sign(new TextEncoder().encode(text)))}`;
}

const publicOf = (pair: KeyPair) => pair.getPublicKey();
const encoded = (data: string | Uint8Array) => Buffer.from(data).toString('base64url');
