/** One number for the whole campaign: equal digests mean that all final positions are equal to the last bit. */
import { createHash } from 'node:crypto';

export interface FinalPositions {
  /** The run's name. No two runs share one. */
  readonly name: string;
  readonly positions: Float64Array;
}

/**
 * SHA-256, in hexadecimal, over the runs in the order of their names (by code unit): for each a line with the name as a
 * JSON string and the number of coordinates, then the coordinates as little-endian doubles, whatever the machine's order.
 */
export function digestOf(runs: readonly FinalPositions[]): string {
  const hash = createHash('sha256');
  for (const { name, positions } of runs.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    const bytes = new DataView(new ArrayBuffer(8 * positions.length));
    positions.forEach((coordinate, index) => {
      bytes.setFloat64(8 * index, coordinate, true);
    });
    hash.update(`${JSON.stringify(name)} ${positions.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}
