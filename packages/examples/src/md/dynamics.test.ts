import { describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';
import { advance, type ChunkResult, type MdState } from './dynamics.ts';
import { runPotential } from './forces.ts';
import { prepare, runChunk } from './kernel.ts';
import { merge } from './observables.ts';
import { pairSums } from './potential.ts';
import { kineticEnergy } from './velocities.ts';

const dt = 0.004;
const start = prepare({ temperature: 1.2, seed: 42 });

describe('a chunk', () => {
  it('leaves the state that it was given as it was', () => {
    const before = structuredClone(start);
    advance(start, { dt, steps: 50 });
    expect(start).toEqual(before);
  });

  it('counts its steps and keeps every particle in the box', () => {
    const { state } = inChunks(start, [100, 50]);
    expect(state.step).toBe(150);
    expect(state.positions.every((coordinate) => coordinate >= 0 && coordinate < 24)).toBe(true);
  });

  it('gives the same bits again, also from a clone as another thread or a record would hold it', () => {
    const plain = inChunks(start, [50, 50]);
    const cloned = inChunks(structuredClone(start), [50, 50], (state) => structuredClone(state));
    expect(bitsOf(cloned.state)).toBe(bitsOf(plain.state));
    expect(cloned.observables).toEqual(plain.observables);
  });

  it('gives the bits that are written down here, on every machine', () => {
    const { positions, velocities } = inChunks(start, [100, 100]).state;
    expect(
      digestOf([
        { name: 'x', positions },
        { name: 'v', positions: velocities },
      ]),
    ).toBe('f4f7fe797ce6e1995ddb259f159a5e3db3fa19c76355ee882fc028907e2f0c60');
  });

  it('observes the start of the run and then every tenth step, however the run is cut', () => {
    expect(inChunks(start, [100]).observables.samples).toBe(11);
    const { observables } = inChunks(start, [50, 30, 20]);
    expect(observables.samples).toBe(11);
    expect(observables.energy.last).toBeCloseTo(inChunks(start, [100]).observables.energy.last, 9);
  });

  it('has at its end, after many rebuilt lists, the energy of a sum over all pairs', () => {
    const { state, observables } = advance(start, { dt, steps: 500 });
    const energy = kineticEnergy(state.velocities) + pairSums(state, runPotential).energy;
    expect(observables.energy.last).toBeCloseTo(energy, 8);
  });

  it('conserves momentum', () => {
    const { velocities } = advance(start, { dt, steps: 500 }).state;
    for (const axis of [0, 1, 2]) {
      const momentum = velocities.filter((_, at) => at % 3 === axis).reduce((sum, velocity) => sum + velocity, 0);
      expect(Math.abs(momentum)).toBeLessThan(1e-10);
    }
  });

  it('runs back to where it came from when all velocities are turned round', () => {
    const there = advance(start, { dt, steps: 200 }).state;
    const back = advance(
      { ...there, velocities: there.velocities.map((velocity) => -velocity) },
      { dt, steps: 200 },
    ).state;
    expect(farthest(there, start)).toBeGreaterThan(1);
    expect(farthest(back, start)).toBeLessThan(1e-8);
  });

  it.each([
    ['steps that are no multiple of ten', start, { dt, steps: 15 }],
    ['no steps', start, { dt, steps: 0 }],
    ['a time step of zero', start, { dt: 0, steps: 10 }],
    ['a state between two samples', { ...start, step: 5 }, { dt, steps: 10 }],
    ['velocities that are missing', { ...start, velocities: new Float64Array(3) }, { dt, steps: 10 }],
    ['a time step that blows the system up', start, { dt: 10, steps: 200 }],
  ])('is refused for %s', (_, state, chunk) => {
    expect(() => advance(state, chunk)).toThrow(RangeError);
  });
});

function inChunks(from: MdState, lengths: readonly number[], pass = (state: MdState) => state): ChunkResult {
  return lengths.slice(1).reduce(
    (before, steps) => {
      const { state, observables } = runChunk({ state: pass(before.state), dt, steps });
      return { state, observables: merge(before.observables, observables) };
    },
    runChunk({ state: from, dt, steps: lengths[0] ?? 0 }),
  );
}

function bitsOf({ positions, velocities }: MdState): string {
  return digestOf([
    { name: 'positions', positions },
    { name: 'velocities', positions: velocities },
  ]);
}

function farthest(one: MdState, other: MdState): number {
  return one.positions.reduce((largest, coordinate, at) => {
    const difference = coordinate - (other.positions[at] ?? 0);
    return Math.max(largest, Math.abs(difference - one.box * Math.round(difference / one.box)));
  }, 0);
}
