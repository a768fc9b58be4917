/**
 * Newton's equations for the particles: velocity Verlet at constant energy, one chunk of steps at a time. A chunk is a
 * pure function of its state and plan, to the last bit: the neighbour list is built anew at its start, so nothing is
 * carried over in hiding, and every operation is exactly rounded (+ − × ÷ √), so the machine does not matter either.
 * The chunks' length belongs to the definition of a run: another length rounds its sums in another order.
 */
import { computeForces, runPotential, samplePairs } from './forces.ts';
import { NeighbourList } from './neighbour-list.ts';
import { type Instant, merge, type Observables, observe } from './observables.ts';
import { kineticEnergy, temperatureOf } from './velocities.ts';

/** Where a run stands: plain data, which may be cloned to a worker or written to a record. */
export interface MdState {
  /** x, y, z per particle, in σ, within [0, box). */
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  /** Edge of the box in σ. */
  readonly box: number;
  /** Steps done since the start of the run. */
  readonly step: number;
}

export interface Chunk {
  /** The time step in σ √(m/ε). */
  readonly dt: number;
  /** Steps to do: a multiple of {@link SAMPLE_EVERY}. */
  readonly steps: number;
}

export interface ChunkResult {
  readonly state: MdState;
  /** The samples after this chunk's start; the very first chunk of a run adds its starting point. */
  readonly observables: Observables;
}

/** Steps from one sample to the next. */
export const SAMPLE_EVERY = 10;

/** How far beyond the cutoff the list looks, in σ. From 0.3 to 0.8 a step costs the same within a tenth. */
const SKIN = 0.6;

/**
 * Does one chunk. The given state is not changed.
 * @throws {RangeError} if the plan or the state is not usable, or the energy stopped being a number on the way.
 */
export function advance(state: MdState, chunk: Chunk): ChunkResult {
  check(state, chunk);
  const motion = begin(state);
  let observables = state.step === 0 ? observe(sample(motion, chunk.dt)) : undefined;
  for (let done = 0; done < chunk.steps; done += SAMPLE_EVERY) {
    for (let step = 0; step < SAMPLE_EVERY; step++) takeStep(motion, chunk.dt);
    const seen = observe(sample(motion, chunk.dt));
    observables = observables === undefined ? seen : merge(observables, seen);
  }
  const { positions, velocities, list } = motion;
  list.build(positions);
  const step = state.step + chunk.steps;
  if (observables === undefined || !Number.isFinite(observables.energy.last)) {
    throw new RangeError(`the energy is not finite at step ${step}: the time step ${chunk.dt} is too long`);
  }
  return { state: { positions, velocities, box: state.box, step }, observables };
}

interface Motion {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  readonly forces: Float64Array;
  readonly list: NeighbourList;
}

function begin(state: MdState): Motion {
  const positions = state.positions.slice();
  const list = new NeighbourList(positions.length / 3, state.box, runPotential.radius + SKIN);
  const forces = new Float64Array(positions.length);
  list.build(positions);
  computeForces(positions, list, forces);
  return { positions, velocities: state.velocities.slice(), forces, list };
}

function takeStep({ positions, velocities, forces, list }: Motion, dt: number): void {
  kick(velocities, forces, 0.5 * dt);
  const moved = drift(positions, velocities, list.builtAt, dt);
  // Two particles that each moved half the skin towards each other may meet the cutoff: the list is then too old.
  if (moved > 0.25 * SKIN * SKIN) list.build(positions);
  computeForces(positions, list, forces);
  kick(velocities, forces, 0.5 * dt);
}

function kick(velocities: Float64Array, forces: Float64Array, time: number): void {
  for (let at = 0; at < velocities.length; at++) {
    velocities[at] = (velocities[at] as number) + time * (forces[at] as number);
  }
}

/** Returns the square of the largest displacement since the list was built. */
function drift(positions: Float64Array, velocities: Float64Array, builtAt: Float64Array, dt: number): number {
  let largest = 0;
  for (let at = 0; at < positions.length; at += 3) {
    const x = (positions[at] as number) + dt * (velocities[at] as number);
    const y = (positions[at + 1] as number) + dt * (velocities[at + 1] as number);
    const z = (positions[at + 2] as number) + dt * (velocities[at + 2] as number);
    positions[at] = x;
    positions[at + 1] = y;
    positions[at + 2] = z;
    const dx = x - (builtAt[at] as number);
    const dy = y - (builtAt[at + 1] as number);
    const dz = z - (builtAt[at + 2] as number);
    const square = dx * dx + dy * dy + dz * dz;
    if (square > largest) largest = square;
  }
  return largest;
}

function sample({ positions, velocities, forces, list }: Motion, dt: number): Instant {
  const { potential, virial, curvature } = samplePairs(positions, velocities, list);
  const kinetic = kineticEnergy(velocities);
  let forceSquare = 0;
  for (const force of forces) forceSquare += force * force;
  const energy = kinetic + potential;
  const correction = curvature / 12 - forceSquare / 24;
  return {
    potential,
    temperature: temperatureOf(velocities),
    pressure: (2 * kinetic + virial) / (3 * list.box ** 3),
    energy,
    correction,
    shadow: energy + dt * dt * correction,
  };
}

function check({ positions, velocities, step }: MdState, { dt, steps }: Chunk): void {
  if (positions.length !== velocities.length || positions.length % 3 !== 0 || positions.length < 6) {
    throw new RangeError(`${positions.length} coordinates and ${velocities.length} velocities do not make particles`);
  }
  if (!Number.isFinite(dt) || dt <= 0) throw new RangeError(`dt must be above 0, got ${dt}`);
  if (!Number.isInteger(steps) || steps <= 0 || steps % SAMPLE_EVERY !== 0) {
    throw new RangeError(`steps must be a multiple of ${SAMPLE_EVERY}, got ${steps}`);
  }
  if (!Number.isInteger(step) || step < 0 || step % SAMPLE_EVERY !== 0) {
    throw new RangeError(`the state's step must be a multiple of ${SAMPLE_EVERY}, got ${step}`);
  }
}
