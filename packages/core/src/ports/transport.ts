/**
 * Messages between processes, delivered at most once. Real: core NATS (`@jaegis/nats`); in memory: `@jaegis/sim`.
 *
 * Subjects are tokens joined by dots; a subscription may use `*` for one token and a last `>` for the rest.
 *
 * Obligations: messages of one lane from one publisher to one subscription arrive in the order published. A message
 * published with `replyTo` to a subject that nobody listens on is answered, at `replyTo`, by a delivery with
 * `noResponders` set. Nothing is delivered twice. While the connection is lost `publish` buffers within a bound and then
 * throws `TransportUnavailableError`; subscriptions come back by themselves. After `close` every call throws
 * `TransportClosedError`, and closing again does nothing. Data above {@link maxPayload} is refused with
 * `NotSerializableError`. A handler that throws is logged and does not end its subscription. What the server does not
 * permit comes to light after the call: `flush` rejects with `PermissionDeniedError` while a subscription is refused.
 */
export interface Transport {
  publish(subject: string, data: Uint8Array, options?: PublishOptions): void;
  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: SubscribeOptions): Subscription;
  /** Resolves when the server has seen everything published and subscribed so far. */
  flush(): Promise<void>;
  /** Calls back at every change of the connection; the present state is {@link connected}. */
  onStatus(listener: (status: TransportStatus) => void): Subscription;
  /** Calls back when this process begins to read more slowly than messages come, before the server cuts it off for that. */
  onSlow(listener: (backlog: Backlog) => void): Subscription;
  /** Calls back for each message that the server did not take for lack of permission. */
  onRefused(listener: (refusal: TransportRefusal) => void): Subscription;
  readonly connected: boolean;
  /** The largest `data` that the server takes, in bytes. */
  readonly maxPayload: number;
  close(): Promise<void>;
}

/** What waits at the server for this process to read it. */
export interface Backlog {
  /** At least. */
  readonly bytes: number;
  /** How late the newest of it is read. */
  readonly delayMs: number;
}

/** A message to this subject was not delivered. */
export interface TransportRefusal {
  readonly subject: string;
  /** A PermissionDeniedError. */
  readonly error: Error;
}

export interface PublishOptions {
  readonly replyTo?: string;
  /** Default `data`. */
  readonly lane?: Lane;
}

/**
 * `control`: small words of the runtime itself, which must not be stuck behind data. They leave before data that waits,
 * and a part of the buffer is theirs alone.
 */
export type Lane = 'control' | 'data';

export interface SubscribeOptions {
  /** Subscriptions with the same queue name share: each message goes to one of them. */
  readonly queue?: string;
}

export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly replyTo: string | undefined;
  /** True on the server's own answer that nobody listens where a message with `replyTo` was sent. */
  readonly noResponders: boolean;
}

export interface Subscription {
  unsubscribe(): void;
}

export type TransportStatus = 'connected' | 'disconnected' | 'closed';
