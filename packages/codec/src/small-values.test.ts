import { Encoder } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { notSmall, readSmall } from './small-values.ts';

const encode = (value: unknown) => new Encoder().encode(value);

test.each([null, true, false, 0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1])('reads %s', (value) => {
  expect(readSmall(encode(value))).toBe(value);
});

test.each([-1, -32, -33, 2 ** 32, 0.5, Number.NaN, '', 'a', 'abcd', [], [1], {}, { a: 1 }])('leaves %j', (value) => {
  expect(readSmall(encode(value))).toBe(notSmall);
});

test('leaves what is cut off or has something after it', () => {
  for (const value of [200, 60_000, 100_000]) {
    const bytes = encode(value);
    expect(readSmall(bytes.subarray(0, -1))).toBe(notSmall);
    expect(readSmall(Uint8Array.of(...bytes, 0))).toBe(notSmall);
  }
  expect(readSmall(new Uint8Array())).toBe(notSmall);
});
