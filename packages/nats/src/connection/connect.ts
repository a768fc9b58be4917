/** The way to NATS: one connection, and the ports on it. Called by the composition roots and by tests. */
import {
  ConnectFailedError,
  type Heart,
  type HeartOptions,
  type InboxStream,
  InvalidConfigError,
  JetStreamDisabledError,
  type Journal,
  limits,
  ServerTooOldError,
  Slots,
  type Store,
  type Transport,
} from '@jaegis/core';
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection as Client, NodeConnectionOptions } from '@nats-io/transport-node';
import { ThreadHeart } from '../heart/thread-heart.ts';
import type { JetStreamAccess } from '../jetstream/access.ts';
import { Appends } from '../jetstream/appends.ts';
import { Batches } from '../jetstream/batches.ts';
import { type BlobsOptions, type Bucket, ObjectStoreBlobs } from '../jetstream/blobs.ts';
import { isNotServed } from '../jetstream/errors.ts';
import { Gets } from '../jetstream/gets.ts';
import { findInbox, type InboxOptions, openInbox } from '../jetstream/open-inbox.ts';
import { findJournal, type JournalOptions, openJournal } from '../jetstream/open-journal.ts';
import { openStore, type StoreOptions } from '../jetstream/store.ts';
import { streamNames } from '../jetstream/stream-names.ts';
import { isNewEnough, minimumVersion } from '../server/version.ts';
import { type ConnectOptions, checkServers, clientOptions } from './connect-options.ts';
import { connectClient } from './dialling.ts';
import { Link } from './link.ts';
import { isRefusedCredentials, violationIn } from './refusals.ts';
import { NatsTransport } from './transport.ts';

export interface NatsConnection {
  readonly transport: Transport;
  /** 3 where at least three servers form a cluster, else 1: what streams may ask for here. */
  readonly replicas: 1 | 3;
  /**
   * Makes the stream if there is none.
   *
   * @throws ClusterMismatchError when there is one with other options, InvalidConfigError when the server refuses the
   * options, StorageUnavailableError when JetStream does not answer within `openWithinMs`.
   */
  openJournal(options: JournalOptions): Promise<Journal>;
  /** Makes the stream if there is none. Throws as `openJournal`. */
  openInbox(options: InboxOptions): Promise<InboxStream>;
  /** The stream of this name as it is. @throws InvalidConfigError when there is none, StorageUnavailableError. */
  findJournal(name: string): Promise<Journal>;
  /** As `findJournal`. */
  findInbox(name: string): Promise<InboxStream>;
  /** The names of all streams; none where this user may not ask for them, or JetStream does not answer. */
  streamNames(): Promise<string[]>;
  /** Makes the bucket if there is none. Throws as `openJournal`. */
  openStore(options: StoreOptions): Promise<Store>;
  /** A bucket that is opened, and made if there is none, when it is first used or asked to; that throws as `openJournal`. */
  blobs(options: BlobsOptions): Bucket;
  /**
   * A heart on a thread and a connection of its own, to another server where there is one: what ends one of them leaves
   * the other. It begins to connect at once, and goes on until it is stopped, also when this connection closes. `start`
   * throws ConnectFailedError.
   */
  heart(options: HeartOptions): Heart;
  /** Sends what was published, then closes the transport, the journals and the stores. */
  close(): Promise<void>;
}

/**
 * @throws InvalidConfigError for a bad address, for files that cannot be used or for refused credentials, ConnectFailedError when no server answers,
 * ServerTooOldError, JetStreamDisabledError.
 */
export async function connectNats(options: ConnectOptions): Promise<NatsConnection> {
  checkServers(options.servers);
  const client = await dial(options);
  try {
    checkVersion(client);
    if (options.jetStream !== false) await checkJetStream(client);
  } catch (error) {
    await client.close();
    throw error;
  }
  tryOthersFirst(client);
  return assemble(client, options);
}

function assemble(client: Client, options: ConnectOptions): NatsConnection {
  const { logger, clock, sendBufferBytes: bufferBytes = limits.sendBufferBytes } = options;
  const { slowReadBytes = limits.slowReadBytes } = options;
  const timeoutMs = options.storageTimeoutMs ?? limits.storageTimeoutMs;
  const link = new Link(client, logger);
  const transport = new NatsTransport(link, clock, { bufferBytes, slowReadBytes });
  const requests = { link, clock, timeoutMs, inboxPrefix: options.inboxPrefix };
  const access: JetStreamAccess = {
    link,
    clock,
    client: jetstream(client, { timeout: timeoutMs }),
    appends: new Appends(requests),
    batches: new Batches(requests),
    gets: new Gets(requests),
    reads: new Slots(limits.storageReads),
    timeoutMs,
  };
  return {
    transport,
    replicas: replicasOf(client, options),
    openJournal: (journal) => openJournal(access, journal),
    openInbox: (inbox) => openInbox(access, inbox),
    findJournal: (name) => findJournal(access, name),
    findInbox: (name) => findInbox(access, name),
    streamNames: async () => (await streamNames(() => access.client.jetstreamManager(false))) ?? [],
    openStore: (store) => openStore(access, store),
    blobs: (blobs) => new ObjectStoreBlobs(access, blobs),
    heart: (wanted) => {
      const { auth, tls, inboxPrefix, name } = options;
      const connect = {
        servers: othersFirst(client, options.servers),
        name: `${name ?? 'node'} heart`,
        ...(auth ? { auth } : {}),
        ...(tls ? { tls } : {}),
        ...(inboxPrefix ? { inboxPrefix } : {}),
      };
      return new ThreadHeart({ ...wanted, connect, logger, clock });
    },
    close: () => transport.close(),
  };
}

/** @param more Instead of what a node tells nats.js. @throws As `connectNats`. */
export async function dial(options: ConnectOptions, more: NodeConnectionOptions = {}): Promise<Client> {
  const { servers, auth } = options;
  const addresses = servers.join(', ');
  const wanted = clientOptions(options);
  try {
    return await connectClient({ ...wanted, ...more });
  } catch (cause) {
    if (isRefusedCredentials(cause)) {
      const what = auth === undefined ? 'wants credentials, and none were given' : 'refused the credentials';
      throw new InvalidConfigError(`NATS at ${addresses} ${what}.`, { cause, data: { path: 'auth', servers } });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `No NATS server answered at ${addresses} (${reason}). ${adviceFor(reason)}`;
    throw new ConnectFailedError(text, { cause, data: { servers } });
  }
}

/** A server that refuses a client's certificate, or waits for TLS to begin, says nothing at all. */
function adviceFor(reason: string): string {
  if (/tls|certificate|ssl/i.test(reason)) {
    return 'Check tls, the certificates of both sides, and the name in the address.';
  }
  if (/timeout/i.test(reason)) {
    return 'It hangs, or wants TLS that it was not given: a certificate that it trusts (tls.certFile), or TLS before anything else (tls.handshakeFirst).';
  }
  return 'Start one there, or name the right address.';
}

function checkVersion(client: Client): void {
  const { version = '0.0.0' } = client.info ?? {};
  if (isNewEnough(version)) return;
  throw new ServerTooOldError(
    `The nats-server at ${client.getServer()} is ${version}; JAEGIS needs ${minimumVersion} or newer.`,
    { data: { server: client.getServer(), version, minimumVersion } },
  );
}

/** An election that is under way is no reason not to start: opening a journal waits for it. */
async function checkJetStream(client: Client): Promise<void> {
  try {
    await jetstreamManager(client, { checkAPI: true, timeout: limits.storageTimeoutMs });
  } catch (cause) {
    // Who may not ask may still use what there is.
    if (violationIn(cause) !== undefined) return;
    if (!isNotServed(cause)) {
      if (cause instanceof JetStreamApiError || (cause instanceof Error && cause.name === 'TimeoutError')) return;
      throw cause;
    }
    const server = client.getServer();
    throw new JetStreamDisabledError(`The nats-server at ${server} has no JetStream; start it with -js.`, {
      cause,
      data: { server },
    });
  }
}

/** A server tells of the others only once it has heard of them, and not of those that are down: our list counts too. */
function replicasOf({ info }: Client, { servers }: ConnectOptions): 1 | 3 {
  const known = Math.max(new Set(servers).size, info?.connect_urls?.length ?? 0);
  return info?.cluster !== undefined && known >= 3 ? 3 : 1;
}

/** nats.js goes back first to the server it has just lost; one that hangs would cost a whole dial. */
function tryOthersFirst(client: Client): void {
  client.setServers(poolOf(client));
}

/** All servers that are known, the present one last. */
function poolOf(client: Client): string[] {
  const present = client.getServer();
  const pool = client.getServers().map(({ listen }) => listen);
  return [...pool.filter((server) => server !== present), ...pool.filter((server) => server === present)];
}

/** The same as addresses to dial: TLS is asked for by the address too. */
function othersFirst(client: Client, servers: readonly string[]): string[] {
  const scheme = servers.some((server) => server.startsWith('tls://')) ? 'tls' : 'nats';
  return poolOf(client).map((server) => `${scheme}://${server}`);
}
