/**
 * Where small things lie while their process does not run, by names of its own: a bucket of a cluster, a folder.
 *
 * Obligations: what is read is whole, as one write left it, also where a writer ended in the middle. Both reject where it
 * cannot be reached.
 */
export interface Shelf {
  /** @param key Any text. @returns Undefined where there is nothing. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** In the place of what is there. */
  write(key: string, data: Uint8Array): Promise<void>;
}
