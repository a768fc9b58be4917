import { describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';

const a = { name: 'a', positions: Float64Array.of(1, 2, 3) };
const b = { name: 'b', positions: Float64Array.of(4, 5, 6) };

describe('the digest', () => {
  it('does not depend on the order in which the runs ended', () => {
    expect(digestOf([b, a])).toBe(digestOf([a, b]));
  });

  it('changes with the last bit of one coordinate, its sign of zero, a name, and where a run ends', () => {
    const others = [
      [a, { ...b, positions: Float64Array.of(4, 5, 6 + 2 ** -50) }],
      [a, { ...b, positions: Float64Array.of(4, 5, 0) }],
      [a, { ...b, positions: Float64Array.of(4, 5, -0) }],
      [a, { ...b, name: 'c' }],
      [
        { ...a, positions: Float64Array.of(1, 2) },
        { ...b, positions: Float64Array.of(3, 4, 5, 6) },
      ],
      [a],
    ];
    const digests = [[a, b], ...others].map(digestOf);
    expect(new Set(digests).size).toBe(7);
  });

  it('is SHA-256 over little-endian doubles after the name and the count', () => {
    // printf '"a" 1\n\x00\x00\x00\x00\x00\x00\xf0\x3f' | sha256sum
    expect(digestOf([{ name: 'a', positions: Float64Array.of(1) }])).toBe(
      'd58963480259531de3548bf8364c68d7b6e1e59603f3b427d67a335b9cae7ed4',
    );
  });
});
