/** What the rounds of one entrant come to. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** What 99 of 100 do not exceed; from so many values on that it means something. */
  readonly p99?: number;
}

/** With fewer values the ninety-ninth of a hundred is a guess. */
const TAIL = 20;

/** @throws RangeError for no values, or one that is no finite number */
export function spreadOf(values: readonly number[]): Spread {
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined || values.length === 0) throw new RangeError(`No figure can be made of ${values.join(', ')}.`);
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN; // within its length
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
    ...(sorted.length < TAIL ? {} : { p99: at(Math.ceil(sorted.length * 0.99) - 1) }),
  };
}
