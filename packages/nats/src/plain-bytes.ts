/** The same bytes, not copied, without being a Buffer: Buffer's `slice` does not copy, Uint8Array's does. */
export function plainBytes(data: Uint8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
