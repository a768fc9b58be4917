/**
 * Chance that is the same on every machine, for the starting velocities. Only integer arithmetic, comparisons and
 * exactly rounded operations: Math.log and Math.cos may differ in the last bit between builds, these cannot.
 */

/** Numbers in [0, 1) with 32 random bits. */
export type Uniform = () => number;

/**
 * sfc32 (Chris Doty-Humphrey, PractRand): three words of chaotic state and a counter, period at least 2³². The key's
 * words are the starting state; the first 20 outputs are dropped so that near keys have nothing in common.
 */
export function sfc32(key: readonly [number, number, number]): Uniform {
  let [a, b, c] = key;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let dropped = 0; dropped < 20; dropped++) next();
  return next;
}

/**
 * A standard normal number, by rejection from two exponential ones (von Neumann 1951; Devroye, Non-Uniform Random
 * Variate Generation, chapter II): x is kept with probability exp(−(x − 1)²/2), which leaves the half normal density.
 */
export function normal(uniform: Uniform): number {
  for (;;) {
    const x = exponential(uniform);
    const threshold = 0.5 * (x - 1) * (x - 1);
    if (exponential(uniform) >= threshold) return uniform() < 0.5 ? -x : x;
  }
}

/** Von Neumann's exponential number, by comparisons alone: a falling run of odd length is accepted. */
function exponential(uniform: Uniform): number {
  for (let whole = 0; ; whole++) {
    const first = uniform();
    let last = first;
    let length = 1;
    for (let next = uniform(); next < last; next = uniform()) {
      last = next;
      length++;
    }
    if (length % 2 === 1) return whole + first;
  }
}
