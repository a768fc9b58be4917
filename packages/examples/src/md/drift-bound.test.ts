import { describe, expect, it } from 'vitest';
import { judgeDrift } from './drift-bound.ts';
import { advance } from './dynamics.ts';
import { prepare, runChunk } from './kernel.ts';
import { merge, type Observables } from './observables.ts';

const dt = 0.004;
const run = { particles: 810, dt, steps: 1000, temperature: 1.2 };

describe('the shadow Hamiltonian', () => {
  it('is far steadier than the energy, with D of the derived sign and size', () => {
    const { energies, shadows } = courseOf(prepare({ temperature: 1.2, seed: 9 }), 100);
    const scatter = deviation(energies);
    expect(deviation(shadows)).toBeLessThan(0.05 * scatter);
    const wrongSign = energies.map((energy, at) => 2 * energy - (shadows[at] ?? 0));
    expect(deviation(wrongSign)).toBeGreaterThan(1.9 * scatter);
    const half = energies.map((energy, at) => 0.5 * (energy + (shadows[at] ?? 0)));
    expect(deviation(half)).toBeGreaterThan(0.4 * scatter);
  });
});

describe('the drift of a run', () => {
  it.each([0.7, 0.85, 1, 1.2, 1.5, 2])('stays below its bound with a quarter to spare at T = %d', (temperature) => {
    const verdict = judgeDrift(observe(temperature, dt, 1000), { ...run, temperature });
    expect(verdict.passed).toBe(true);
    expect(verdict.drift).toBeLessThan(0.75 * verdict.bound);
    expect(verdict.shadowDrift).toBeLessThan(0.1 * verdict.drift);
  });

  it('has a bound that is a quarter when the time step is halved, for the same course of D and the same time', () => {
    const observables = observe(1.2, dt, 200);
    const coarse = judgeDrift(observables, { ...run, steps: 200 });
    const fine = judgeDrift(observables, { ...run, dt: dt / 2, steps: 400 });
    expect(coarse.bound / fine.bound).toBeCloseTo(4, 10);
  });

  it('fails for energy that leaks without D telling', () => {
    const observables = observe(1.2, dt, 1000);
    const { energy } = observables;
    const leaking = { ...observables, energy: { ...energy, max: energy.max + 2e-4 * 1.5 * 809 * 1.2 } };
    expect(judgeDrift(leaking, run).passed).toBe(false);
  });

  it('fails when D has grown so far that its bound would excuse anything', () => {
    const observables = observe(1.2, dt, 100);
    const wild = { ...observables, correction: { ...observables.correction, max: 1e6 } };
    const verdict = judgeDrift(wild, run);
    expect(verdict.drift).toBeLessThan(verdict.bound);
    expect(verdict.passed).toBe(false);
  });
});

function observe(temperature: number, step: number, steps: number): Observables {
  let { state, observables } = runChunk({ state: prepare({ temperature, seed: 4 }), dt: step, steps: 100 });
  while (state.step < steps) {
    const next = advance(state, { dt: step, steps: 100 });
    state = next.state;
    observables = merge(observables, next.observables);
  }
  return observables;
}

function courseOf(start: Parameters<typeof advance>[0], points: number) {
  const energies: number[] = [];
  const shadows: number[] = [];
  let state = start;
  for (let point = 0; point < points; point++) {
    const next = advance(state, { dt, steps: 10 });
    state = next.state;
    energies.push(next.observables.energy.last);
    shadows.push(next.observables.shadow.last);
  }
  return { energies, shadows };
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
