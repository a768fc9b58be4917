/**
 * The Lennard-Jones pair potential with its truncations, and its sums over all pairs, in reduced units. The reference
 * check calls the sums; the inner loops of the dynamics are written out in forces.ts and tested against this file.
 * Written for plainness: the truth that the fast code is held to.
 */
import type { Configuration } from './configuration.ts';

/**
 * `cut`: the plain potential up to the radius, zero beyond; what lies beyond is added by {@link longRangeEnergy}.
 * `force-shift`: shifted by a straight line, so that energy and force both reach zero at the radius.
 */
export interface Truncation {
  readonly kind: 'cut' | 'force-shift';
  /** The cutoff r_c in σ. */
  readonly radius: number;
}

export interface PairSums {
  /** Sum of the pair energies, in ε. */
  readonly energy: number;
  /** Sum of r·F over all pairs, in ε: the part of the pressure that comes from forces is this / (3 V). */
  readonly virial: number;
}

/** φ(r) of one pair. */
export function pairEnergy(r: number, { kind, radius }: Truncation): number {
  if (r >= radius) return 0;
  return kind === 'cut'
    ? lennardJones(r)
    : lennardJones(r) - lennardJones(radius) - (r - radius) * lennardJonesSlope(radius);
}

/** φ′(r) of one pair; the force that drives the two apart is −φ′. */
export function pairSlope(r: number, { kind, radius }: Truncation): number {
  if (r >= radius) return 0;
  return kind === 'cut' ? lennardJonesSlope(r) : lennardJonesSlope(r) - lennardJonesSlope(radius);
}

/** φ″(r) of one pair. A straight line has none, so both truncations agree; both jump to zero at the radius. */
export function pairCurvature(r: number, { radius }: Truncation): number {
  return r >= radius ? 0 : lennardJonesCurvature(r);
}

/**
 * Energy and virial over all pairs, by minimum image.
 * @throws {RangeError} if the cutoff is more than half the box, where a particle would see two images of another.
 */
export function pairSums({ box, positions }: Configuration, truncation: Truncation): PairSums {
  if (2 * truncation.radius > box) {
    throw new RangeError(`the cutoff ${truncation.radius} is more than half the box ${box}`);
  }
  let energySum = 0;
  let virialSum = 0;
  for (let i = 0; i < positions.length; i += 3) {
    for (let j = i + 3; j < positions.length; j += 3) {
      const r = distance(positions, i, j, box);
      energySum += pairEnergy(r, truncation);
      virialSum -= r * pairSlope(r, truncation);
    }
  }
  return { energy: energySum, virial: virialSum };
}

/** The energy beyond a plain cut if the fluid were uniform there: N (8/3) π ρ (r_c⁻⁹/3 − r_c⁻³). Zero where shifted. */
export function longRangeEnergy({ box, positions }: Configuration, { kind, radius }: Truncation): number {
  if (kind === 'force-shift') return 0;
  const particles = positions.length / 3;
  return (particles ** 2 / box ** 3) * (8 / 3) * Math.PI * (radius ** -9 / 3 - radius ** -3);
}

/** 4 (r⁻¹² − r⁻⁶), without any truncation. */
function lennardJones(r: number): number {
  return 4 * (r ** -12 - r ** -6);
}

/** Its derivative. */
function lennardJonesSlope(r: number): number {
  return -24 * (2 * r ** -13 - r ** -7);
}

/** And its second derivative. */
export function lennardJonesCurvature(r: number): number {
  return 4 * (156 * r ** -14 - 42 * r ** -8);
}

function distance(positions: Float64Array, i: number, j: number, box: number): number {
  let square = 0;
  for (let axis = 0; axis < 3; axis++) {
    const apart = (positions[i + axis] ?? 0) - (positions[j + axis] ?? 0);
    square += (apart - box * Math.round(apart / box)) ** 2;
  }
  return Math.sqrt(square);
}
