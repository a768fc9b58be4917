import { describe, expect, it } from 'vitest';
import { normal, sfc32 } from './seeded-random.ts';
import { temperatureOf, thermalVelocities } from './velocities.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('seeded chance', () => {
  it('repeats itself for the same key and not for a near one', () => {
    const [one, same, near] = [sfc32([1, 2, 3]), sfc32([1, 2, 3]), sfc32([1, 2, 4])];
    const draws = Array.from({ length: 8 }, () => [one(), same(), near()]);
    expect(draws.every(([a, b]) => a === b)).toBe(true);
    expect(draws.some(([a, , c]) => a === c)).toBe(false);
  });

  it('gives uniform numbers from 0 to below 1', () => {
    const uniform = sfc32([7, 0, 0]);
    const draws = Array.from({ length: 40_000 }, () => uniform());
    expect(Math.min(...draws.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws.slice(0, 1000))).toBeLessThan(1);
    expect(mean(draws)).toBeCloseTo(0.5, 2);
    expect(mean(draws.map((u) => u * u))).toBeCloseTo(1 / 3, 2);
  });

  it('gives normal numbers: mean 0, variance 1, fourth moment 3, a third beyond one standard deviation', () => {
    const uniform = sfc32([11, 0, 0]);
    const draws = Array.from({ length: 100_000 }, () => normal(uniform));
    expect(Math.abs(mean(draws))).toBeLessThan(0.02);
    expect(Math.abs(mean(draws.map((x) => x ** 2)) - 1)).toBeLessThan(0.03);
    expect(Math.abs(mean(draws.map((x) => x ** 4)) - 3)).toBeLessThan(0.2);
    expect(Math.abs(mean(draws.map((x) => (Math.abs(x) > 1 ? 1 : 0))) - 0.3173)).toBeLessThan(0.01);
  });
});

describe('starting velocities', () => {
  it.each([0.7, 1.2, 2])('have temperature %d to rounding and no momentum', (temperature) => {
    const velocities = thermalVelocities(810, { temperature, seed: 3 });
    expect(Math.abs(temperatureOf(velocities) / temperature - 1)).toBeLessThan(1e-13);
    for (const axis of [0, 1, 2]) {
      const momentum = velocities.filter((_, at) => at % 3 === axis).reduce((sum, velocity) => sum + velocity, 0);
      expect(Math.abs(momentum)).toBeLessThan(1e-11);
    }
  });

  it('are the same for the same seed, and unrelated for another seed or temperature', () => {
    const one = thermalVelocities(10, { temperature: 1, seed: 1 });
    expect(thermalVelocities(10, { temperature: 1, seed: 1 })).toEqual(one);
    expect(thermalVelocities(10, { temperature: 1, seed: 2 })).not.toEqual(one);
    const hotter = thermalVelocities(10, { temperature: 4, seed: 1 });
    expect(hotter[0]).not.toBeCloseTo(2 * (one[0] ?? 0), 6);
  });

  it.each([
    ['a negative seed', 10, { temperature: 1, seed: -1 }],
    ['a seed of more than 32 bits', 10, { temperature: 1, seed: 2 ** 32 }],
    ['a temperature of zero', 10, { temperature: 0, seed: 1 }],
    ['a temperature that is no number', 10, { temperature: Number.NaN, seed: 1 }],
    ['a single particle', 1, { temperature: 1, seed: 1 }],
  ])('are refused for %s', (_, particles, thermal) => {
    expect(() => thermalVelocities(particles, thermal)).toThrow(RangeError);
  });
});
