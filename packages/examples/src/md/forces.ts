/**
 * The inner loops: forces and sampled sums of the force-shifted Lennard-Jones potential over a neighbour list. Called
 * by the dynamics only. Allocates nothing; agrees with potential.ts (a test holds the two together).
 */
import { type NeighbourList, nearest } from './neighbour-list.ts';
import type { Truncation } from './potential.ts';

/** The potential of the runs: its forces are continuous, so velocity Verlet keeps its energy. */
export const runPotential: Truncation = { kind: 'force-shift', radius: 3 };

const RADIUS = runPotential.radius;
const SQUARE = RADIUS * RADIUS;
// Written with products: a power need not round the same way on every machine, and these two enter every force.
const SIXTH = 1 / (SQUARE * SQUARE * SQUARE);
const CUT_ENERGY = 4 * SIXTH * (SIXTH - 1);
const CUT_SLOPE = (-24 * SIXTH * (2 * SIXTH - 1)) / RADIUS;

/** Sums over all pairs at one instant. */
export interface PairSample {
  /** Σ φ, in ε. */
  potential: number;
  /** Σ r·F, in ε. */
  virial: number;
  /** v·(∇²U)·v: the second derivative of U along the motion. */
  curvature: number;
}

/** Writes the force on every particle. */
export function computeForces(positions: Float64Array, list: NeighbourList, forces: Float64Array): void {
  const { rows, starts, partners, box } = list;
  const half = 0.5 * box;
  forces.fill(0);
  for (let row = 0; row < rows.length; row++) {
    const i = 3 * (rows[row] as number);
    const end = starts[row + 1] as number;
    const x = positions[i] as number;
    const y = positions[i + 1] as number;
    const z = positions[i + 2] as number;
    let fx = 0;
    let fy = 0;
    let fz = 0;
    for (let at = starts[row] as number; at < end; at++) {
      const j = 3 * (partners[at] as number);
      const dx = nearest(x - (positions[j] as number), box, half);
      const dy = nearest(y - (positions[j + 1] as number), box, half);
      const dz = nearest(z - (positions[j + 2] as number), box, half);
      const square = dx * dx + dy * dy + dz * dz;
      if (square >= SQUARE) continue;
      const inverse = 1 / square;
      const sixth = inverse * inverse * inverse;
      // −φ′(r)/r: the plain force, and the straight line's slope that brings it to zero at the radius.
      const push = 24 * inverse * sixth * (2 * sixth - 1) + CUT_SLOPE * Math.sqrt(inverse);
      const px = push * dx;
      const py = push * dy;
      const pz = push * dz;
      fx += px;
      fy += py;
      fz += pz;
      forces[j] = (forces[j] as number) - px;
      forces[j + 1] = (forces[j + 1] as number) - py;
      forces[j + 2] = (forces[j + 2] as number) - pz;
    }
    forces[i] = (forces[i] as number) + fx;
    forces[i + 1] = (forces[i + 1] as number) + fy;
    forces[i + 2] = (forces[i + 2] as number) + fz;
  }
}

/** The sums that an observation needs. Apart from the forces, because only every tenth step is observed. */
export function samplePairs(positions: Float64Array, velocities: Float64Array, list: NeighbourList): PairSample {
  const { rows, starts, partners, box } = list;
  const half = 0.5 * box;
  const sample: PairSample = { potential: 0, virial: 0, curvature: 0 };
  for (let row = 0; row < rows.length; row++) {
    const i = 3 * (rows[row] as number);
    const end = starts[row + 1] as number;
    for (let at = starts[row] as number; at < end; at++) {
      const j = 3 * (partners[at] as number);
      const dx = nearest((positions[i] as number) - (positions[j] as number), box, half);
      const dy = nearest((positions[i + 1] as number) - (positions[j + 1] as number), box, half);
      const dz = nearest((positions[i + 2] as number) - (positions[j + 2] as number), box, half);
      const square = dx * dx + dy * dy + dz * dz;
      if (square >= SQUARE) continue;
      const ux = (velocities[i] as number) - (velocities[j] as number);
      const uy = (velocities[i + 1] as number) - (velocities[j + 1] as number);
      const uz = (velocities[i + 2] as number) - (velocities[j + 2] as number);
      addPair(sample, square, ux * ux + uy * uy + uz * uz, dx * ux + dy * uy + dz * uz);
    }
  }
  return sample;
}

/** r², the square of the relative velocity u, and r·u are all that one pair's share depends on. */
function addPair(sample: PairSample, square: number, speedSquare: number, along: number): void {
  const inverse = 1 / square;
  const sixth = inverse * inverse * inverse;
  const r = Math.sqrt(square);
  const slopeOverR = -24 * inverse * sixth * (2 * sixth - 1) - CUT_SLOPE / r;
  const second = inverse * sixth * (624 * sixth - 168);
  const radialSquare = along * along * inverse;
  sample.potential += 4 * sixth * (sixth - 1) - CUT_ENERGY - (r - RADIUS) * CUT_SLOPE;
  sample.virial -= square * slopeOverR;
  sample.curvature += second * radialSquare + slopeOverR * (speedSquare - radialSquare);
}
