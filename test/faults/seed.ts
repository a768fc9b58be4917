/**
 * How long the faults go on and which chances they take: `npm test` runs a short form, always the same; `npm run
 * test:faults` a long one, by a seed that it prints and takes from JAEGIS_SEED.
 */
import { SeededRandom } from '@jaegis/sim';

export const isLong = process.env.JAEGIS_FAULTS === 'long';
export const seed = process.env.JAEGIS_SEED ?? (isLong ? Date.now().toString(36) : 'short');

if (isLong) console.log(`JAEGIS_SEED=${seed}`);

/** @param what It is for: each has chances of its own. */
export function chance(what: string): SeededRandom {
  return new SeededRandom(`${seed}/${what}`);
}

/** From the first to the last, both included. */
export function between(random: SeededRandom, first: number, last: number): number {
  return first + Math.floor(random.next() * (last - first + 1));
}
