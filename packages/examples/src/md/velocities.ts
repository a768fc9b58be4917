/**
 * Starting velocities of a run: drawn from Maxwell and Boltzmann's distribution, at rest as a whole, and scaled to the
 * temperature asked for. The same seed and temperature give the same bits everywhere. Called once per run.
 */
import { normal, sfc32 } from './seeded-random.ts';

export interface Thermal {
  /** In units of ε/k. Above 0. */
  readonly temperature: number;
  /** A whole number from 0 to 2³² − 1. Runs of one seed at different temperatures get unrelated velocities. */
  readonly seed: number;
}

/**
 * x, y, z per particle, in σ per unit of time.
 * @throws {RangeError} if the seed, the temperature or the number of particles (at least 2) is not usable.
 */
export function thermalVelocities(particles: number, { temperature, seed }: Thermal): Float64Array {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`the seed must be a whole number from 0 to 2^32 - 1, got ${seed}`);
  }
  if (!Number.isFinite(temperature) || temperature <= 0) {
    throw new RangeError(`the temperature must be above 0, got ${temperature}`);
  }
  if (!Number.isInteger(particles) || particles < 2) {
    throw new RangeError(`a temperature needs at least 2 particles, got ${particles}`);
  }
  const uniform = sfc32(keyOf(temperature, seed));
  const velocities = Float64Array.from({ length: 3 * particles }, () => normal(uniform));
  stop(velocities);
  const scale = Math.sqrt(temperature / temperatureOf(velocities));
  return velocities.map((velocity) => velocity * scale);
}

/** ½ Σ v², in ε. */
export function kineticEnergy(velocities: Float64Array): number {
  let sum = 0;
  for (const velocity of velocities) sum += velocity * velocity;
  return 0.5 * sum;
}

/** 2K / (3N − 3): three degrees of freedom are gone because the whole does not move. */
export function temperatureOf(velocities: Float64Array): number {
  return (2 * kineticEnergy(velocities)) / (velocities.length - 3);
}

function stop(velocities: Float64Array): void {
  for (let axis = 0; axis < 3; axis++) {
    let sum = 0;
    for (let at = axis; at < velocities.length; at += 3) sum += velocities[at] ?? 0;
    const mean = sum / (velocities.length / 3);
    for (let at = axis; at < velocities.length; at += 3) velocities[at] = (velocities[at] ?? 0) - mean;
  }
}

function keyOf(temperature: number, seed: number): [number, number, number] {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, temperature);
  return [seed, bytes.getUint32(0), bytes.getUint32(4)];
}
