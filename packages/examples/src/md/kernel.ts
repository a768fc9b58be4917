/**
 * What the worker threads run: the demo's number crunching, by name. Plain data in and out, so that it crosses the
 * thread; pure, so that a chunk which was lost with its node gives the same bits when another node does it again.
 */
import { loadSample, tile } from './configuration.ts';
import { type Convergence, checkConvergence } from './convergence.ts';
import { advance, type ChunkResult, type MdState } from './dynamics.ts';
import { checkReference, type ReferenceCheck } from './reference.ts';
import { type Thermal, thermalVelocities } from './velocities.ts';

/** Boxes of the sample along each edge of the runs' box: 27 × 30 = 810 particles, edge 24 σ. */
export const COPIES = 3;

export interface ChunkTask {
  readonly state: MdState;
  readonly dt: number;
  readonly steps: number;
}

export interface ScienceTask extends Thermal {
  readonly dt: number;
}

export interface Science {
  readonly reference: readonly ReferenceCheck[];
  readonly convergence: Convergence;
  readonly passed: boolean;
}

/** The state that a run starts from: the tiled sample with thermal velocities. */
export function prepare(thermal: Thermal): MdState {
  const { box, positions } = tile(loadSample(), COPIES);
  return { positions, velocities: thermalVelocities(positions.length / 3, thermal), box, step: 0 };
}

/** One chunk of a run; see {@link advance}. */
export function runChunk({ state, dt, steps }: ChunkTask): ChunkResult {
  return advance(state, { dt, steps });
}

/** Whether the potential agrees with NIST and the integrator is of second order. Takes about a tenth of a second. */
export function checkScience(task: ScienceTask): Science {
  const reference = checkReference(loadSample(), COPIES);
  const convergence = checkConvergence(prepare(task), task.dt);
  return { reference, convergence, passed: convergence.passed && reference.every(({ passed }) => passed) };
}
