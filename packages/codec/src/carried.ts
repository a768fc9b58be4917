/**
 * Which built-in objects the codec carries, by their prototype: an instance of a subclass would come back as its base
 * and is refused instead. Used by the JSON codec as devalue's operations.
 */
export const viewTags = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  // Last: its place is part of the binary format.
  'Float16Array',
] as const;
const otherTags = ['Object', 'Array', 'Map', 'Set', 'Date', 'RegExp', 'URL', 'URLSearchParams', 'ArrayBuffer'] as const;

// Node.js before 24 has no Float16Array.
const present = [...viewTags, ...otherTags].filter((tag) => globalThis[tag] !== undefined);
const tags = new Map<unknown, string>(present.map((tag) => [globalThis[tag].prototype, tag]));
// A Buffer is what sockets and files give; it comes back as the Uint8Array that it is.
tags.set(Buffer.prototype, 'Uint8Array');

/** The name under which devalue carries an object. What has no name here it judges as plain object or refuses. */
export function carriedTag(value: object): string {
  return tags.get(Object.getPrototypeOf(value)) ?? 'unknown';
}

interface View extends ArrayBufferView {
  readonly length?: number;
}

/** The bytes that are seen through a view and no others: a part of a large or shared buffer is copied out of it. */
export function carriedView(view: View) {
  const { byteLength } = view;
  const whole = view.buffer instanceof ArrayBuffer && view.buffer.byteLength === byteLength;
  const buffer = whole ? view.buffer : new Uint8Array(view.buffer, view.byteOffset, byteLength).slice().buffer;
  return { buffer, byteOffset: 0, byteLength, length: view.length ?? byteLength, bufferByteLength: byteLength };
}
