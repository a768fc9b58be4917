/** The archive port in memory: what tests of backups write to, look into and damage. */
import { AlreadyExistsError, type Archive, CorruptRecordError } from '@jaegis/core';

export class SimArchive implements Archive {
  readonly files = new Map<string, Uint8Array[]>();

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()].toSorted();
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.files.has(name)) throw new AlreadyExistsError(`${name} is there already.`, { data: { file: name } });
    const kept: Uint8Array[] = [];
    this.files.set(name, kept);
    for await (const chunk of chunks) kept.push(new Uint8Array(chunk));
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const chunks = this.files.get(name);
    if (chunks === undefined) throw new CorruptRecordError(`${name} is missing.`, { data: { file: name } });
    for (const chunk of chunks) yield new Uint8Array(chunk);
  }
}
