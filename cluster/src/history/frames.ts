/** Records one after the other in a file: each is its length in four bytes, then its bytes. */
import { CorruptRecordError } from '@jaegis/core';

/** A record of more bytes is none of ours: it could not have come out of a stream. */
const MOST_BYTES = 256 * 1024 * 1024;
const LENGTH = 4;

export function frameOf(record: Uint8Array): Uint8Array {
  const frame = new Uint8Array(LENGTH + record.length);
  new DataView(frame.buffer).setUint32(0, record.length);
  frame.set(record, LENGTH);
  return frame;
}

/** Holds no more than a record and a chunk. @throws CorruptRecordError at a record that is cut, or too long to be one. */
export async function* recordsIn(file: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  let wanted = LENGTH;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < wanted) continue;
    let rest = joined(held, size);
    let end = endOf(file, rest);
    for (; end !== undefined && rest.length >= end; end = endOf(file, rest)) {
      yield new Uint8Array(rest.subarray(LENGTH, end)); // a copy, and plain bytes whatever the chunks are
      rest = rest.subarray(end);
    }
    held = [rest];
    size = rest.length;
    wanted = end ?? LENGTH;
  }
  if (size > 0) throw corrupt(file, 'it ends within a record');
}

/** Where the first record ends; undefined while there is not even its length. */
function endOf(file: string, bytes: Uint8Array): number | undefined {
  if (bytes.length < LENGTH) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length > MOST_BYTES) throw corrupt(file, `a record of ${length} bytes cannot be`);
  return LENGTH + length;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function corrupt(file: string, why: string): Error {
  return new CorruptRecordError(`${file} cannot be read: ${why}.`, { data: { file, why } });
}
