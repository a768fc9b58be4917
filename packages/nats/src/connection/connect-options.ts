/** What a user says about the connection, and what nats.js is told. Its defaults give up or notice a dead link after minutes. */
import { type Clock, InvalidConfigError, isSubject, type Logger, subjectRule } from '@jaegis/core';
import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { type Auth, authenticatorOf } from './auth.ts';
import { type Tls, tlsOf } from './tls.ts';

export const defaultInboxPrefix = '_INBOX';

export interface ConnectOptions {
  /** `nats://host:port` or `host:port`; tried in this order. The servers they know of are used too. */
  readonly servers: readonly string[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** Shown by the server's monitoring. */
  readonly name?: string;
  /** Default: none. */
  readonly auth?: Auth;
  /** `true`: TLS with the authorities that Node.js trusts. Default: if a server asks for it, or is named by `tls://`. */
  readonly tls?: Tls | true;
  /**
   * Answers arrive below this subject, which needs the permission to subscribe to it. Who may subscribe to more hears
   * what others are answered. Default `_INBOX`.
   */
  readonly inboxPrefix?: string;
  /** False: only the transport is used, so nobody is asked for JetStream. Default true. */
  readonly jetStream?: boolean;
  /** Default `limits.sendBufferBytes`. */
  readonly sendBufferBytes?: number;
  /** Default `limits.slowReadBytes`; a quarter of the server's `max_pending` at most. */
  readonly slowReadBytes?: number;
  /** How long JetStream may take to answer, in ms. Default `limits.storageTimeoutMs`. */
  readonly storageTimeoutMs?: number;
}

/** Throws InvalidConfigError for an address that cannot be one: nats.js would try 127.0.0.1 or drop the password. */
export function checkServers(servers: readonly string[]): void {
  if (servers.length === 0) {
    throw new InvalidConfigError('servers is empty; name at least one NATS server.', { data: { path: 'servers' } });
  }
  for (const [index, server] of servers.entries()) {
    const path = `servers[${index}]`;
    const url = URL.parse(server.includes('://') ? server : `nats://${server}`);
    if (url === null || url.hostname === '' || !/^(nats|tls):$/.test(url.protocol)) {
      const value = server.replace(/[^/]*@/, '…@');
      throw new InvalidConfigError(`${path} is ${JSON.stringify(value)}; it must be nats://host:port.`, {
        data: { path, value },
      });
    }
    if (url.username !== '' || url.password !== '') {
      throw new InvalidConfigError(`${path} (${url.host}) holds credentials; give them as auth.`, {
        data: { path },
      });
    }
  }
}

function checkInboxPrefix(prefix: string): void {
  if (isSubject(prefix)) return;
  throw new InvalidConfigError(`inboxPrefix is ${JSON.stringify(prefix)}; ${subjectRule}.`, {
    data: { path: 'inboxPrefix', value: prefix },
  });
}

/** @throws InvalidConfigError for credentials and files that cannot be used. */
export function clientOptions(options: Omit<ConnectOptions, 'clock'>): NodeConnectionOptions {
  const { name, auth, servers, logger, inboxPrefix = defaultInboxPrefix } = options;
  checkInboxPrefix(inboxPrefix);
  const tls = tlsOf(options.tls, servers);
  return {
    servers: [...servers],
    ...(name === undefined ? {} : { name }),
    ...(auth === undefined ? {} : { authenticator: authenticatorOf(auth, logger) }),
    ...(tls === undefined ? {} : { tls }),
    // One dial, handshake included: what a server that hangs costs before the next one is tried.
    timeout: 1_000,
    // Two pings unanswered: a dead link is given up after 2.7 s at most.
    pingInterval: 900,
    maxPingOut: 2,
    // For ever. The wait is per server: another one that is up is tried at once.
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 100,
    reconnectJitterTLS: 100,
    // The first connection fails at once if it must, so that the user hears of a wrong address.
    waitOnFirstConnect: false,
    // The order given is the order tried.
    noRandomize: true,
    resolve: true,
    // Servers that are not in the list are still a way back.
    ignoreClusterUpdates: false,
    // Credentials may be refused while an account is being changed: that is no reason to give up for ever.
    ignoreAuthErrorAbort: true,
    inboxPrefix,
    noEcho: false,
    pedantic: false,
    verbose: false,
    debug: false,
    // A stack per request costs more than the request.
    noAsyncTraces: true,
  };
}
