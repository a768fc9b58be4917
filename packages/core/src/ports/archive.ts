/**
 * A folder that a backup is written to and read from. Real: a folder of files (`@jaegis/node`); in memory: `@jaegis/sim`.
 *
 * Obligations: nothing that is there is overwritten: `write` rejects with `AlreadyExistsError`. Once it has resolved the
 * file is whole and on the disk. Files pass through in chunks, never whole through memory. A file that is not there is
 * `CorruptRecordError`, whose data names it; a folder that cannot be used is `InvalidConfigError`.
 */
export interface Archive {
  /** The names of what is there, sorted; none where the folder is not there yet. */
  list(): Promise<readonly string[]>;
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  read(name: string): AsyncIterable<Uint8Array>;
}

/** SHA-256 of bytes that come in parts. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** In hexadecimal digits. Called once, at the end. */
  hex(): string;
}

export type NewDigest = () => Digest;
