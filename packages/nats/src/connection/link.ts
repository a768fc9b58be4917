/**
 * The state of one connection: whether it stands, who wants to know, and what to do when it breaks. All ports on the
 * connection ask it before they send, and race their answers against its loss: nats.js leaves requests that were under
 * way when the connection broke to their timeouts.
 */
import { type Logger, StorageUnavailableError, TransportClosedError, type TransportStatus } from '@jaegis/core';
import {
  type NatsConnection,
  NatsConnectionImpl,
  PermissionViolationError,
  type Status,
} from '@nats-io/transport-node';
import { isRefusedCredentials, Refusals } from './refusals.ts';

/** The connection was lost while an answer was awaited. Never leaves the package. */
export class LinkLostError extends Error {}

export class Link {
  readonly connection: NatsConnection;
  readonly logger: Logger;
  #status: TransportStatus = 'connected';
  readonly #listeners = new Set<(status: TransportStatus) => void>();
  readonly #waiting = new Set<(error: Error) => void>();
  /** What the server did not allow. */
  readonly refusals: Refusals;
  #areCredentialsRefused = false;
  /** When the last ping left. */
  #readBytes = 0;

  constructor(connection: NatsConnection, logger: Logger) {
    this.connection = connection;
    this.logger = logger;
    this.refusals = new Refusals(logger);
    void this.#watch();
  }

  get status(): TransportStatus {
    return this.#status;
  }

  /** Why it does not stand, for errors. */
  get trouble(): string {
    return this.#areCredentialsRefused
      ? 'NATS refuses the credentials of this connection; they are tried again for ever'
      : 'The connection to NATS is lost; it is being restored';
  }

  onStatus(listener: (status: TransportStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  assertOpen(): void {
    if (this.#status === 'closed') throw new TransportClosedError('The connection to NATS was closed.');
  }

  /** For requests: what is sent while the connection is lost would be dropped by nats.js without a word. */
  assertConnected(): void {
    this.assertOpen();
    if (this.#status !== 'connected') {
      throw new StorageUnavailableError(`${this.trouble}.`);
    }
  }

  /** The answer, or a rejection with {@link LinkLostError} as soon as the connection breaks. */
  orLost<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      answer.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  async close(): Promise<void> {
    if (this.#status === 'closed') return;
    this.#change('closed');
    await this.connection.close();
  }

  async #watch(): Promise<void> {
    for await (const event of this.connection.status()) this.#take(event);
    const reason = await this.connection.closed();
    if (this.#status !== 'closed') this.logger.error('The connection to NATS has ended for good', { error: reason });
    this.#change('closed');
  }

  #take(event: Status): void {
    if (event.type === 'disconnect') {
      this.logger.warn('Lost the connection to NATS', { server: event.server });
      this.#change('disconnected');
    } else if (event.type === 'reconnect') {
      this.logger.info('Connected to NATS again', { server: event.server });
      this.#areCredentialsRefused = false;
      this.refusals.forget();
      this.#change('connected');
    } else if (event.type === 'ping') {
      this.#onPing(event.pendingPings);
    } else if (event.type === 'staleConnection') {
      dropSocket(this.connection);
    } else if (event.type === 'error') {
      this.#takeError(event.error);
    }
  }

  /** Pings that are unanswered while messages arrive wait behind these: the link is not dead, it is read slowly. */
  #onPing(unanswered: number): void {
    const { inBytes } = this.connection.stats();
    if (unanswered > 1 && inBytes > this.#readBytes) forgiveSilence(this.connection);
    this.#readBytes = inBytes;
  }

  #takeError(error: Error): void {
    if (error instanceof PermissionViolationError) {
      this.refusals.take(error);
    } else if (isRefusedCredentials(error)) {
      if (!this.#areCredentialsRefused)
        this.logger.error('NATS refuses the credentials; they are tried again', { error });
      this.#areCredentialsRefused = true;
    } else {
      this.logger.warn('NATS reported an error', { error });
    }
  }

  #change(status: TransportStatus): void {
    if (this.#status === status || this.#status === 'closed') return;
    this.#status = status;
    if (status !== 'connected') for (const reject of this.#waiting) reject(new LinkLostError(`The link is ${status}.`));
    for (const listener of this.#listeners) this.#tell(listener, status);
  }

  #tell(listener: (status: TransportStatus) => void, status: TransportStatus): void {
    try {
      listener(status);
    } catch (error) {
      this.logger.error('A listener for the state of the connection threw', { status, error });
    }
  }
}

/** What was published leaves now, not when the code that runs now is through. nats.js has no public way to say so. */
export function leaveNow(connection: NatsConnection): void {
  // biome-ignore lint/complexity/useLiteralKeys: the way that TypeScript leaves to what is private
  if (connection instanceof NatsConnectionImpl) connection.protocol['flushPending']();
}

/**
 * nats.js ends a stale connection only after a last write, which never ends when the peer hangs and the socket's buffer
 * is full (3.4: seen with 20 MB unsent). Without the socket the write fails, and it goes on to reconnect.
 */
function dropSocket(connection: NatsConnection): void {
  if (connection instanceof NatsConnectionImpl) connection.protocol.transport.discard();
}

/** nats.js counts the pings that were not answered, whatever else has come meanwhile. */
function forgiveSilence(connection: NatsConnection): void {
  if (connection instanceof NatsConnectionImpl) connection.protocol.heartbeats.start();
}
