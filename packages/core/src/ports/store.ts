/**
 * Small named values with revisions. Real: a JetStream key-value bucket (`@jaegis/nats`); in memory: `@jaegis/sim`.
 *
 * Obligations: revisions of a key grow. `put` with `expectedRevision` (0: the key must not exist) writes only when it
 * still is the key's revision, and otherwise rejects with `WrongSequenceError`. A lost answer is `OutcomeUnknownError`; when
 * the store cannot be reached any call rejects with `StorageUnavailableError` and nothing was written. A key that was
 * deleted by others does not exist.
 */
export interface Store {
  get(key: string): Promise<StoreEntry | undefined>;
  /** Returns the new revision. */
  put(key: string, value: Uint8Array, options: { readonly expectedRevision: number }): Promise<number>;
}

export interface StoreEntry {
  readonly value: Uint8Array;
  readonly revision: number;
}
