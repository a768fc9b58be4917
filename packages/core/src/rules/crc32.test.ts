import { expect, test } from 'vitest';
import { crc32 } from './crc32.ts';

test.each([
  ['', 0],
  ['123456789', 0xcbf43926], // the check value of the standard
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
])('the checksum of %j is the one that everybody has', (text, checksum) => {
  expect(crc32(new TextEncoder().encode(text))).toBe(checksum);
});

test('one flipped bit, wherever it is, gives another checksum', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 7);
  const good = crc32(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(crc32(flipped)).not.toBe(good);
  }
});
