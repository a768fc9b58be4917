/** What was usual of the calls of a breaker, by the hour of the day and by load. */

/** What is learned at once. */
export interface Lesson {
  calls: number;
  failures: number;
  slow: number;
  /** Calls that went well and were timed, and the sum of the logarithms of their times in ms. */
  timed: number;
  logMs: number;
}

/** What is known from so many calls; the older they are, the less they count. */
export interface Usual {
  readonly calls: number;
  /** Shares, from 0 to 1. */
  readonly failureRate: number;
  readonly slowRate: number;
  /** What calls that went well took, their geometric mean in ms: one that hung does not change it. Undefined where none was timed. */
  readonly tookMs: number | undefined;
}

/** What was known of this hour at this load, of this hour at any, of any hour, or nothing. */
export type Basis = 'hour and load' | 'hour' | 'all' | 'nothing';

/** Calls per second, from one to below the other; the last band has no end. */
export interface LoadBand {
  readonly from: number;
  readonly below: number | undefined;
}

export const HOURS = 24;
/** Calls per second with which each band but the first begins: steps of four. */
const begins = [1, 4, 16, 64, 256, 1_024];
export const BANDS = begins.length + 1;
const FIELDS = 5;
/** Less than this, in ms, is not told apart. */
const LEAST_MS = 0.01;

/** @param perSecond Calls. @returns From 0 to below {@link BANDS}. */
export function bandOf(perSecond: number): number {
  const above = begins.findIndex((from) => perSecond < from);
  return above === -1 ? begins.length : above;
}

export function loadOf(band: number): LoadBand {
  return { from: begins[band - 1] ?? 0, below: begins[band] };
}

/** For the sum of a lesson. */
export function logOf(tookMs: number): number {
  return Math.log(Math.max(LEAST_MS, tookMs));
}

/** Sums for each hour and band of load, of which each later lesson leaves a part. It takes 3.4 kB, however much it knows. */
export class UsualRates {
  readonly #sums = new Float32Array(HOURS * BANDS * FIELDS);
  readonly #left: number;
  readonly #minimumCalls: number;

  /** @param left What is left of a lesson after the next of its hour and load. @param minimumCalls With fewer nothing is known. */
  constructor(left: number, minimumCalls: number) {
    this.#left = left;
    this.#minimumCalls = minimumCalls;
  }

  learn(hour: number, band: number, { calls, failures, slow, timed, logMs }: Readonly<Lesson>): void {
    const at = (hour * BANDS + band) * FIELDS;
    [calls, failures, slow, timed, logMs].forEach((amount, field) => {
      this.#sums[at + field] = (this.#sums[at + field] ?? 0) * this.#left + amount;
    });
  }

  /** What is known that comes nearest. */
  find(hour: number, band: number): { readonly basis: Basis; readonly usual: Usual | undefined } {
    const here = this.of(hour, band);
    if (here !== undefined) return { basis: 'hour and load', usual: here };
    const ofHour = this.of(hour);
    if (ofHour !== undefined) return { basis: 'hour', usual: ofHour };
    const ofAll = this.of();
    return { basis: ofAll === undefined ? 'nothing' : 'all', usual: ofAll };
  }

  /** @param hour Default: all of them. @param band Default: all. @returns Undefined where too few calls are known. */
  of(hour?: number, band?: number): Usual | undefined {
    const first = (hour ?? 0) * BANDS + (band ?? 0);
    const cells = band !== undefined ? 1 : hour === undefined ? HOURS * BANDS : BANDS;
    const sums = new Float64Array(FIELDS);
    for (let at = first * FIELDS; at < (first + cells) * FIELDS; at++) {
      sums[at % FIELDS] = (sums[at % FIELDS] ?? 0) + (this.#sums[at] ?? 0);
    }
    const [calls = 0, failures = 0, slow = 0, timed = 0, logMs = 0] = sums;
    if (calls < this.#minimumCalls) return undefined;
    const tookMs = timed < this.#minimumCalls ? undefined : Math.exp(logMs / timed);
    return { calls, failureRate: failures / calls, slowRate: slow / calls, tookMs };
  }

  forget(): void {
    this.#sums.fill(0);
  }

  /** Hour, band and sums of each that there is anything of. */
  export(): number[][] {
    const known: number[][] = [];
    for (let cell = 0; cell < HOURS * BANDS; cell++) {
      const sums = [...this.#sums.subarray(cell * FIELDS, (cell + 1) * FIELDS)];
      // So many digits give the same number again.
      if (sums[0] !== 0)
        known.push([Math.floor(cell / BANDS), cell % BANDS, ...sums.map((sum) => +sum.toPrecision(9))]);
    }
    return known;
  }

  import(known: readonly (readonly number[])[]): void {
    this.forget();
    for (const [hour = 0, band = 0, ...sums] of known) this.#sums.set(sums, (hour * BANDS + band) * FIELDS);
  }

  /** Whether it is what `export` gives. */
  static isKnown(known: unknown): known is number[][] {
    return Array.isArray(known) && known.every(isCell);
  }
}

function isCell(cell: unknown): boolean {
  if (!Array.isArray(cell) || cell.length !== FIELDS + 2 || !cell.every(Number.isFinite)) return false;
  const [hour, band, calls, failures, slow, timed] = cell as number[]; // as was just seen
  const isPlace = isIndex(hour, HOURS) && isIndex(band, BANDS);
  return isPlace && [calls, failures, slow, timed].every((sum) => sum !== undefined && sum >= 0);
}

function isIndex(value: number | undefined, count: number): boolean {
  return Number.isInteger(value) && value !== undefined && value >= 0 && value < count;
}
