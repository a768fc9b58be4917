import { describe, expect, it } from 'vitest';
import { loadSample } from './configuration.ts';
import { checkReference } from './reference.ts';

describe('the reference check', () => {
  const checks = checkReference(loadSample(), 3);

  it('covers U, W and the long-range correction for three truncations and both boxes', () => {
    const keys = checks.map(({ system, truncation: { kind, radius }, quantity }) =>
      [system, kind, radius, quantity].join(),
    );
    expect(new Set(keys).size).toBe(18);
  });

  it.each(checks.filter(({ system }) => system === 'given'))(
    'agrees with NIST in all digits: $quantity for $truncation.kind at $truncation.radius',
    ({ computed, expected, passed }) => {
      expect(computed.toExponential(4)).toBe(expected.toExponential(4));
      expect(passed).toBe(true);
    },
  );

  it.each(checks.filter(({ system }) => system === 'tiled'))(
    'gives 27 times as much in the tiled box: $quantity for $truncation.kind at $truncation.radius',
    ({ computed, expected, passed }) => {
      expect(Math.abs(computed - expected)).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
      expect(passed).toBe(true);
    },
  );

  it('has the energy of 810 particles in the tiled box', () => {
    expect(checks.find(({ system, quantity }) => system === 'tiled' && quantity === 'U')?.computed).toBeCloseTo(
      -453.34,
      2,
    );
  });

  it('fails in U and W when one particle is moved by a thousandth of its diameter', () => {
    const { box, positions } = loadSample();
    const moved = checkReference({ box, positions: positions.with(0, (positions[0] ?? 0) + 1e-3) }, 1);
    const failed = moved.filter(({ system, passed }) => system === 'given' && !passed).map(({ quantity }) => quantity);
    expect(new Set(failed)).toEqual(new Set(['U', 'W']));
  });
});
