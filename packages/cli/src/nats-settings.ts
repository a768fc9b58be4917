/** How commands reach a cluster: the options that all of them share, and what the settings say of them. */
import { type Command, Option } from 'commander';
import type { NodeOptions } from 'jaegis';
import { switchOption } from './options.ts';
import type { Settings } from './settings.ts';

/** Adds the options. What is secret has a variable, since everybody on a machine sees its commands. */
export function reachingCluster(command: Command): Command {
  return command
    .addOption(new Option('--cluster <name>', 'the cluster').env('JAEGIS_CLUSTER'))
    .addOption(new Option('--nats <urls>', 'addresses of NATS servers, with commas between').env('JAEGIS_NATS'))
    .addOption(new Option('--nats-user <name>', 'user of the servers').env('JAEGIS_NATS_USER'))
    .addOption(new Option('--nats-password <text>', 'better as the variable').env('JAEGIS_NATS_PASSWORD'))
    .addOption(new Option('--nats-token <text>', 'better as the variable').env('JAEGIS_NATS_TOKEN'))
    .addOption(new Option('--nats-nkey-file <file>', "holds a user's seed").env('JAEGIS_NATS_NKEY_FILE'))
    .addOption(new Option('--nats-creds <file>', 'as `nsc generate creds` writes it').env('JAEGIS_NATS_CREDS'))
    .addOption(
      new Option('--nats-inbox-prefix <subject>', 'where answers arrive, as permitted').env('JAEGIS_NATS_INBOX_PREFIX'),
    )
    .addOption(switchOption('--tls', 'refuse servers without TLS', 'JAEGIS_TLS'))
    .addOption(new Option('--tls-ca <file>', 'who may have signed their certificates').env('JAEGIS_TLS_CA'))
    .addOption(new Option('--tls-cert <file>', 'for servers that verify').env('JAEGIS_TLS_CERT'))
    .addOption(new Option('--tls-key <file>', 'of that certificate').env('JAEGIS_TLS_KEY'))
    .addOption(switchOption('--tls-handshake-first', 'for servers that want TLS at once', 'JAEGIS_TLS_HANDSHAKE_FIRST'))
    .addOption(
      new Option('--config <file>', 'a JSON file with settings by the names of the options').env('JAEGIS_CONFIG'),
    );
}

export interface Reached extends Pick<NodeOptions, 'auth' | 'tls' | 'inboxPrefix'> {
  readonly cluster: string;
  readonly nats: readonly string[];
}

export function reached(settings: Settings): Reached {
  const { cluster, nats, tls, natsUser, natsPassword, natsToken, natsNkeyFile, natsCreds, natsInboxPrefix } = settings;
  const auth = given({
    user: natsUser,
    password: natsPassword,
    token: natsToken,
    nkeyFile: natsNkeyFile,
    credentialsFile: natsCreds,
  });
  const trust = {
    ...given({ caFile: settings.tlsCa, certFile: settings.tlsCert, keyFile: settings.tlsKey }),
    ...(settings.tlsHandshakeFirst ? { handshakeFirst: true } : {}),
  };
  return {
    cluster,
    nats: nats.split(','),
    // Whether it is one whole way is for whoever connects to say.
    ...(isEmpty(auth) ? {} : { auth: auth as NonNullable<NodeOptions['auth']> }),
    ...given({ inboxPrefix: natsInboxPrefix }),
    ...(isEmpty(trust) ? (tls ? { tls: true } : {}) : { tls: trust }),
  };
}

function given<Key extends string>(values: Readonly<Record<Key, string | undefined>>): { [Name in Key]?: string } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in Key]?: string };
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
