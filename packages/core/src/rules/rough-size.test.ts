import { jsonCodec } from '@jaegis/codec';
import { describe, expect, it } from 'vitest';
import { roughSize } from './rough-size.ts';

describe('the rough size of a value', () => {
  it.each([
    ['a number', 17],
    ['a text', 'x'.repeat(5_000)],
    ['bytes', new Uint8Array(3_000)],
    ['an array', Array.from({ length: 1_000 }, (_, index) => index)],
    ['an object', Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`name${index}`, { at: index }]))],
    ['a Map', new Map(Array.from({ length: 300 }, (_, index) => [`name${index}`, 'value']))],
    ['a Set', new Set(Array.from({ length: 300 }, (_, index) => `member ${index}`))],
  ])('is that of its encoding within a factor of three: %s', (_, value) => {
    const encoded = jsonCodec().encode(value).length;
    expect(roughSize(value)).toBeGreaterThan(encoded / 3);
    expect(roughSize(value)).toBeLessThan(Math.max(16, encoded * 3));
  });

  it('is counted as far as is asked, so that a value that holds itself has one', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(roughSize(cycle, 1_000)).toBeGreaterThan(1_000);
    expect(roughSize(cycle, 1_000)).toBeLessThan(2_000);
  });
});
