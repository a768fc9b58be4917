/**
 * How far the energy of a run may stray, from the time step. Called by the Validator for every finished run.
 *
 * Velocity Verlet is the Strang splitting exp(h/2 B) exp(h A) exp(h/2 B) of drift A and kick B. By the
 * Baker–Campbell–Hausdorff formula it conserves, instead of the energy E, the shadow Hamiltonian
 *     E + h² D + O(h⁴),   D = (1/12) v·(∇²U)v − (1/24) Σ |F|²/m
 * (Hairer, Lubich, Wanner, Geometric Numerical Integration, chapter IX; Gans and Shalloway, Phys. Rev. E 61, 4587, 2000).
 * A check by hand: on the oscillator U = x²/2 it gives (1 + h²/6) v²/2 + (1 − h²/12) x²/2, and what Verlet conserves
 * exactly is v²/2 + (1 − h²/4) x²/2, the same up to a factor and h⁴. Hence |E(t) − E(0)| = h² |D(t) − D(0)| + O(h⁴).
 *
 * One thing breaks the series: the force-shifted φ″ jumps by κ = |φ″(r_c)| at the cutoff. A pair that crosses it with
 * radial speed u, a fraction θ into the step, leaves κ u² h² (θ(1 − θ)/2 − 1/12) behind: the trapezoid's error less the
 * jump of D. Over θ that has mean 0 and standard deviation κ u² h²/√720, so n crossings make a random walk.
 */
import { runPotential } from './forces.ts';
import { excursion, means, type Observables } from './observables.ts';
import { lennardJonesCurvature } from './potential.ts';

export interface RunLength {
  readonly particles: number;
  readonly dt: number;
  readonly steps: number;
  /** The temperature that the run started with: the scale of the drift. */
  readonly temperature: number;
}

export interface DriftVerdict {
  /** max |E − E₀| / K₀ over the samples. */
  readonly drift: number;
  /** What it may be, by the derivation above, in the same unit. */
  readonly bound: number;
  /** max |E + h² D − (E₀ + h² D₀)| / K₀: what is left when the leading term is taken away. */
  readonly shadowDrift: number;
  readonly passed: boolean;
}

/** Room for the O(h⁴) terms. Measured for h = 0.004 and T from 0.7 to 2: they add less than 1 % to h² max|D − D₀|. */
const SAFETY = 1.5;
/** Standard deviations of the cutoff's random walk. */
const WALKS = 5;
/** Density of the liquid: about the most partners at the cutoff that any particle has, also inside a droplet. */
const LIQUID_DENSITY = 0.85;
/** A bound above this excuses anything: D has then grown out of the range where the series means something. */
export const LARGEST_BOUND = 1e-3;

/**
 * Relative to the kinetic energy at the start, K₀ = (3N − 3) T / 2. It is the energy that moves in the system and is
 * never small; the total energy is a difference of K and U that passes through zero as the gas gets colder.
 */
export function judgeDrift(observables: Observables, run: RunLength): DriftVerdict {
  const scale = 1.5 * (run.particles - 1) * run.temperature;
  const leading = run.dt ** 2 * excursion(observables.correction);
  const bound = (SAFETY * leading + WALKS * cutoffWalk(run, means(observables).temperature)) / scale;
  const drift = excursion(observables.energy) / scale;
  const shadowDrift = excursion(observables.shadow) / scale;
  return { drift, bound, shadowDrift, passed: drift <= bound && bound <= LARGEST_BOUND };
}

/**
 * The standard deviation, in ε, of what all crossings of the cutoff leave behind. Pairs move apart with a normal radial
 * speed of variance 2T. Crossings pick the fast ones: the mean of u⁴ over crossings is 8 (2T)².
 */
function cutoffWalk({ particles, dt, steps }: RunLength, temperature: number): number {
  const { radius } = runPotential;
  const pairsPerLength = 0.5 * particles * LIQUID_DENSITY * 4 * Math.PI * radius ** 2;
  const crossings = pairsPerLength * Math.sqrt((4 * temperature) / Math.PI) * dt * steps;
  const jump = Math.abs(lennardJonesCurvature(radius));
  const perCrossing = (jump * Math.sqrt(8) * 2 * temperature * dt ** 2) / Math.sqrt(720);
  return perCrossing * Math.sqrt(crossings);
}
