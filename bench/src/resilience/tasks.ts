/** What threads of pools do in benchmarks. */

/** Less than it takes to get there. */
export function square(value: number): number {
  return value * value;
}

/** A long computation. */
export function compute(milliseconds: number): number {
  let sum = 0;
  for (const endsAt = performance.now() + milliseconds; performance.now() < endsAt; sum++) Math.sqrt(sum);
  return sum;
}
