/**
 * Messages that are kept until they are taken off, each under the subject of its receiver, and messages that appear at
 * a time. Real: one JetStream stream (`@jaegis/nats`); in memory: `@jaegis/sim`.
 *
 * Obligations: sequences are shared by all subjects and grow; the messages of one subject that one sender has put, one
 * after the other, are in that order. A message whose `id` was put within {@link duplicateWindowMs} is not put again; but
 * servers that are started again know the ids of the messages that are there only, so who consumes a message and takes it
 * off must remember its id. A lost answer is `OutcomeUnknownError`: the same call with the same id may be repeated within
 * that window. When the stream cannot be reached or has no leader any call rejects with `StorageUnavailableError` and
 * nothing was written; when it is full, `put` and `schedule` reject with `OverloadedError`, and what is too large with
 * `NotSerializableError`. Nothing is dropped to make room.
 */
export interface InboxStream {
  /** How long an id is remembered, in ms. */
  readonly duplicateWindowMs: number;
  put(subject: string, data: Uint8Array, options: PutOptions): Promise<InboxReceipt>;
  /** The messages of one subject from a sequence on, oldest first, at most so many. */
  read(subject: string, from: number, limit: number): Promise<readonly InboxMessage[]>;
  /** All messages that match, oldest first, up to the newest at the time of the call. */
  kept(filter: string): AsyncIterable<InboxMessage>;
  /**
   * What is there, then what comes, for subjects that match any of the filters, in the order of sequences. It outlives
   * lost connections and servers: it goes on after the last message given. Ends when its signal aborts.
   */
  feed(filters: readonly string[], signal: AbortSignal): AsyncIterable<InboxMessage>;
  /** Takes the messages of one subject up to this sequence off. */
  remove(subject: string, upTo: number): Promise<void>;
  /**
   * At a time of the server's clock, or at once when that has passed, a message appears under `target`, also when no
   * process of ours is alive. It replaces what was scheduled under the same subject.
   * @throws InvalidTimerError for a target that is not of this inbox, or is the subject itself.
   */
  schedule(subject: string, data: Uint8Array, options: ScheduleOptions): Promise<void>;
  /** Nothing is scheduled under this subject any more. What has appeared already stays. */
  unschedule(subject: string): Promise<void>;
}

export interface PutOptions {
  readonly id: string;
}

export interface InboxReceipt {
  readonly sequence: number;
  /** It was put before, under the same id. */
  readonly isRepeated: boolean;
}

export interface ScheduleOptions {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly target: string;
}

export interface InboxMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** Under which it was put; undefined for what was scheduled. */
  readonly id: string | undefined;
  /** When it was put or appeared, in milliseconds since 1970, by the server's clock. */
  readonly timeMs: number;
}
