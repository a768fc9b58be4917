/**
 * Bytes under a name, for a while: what is too large for a message. Real: a bucket of JetStream's object store
 * (`@jaegis/nats`); in memory: `@jaegis/sim`.
 *
 * Obligations: once `put` has resolved, `get` gives the same bytes on every node, until they are removed or older than
 * the bucket lets them be; it never gives a part of them or others. `put` under a name that is there replaces. A lost
 * answer to `put` or `remove` is `OutcomeUnknownError`: the same call may be repeated. When the store cannot be reached any
 * call rejects with `StorageUnavailableError`; when it is full `put` rejects with `OverloadedError`.
 */
export interface Blobs {
  /** @param name Not empty. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is nothing under that name, or nothing any more. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Does nothing when there is nothing. */
  remove(name: string): Promise<void>;
  /** Of all that is there, in no order. */
  names(): Promise<readonly string[]>;
}
