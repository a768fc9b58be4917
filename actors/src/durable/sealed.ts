/**
 * Bytes that show when they were damaged: a mark, the format, a checksum of the rest, the rest. The same in every format, so
 * that a newer one is told from a broken one.
 */
import { crc32 } from '@jaegis/core';

const HEADER = 6;

export function sealed(mark: number, format: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + body.length);
  bytes[0] = mark;
  bytes[1] = format;
  new DataView(bytes.buffer).setUint32(2, checksumOf(format, body));
  bytes.set(body, HEADER);
  return bytes;
}

export type Unsealed =
  | { readonly isWhole: true; readonly format: number; readonly body: Uint8Array }
  /** What is wrong, as the end of a sentence. */
  | { readonly isWhole: false; readonly why: string };

/** @param what The mark is of, for the reason. */
export function unsealed(mark: number, what: string, data: Uint8Array): Unsealed {
  const [first, format = 0] = data;
  if (data.length < HEADER || first !== mark) return { isWhole: false, why: `it is no ${what}` };
  const body = data.subarray(HEADER);
  const checksum = new DataView(data.buffer, data.byteOffset).getUint32(2);
  if (checksumOf(format, body) !== checksum) return { isWhole: false, why: 'its checksum does not match' };
  return { isWhole: true, format, body };
}

/** Of the format too: a flipped bit there must not look like another version. */
function checksumOf(format: number, body: Uint8Array): number {
  return (crc32(body) ^ format) >>> 0;
}
