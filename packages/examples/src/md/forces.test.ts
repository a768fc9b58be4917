import { describe, expect, it } from 'vitest';
import { type Configuration, loadSample } from './configuration.ts';
import { computeForces, runPotential, samplePairs } from './forces.ts';
import { NeighbourList } from './neighbour-list.ts';
import { pairSums } from './potential.ts';
import { thermalVelocities } from './velocities.ts';

const sample = wrapped(loadSample());
const velocities = thermalVelocities(30, { temperature: 1, seed: 5 });

describe('the inner loops', () => {
  it('give forces that are the negative gradient of the energy', () => {
    const forces = forcesOf(sample);
    const h = 1e-5;
    for (let at = 0; at < 90; at += 7) {
      const slope = (energyAt(at, h) - energyAt(at, -h)) / (2 * h);
      expect(Math.abs(slope + (forces[at] ?? 0))).toBeLessThan(1e-6 * (1 + Math.abs(slope)));
    }
  });

  it('give forces that fade to zero at the cutoff', () => {
    const pair = (r: number) => forcesOf({ box: 12, positions: Float64Array.of(1, 1, 1, 1 + r, 1, 1) })[0];
    expect(Math.abs(pair(3 - 1e-9) ?? 1)).toBeLessThan(1e-10);
    expect(pair(3 + 1e-9)).toBe(0);
    expect(pair(2.9)).toBeGreaterThan(1e-3);
  });

  it('give forces that sum to zero', () => {
    expect(Math.abs(forcesOf(sample).reduce((sum, force) => sum + force, 0))).toBeLessThan(1e-11);
  });

  it('give the energy and the virial of a sum over all pairs', () => {
    const { potential, virial } = samplePairs(sample.positions, velocities, listOf(sample));
    const { energy, virial: expected } = pairSums(sample, runPotential);
    expect(Math.abs(potential - energy)).toBeLessThan(1e-12 * Math.abs(energy));
    expect(Math.abs(virial - expected)).toBeLessThan(1e-12 * Math.abs(expected));
  });

  it('give the second derivative of the energy along the motion', () => {
    const h = 1e-4;
    const energies = [-h, 0, h].map((time) => {
      const positions = sample.positions.map((coordinate, at) => coordinate + time * (velocities[at] ?? 0));
      return pairSums({ box: 8, positions }, runPotential).energy;
    });
    const second = ((energies[0] ?? 0) - 2 * (energies[1] ?? 0) + (energies[2] ?? 0)) / h ** 2;
    const { curvature } = samplePairs(sample.positions, velocities, listOf(sample));
    expect(curvature / second).toBeCloseTo(1, 4);
  });
});

function energyAt(coordinate: number, moved: number): number {
  const positions = sample.positions.with(coordinate, (sample.positions[coordinate] ?? 0) + moved);
  return pairSums({ box: sample.box, positions }, runPotential).energy;
}

function forcesOf(configuration: Configuration): Float64Array {
  const forces = new Float64Array(configuration.positions.length);
  computeForces(configuration.positions, listOf(configuration), forces);
  return forces;
}

function listOf({ box, positions }: Configuration): NeighbourList {
  const list = new NeighbourList(positions.length / 3, box, 3.5);
  list.build(positions);
  return list;
}

function wrapped({ box, positions }: Configuration): Configuration {
  return { box, positions: positions.map((coordinate) => (coordinate < 0 ? coordinate + box : coordinate)) };
}
