/** Where what is kept of policies lies while their process does not run: a bucket of a cluster, a folder, a database. */
export interface Shelf {
  /** @returns Undefined where there is nothing. Rejects where it cannot be reached. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Whole or not at all, in the place of what is there. */
  write(key: string, data: Uint8Array): Promise<void>;
}
