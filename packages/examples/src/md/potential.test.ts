import { describe, expect, it } from 'vitest';
import { loadSample } from './configuration.ts';
import { pairCurvature, pairEnergy, pairSlope, pairSums, type Truncation } from './potential.ts';

const cut: Truncation = { kind: 'cut', radius: 3 };
const shifted: Truncation = { kind: 'force-shift', radius: 3 };

describe('the pair potential', () => {
  it.each([0.9, 1, 1.12, 1.5, 2.2, 2.9])('has its slope and curvature as derivatives at r = %d', (r) => {
    const h = 1e-5;
    for (const truncation of [cut, shifted]) {
      const slope = (pairEnergy(r + h, truncation) - pairEnergy(r - h, truncation)) / (2 * h);
      const curvature = (pairSlope(r + h, truncation) - pairSlope(r - h, truncation)) / (2 * h);
      expect(pairSlope(r, truncation) / slope).toBeCloseTo(1, 6);
      expect(pairCurvature(r, truncation) / curvature).toBeCloseTo(1, 6);
    }
  });

  it('has its well of depth 1 at the sixth root of 2 when it is cut only', () => {
    expect(pairEnergy(2 ** (1 / 6), cut)).toBeCloseTo(-1, 14);
    expect(pairSlope(2 ** (1 / 6), cut)).toBeCloseTo(0, 12);
  });

  it('reaches zero in energy and force at the radius when it is force-shifted', () => {
    const inside = 3 - 1e-9;
    expect(Math.abs(pairEnergy(inside, shifted))).toBeLessThan(1e-15);
    expect(Math.abs(pairSlope(inside, shifted))).toBeLessThan(1e-10);
    expect(Math.abs(pairEnergy(inside, cut))).toBeGreaterThan(5e-3);
  });

  it('is zero from the radius on', () => {
    for (const truncation of [cut, shifted]) {
      expect([pairEnergy(3, truncation), pairSlope(3, truncation), pairCurvature(3, truncation)]).toEqual([0, 0, 0]);
    }
  });

  it('is refused where a particle would see two images of another', () => {
    expect(() => pairSums(loadSample(), { kind: 'cut', radius: 4.01 })).toThrow('more than half the box 8');
  });
});
