/** What NATS counts besides the data of a message: its headers when it is sent, and its frame when it is stored. */
import { NotSerializableError } from '@jaegis/core';
import type { Purpose } from './purpose.ts';

export type Headers = Readonly<Record<string, string>>;

/** `NATS/1.0`, a line for each header, an empty line. */
export function headerBytes(headers: Headers): number {
  const lines = Object.entries(headers).map(([name, value]) => Buffer.byteLength(`${name}: ${value}\r\n`));
  return lines.length === 0 ? 0 : lines.reduce((sum, bytes) => sum + bytes, 'NATS/1.0\r\n\r\n'.length);
}

/** Of a message in a stream on file: lengths, sequence, time and checksum are 30 bytes, the length of headers 4. */
export function storedBytes(subject: string, { length }: Uint8Array, headers: Headers): number {
  const around = headerBytes(headers);
  return 30 + Buffer.byteLength(subject) + length + (around === 0 ? 0 : 4 + around);
}

/** @throws NotSerializableError */
export function assertFits(maxPayload: number, { what, data }: Purpose, body: Uint8Array, headers: Headers): void {
  if (body.length + headerBytes(headers) <= maxPayload) return;
  throw new NotSerializableError(`Could not ${what}: it is larger than the server takes, ${maxPayload} bytes.`, {
    data: { ...data, bytes: body.length, most: maxPayload },
  });
}
