/** What the rounds of one entrant come to. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

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
  };
}
