import { describe, expect, it } from 'vitest';
import { checkConvergence } from './convergence.ts';
import { checkScience, prepare } from './kernel.ts';

describe('the energy error', () => {
  it.each([0.7, 1.2, 2])('shrinks as the square of the time step at T = %d', (temperature) => {
    const { steps, ratios, passed } = checkConvergence(prepare({ temperature, seed: 1 }), 0.004);
    expect(steps).toEqual([0.004, 0.002, 0.001]);
    expect(ratios).toHaveLength(2);
    for (const ratio of ratios) expect(Math.abs(ratio - 4)).toBeLessThan(0.1);
    expect(passed).toBe(true);
  });

  it('does not pass where the time step is too long for the square to rule', () => {
    expect(checkConvergence(prepare({ temperature: 2, seed: 1 }), 0.03).passed).toBe(false);
  });
});

describe('the science check', () => {
  it('passes with all reference rows and the convergence, as plain data', () => {
    const science = checkScience({ temperature: 1, seed: 1, dt: 0.004 });
    expect(science.passed).toBe(true);
    expect(science.reference).toHaveLength(18);
    expect(structuredClone(science)).toEqual(science);
  });
});
