/** Ways to say who one is, against real servers that ask for it, one of them with an operator and users by JWT. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@jaegis/core';
import { nkeys } from '@nats-io/transport-node';
import { defineActor, defineApp, requestInspection, startNode } from 'jaegis';
import { afterAll, describe, expect, it } from 'vitest';
import { bytes, text } from '../contract/world.ts';
import { withServers } from '../support/nats.ts';
import { createOperator } from '../support/operator.ts';
import { connection } from '../support/roles.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, { by }: { by: number }) => ({ state: { total: state.total + by }, reply: state.total + by }),
  },
});
const app = defineApp({ entities: [counter] });

const folder = mkdtempSync(join(tmpdir(), 'jaegis-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Of what a server does in its own time. */
const patient = { timeout: 20_000 };

let files = 0;
/** The path of a file with these credentials. */
function fileOf(credentials: string): string {
  const file = join(folder, `user-${++files}.creds`);
  writeFileSync(file, credentials);
  return file;
}

describe('ways to say who one is', () => {
  const seed = nkeys.createUser();
  const seedText = new TextDecoder().decode(seed.getSeed());
  const seedFile = join(folder, 'user.nk');
  writeFileSync(seedFile, seedText);

  describe('nkeys', () => {
    const nats = withServers(1, { config: `authorization { users = [{ nkey: "${seed.getPublicKey()}" }] }\n` });
    it.each([
      ['a seed', { nkey: seedText }],
      ['a file with a seed', { nkeyFile: seedFile }],
    ])('%s is taken', async (_, auth) => {
      expect((await connection(nats.urls, { auth })).transport.connected).toBe(true);
    });

    it('another seed is refused, and is in no error', async () => {
      const other = new TextDecoder().decode(nkeys.createUser().getSeed());
      const refused = await connection(nats.urls, { auth: { nkey: other } }).catch((error: Error) => error);
      expect(refused).toMatchObject({ code: 'invalid_config', data: { path: 'auth' } });
      expect(JSON.stringify(refused) + String(refused)).not.toContain(other);
    });
  });

  describe('a token', () => {
    const nats = withServers(1, { config: 'authorization { token: "let-me-in" }\n' });
    it('is taken, and another one refused', async () => {
      expect((await connection(nats.urls, { auth: { token: 'let-me-in' } })).transport.connected).toBe(true);
      const refused = await connection(nats.urls, { auth: { token: 'wrong-one' } }).catch((error: Error) => error);
      expect(refused).toMatchObject({ code: 'invalid_config', data: { path: 'auth' } });
      expect(String(refused)).not.toContain('wrong-one');
    });
  });

  describe('a user that is revoked', () => {
    const nats = withServers(1, { config: 'authorization { users = [{ user: "ann", password: "known" }] }\n' });

    /** What the server is told to go on with. */
    function reconfigure(from: string, to: string): void {
      const pid = nats.servers[0]?.pid ?? 0;
      const [path = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .filter((arg) => arg.endsWith('.conf'));
      writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
      process.kill(pid, 'SIGHUP');
    }

    it('is dropped and tried again for ever; when it is restored, what waited meanwhile arrives', async () => {
      const errors: string[] = [];
      const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
      const { transport } = await connection(nats.urls, { auth: { user: 'ann', password: 'known' } }, logger);
      const [statuses, got]: [string[], (string | undefined)[]] = [[], []];
      transport.onStatus((status) => statuses.push(status));
      transport.subscribe('greeting', ({ data }) => got.push(text(data)));
      await transport.flush();
      reconfigure('"known"', '"other"');
      await expect.poll(() => errors, patient).toEqual([expect.stringContaining('refuses the credentials')]);
      transport.publish('greeting', bytes('hello'));
      expect(statuses).toEqual(['disconnected']);
      reconfigure('"other"', '"known"');
      await expect.poll(() => got, patient).toEqual(['hello']);
      expect(statuses).toEqual(['disconnected', 'connected']);
    });
  });

  it.each([
    ['nothing', {}, 'auth'],
    ['two ways', { token: 'a', user: 'b', password: 'c' }, 'auth.token'],
    ['a user without a password', { user: 'b' }, 'auth.password'],
    ['a name that is unknown', { tokn: 'a' }, 'auth.tokn'],
    ['a seed that is none', { nkey: 'SUSECRET' }, 'auth.nkey'],
    ['a file that is not there', { nkeyFile: '/nowhere/user.nk' }, 'auth.nkeyFile'],
    ['credentials that are none', { credentialsFile: seedFile }, 'auth.credentialsFile'],
  ])('%s is refused before anything is dialled', async (_, auth, path) => {
    const refused = await connection(['nats://127.0.0.1:1'], { auth: auth as never }).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'invalid_config', data: { path } });
    expect(String(refused)).not.toContain('SUSECRET');
  });

  it('credentials for an embedded server are refused', async () => {
    await expect(startNode({ nats: 'embedded', auth: { token: 'x' } })).rejects.toMatchObject({
      code: 'invalid_config',
      data: { path: 'auth' },
    });
  });
});

describe('a server with an operator', () => {
  const operator = createOperator();
  const shop = operator.account('shop');
  const bare = operator.account('bare', { jetStream: false });
  const other = operator.account('other');
  const nats = withServers(1, { config: operator.config });
  const stranger = createOperator().account('shop');
  const seedOf = (credentials: string) => /^SU\S+$/m.exec(credentials)?.[0] ?? 'no seed';

  const start = (credentials: string, name: string) =>
    startNode({
      cluster: 'shop',
      name,
      nats: nats.urls,
      app,
      threads: 1,
      logLevel: 'silent',
      auth: { credentialsFile: fileOf(credentials) },
    });

  it('lets a node in by a credentials file, which runs durable turns that outlive it', async () => {
    const credentials = shop.user('node');
    const first = await start(credentials, 'n1');
    expect(await first.entity(counter, 'a').ask({ type: 'add', by: 2 })).toBe(2);
    await first.stop();
    await using second = await start(credentials, 'n2');
    expect(await second.entity(counter, 'a').ask({ type: 'add', by: 3 })).toBe(5);
  });

  it.each([
    ['has ended', () => shop.user('late', { endsInS: -1 })],
    ['is of an account that the server does not know', () => stranger.user('stranger')],
    ['comes with the seed of another', () => `${jwtBlock(shop.user('a'))}${seedBlock(shop.user('b'))}`],
  ])('refuses a user that %s, by an error that says so and holds no secret', async (_, make) => {
    const credentials = make();
    const refused = await start(credentials, 'n1').catch((error: Error) => error);
    expect(refused).toMatchObject({
      code: 'invalid_config',
      data: { path: 'auth' },
      message: `NATS at ${nats.urls.join(', ')} refused the credentials.`,
    });
    expect(JSON.stringify(refused) + String(refused)).not.toContain(seedOf(credentials));
  });

  it('drops a user that ends while connected, and takes it back as soon as its file holds a newer one', async () => {
    const ending = shop.user('node', { endsInS: 2 });
    const credentialsFile = fileOf(ending);
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
    const { transport } = await connection(nats.urls, { auth: { credentialsFile } }, logger);
    const statuses: string[] = [];
    transport.onStatus((status) => statuses.push(status));
    await expect.poll(() => errors, patient).toContainEqual(expect.stringContaining('refuses the credentials'));
    // The server counts in seconds: in the last one it may take the user in again and drop it at once.
    const another = () => connection(nats.urls, { auth: { credentialsFile: fileOf(ending) } });
    const outcome = () =>
      another().then(
        () => 'taken',
        ({ code }) => code,
      );
    await expect.poll(outcome, patient).toBe('invalid_config');
    await expect.poll(() => statuses.at(-1), patient).toBe('disconnected');
    writeFileSync(credentialsFile, shop.user('node'));
    await expect.poll(() => statuses.at(-1), patient).toBe('connected');
    await transport.flush();
  });

  it('a node of an account without JetStream is refused at once with a typed error', async () => {
    await expect(start(bare.user('node'), 'n1')).rejects.toMatchObject({ code: 'jetstream_disabled' });
  });

  it('who is of another account sees nothing of a cluster of the same name', async () => {
    await using node = await start(shop.user('node'), 'n1');
    expect(node.view.members.length).toBe(1);
    const inspect = async (credentials: string) => {
      const auth = { credentialsFile: fileOf(credentials) };
      await using inspection = await requestInspection({ nats: nats.urls, cluster: 'shop', auth });
      return await inspection.tree();
    };
    const role = { publish: ['jaegis.shop.inspect.>'], subscribe: ['_INBOX.>'] };
    expect(await inspect(shop.user('inspector', role))).toMatchObject({ nodes: [{ id: 'n1' }] });
    await expect(inspect(other.user('inspector', role))).rejects.toMatchObject({ code: 'cluster_unavailable' });
  });
});

const blocks = (credentials: string) => credentials.split(/(?<=------\n)\n/);
const jwtBlock = (credentials: string) => `${blocks(credentials)[0]}\n`;
const seedBlock = (credentials: string) => blocks(credentials)[1];
