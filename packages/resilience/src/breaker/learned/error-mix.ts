/** Which classes of errors are usual: a small table, however many classes there are. */

/** All that have no place in the table. */
const OTHER = 'other';
const LONGEST = 64;

/** Of a class: how often of all calls it is seen, from 0 to 1. */
export interface ErrorShare {
  readonly errorClass: string;
  readonly share: number;
}

/** What an error is called: its `code`, or else its name. */
export function classOfError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  if ('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')) return `${error.code}`;
  return 'name' in error && typeof error.name === 'string' ? error.name : typeof error;
}

export interface ErrorMixData {
  readonly calls: number;
  readonly counts: readonly (readonly [errorClass: string, count: number])[];
}

/**
 * Counts of the most frequent classes, of which each later lesson leaves a part. Where the table is full, a class that is
 * seen more often takes the place of the rarest one; all without a place are one class.
 */
export class ErrorMix {
  readonly #most: number;
  readonly #left: number;
  readonly #minimumCalls: number;
  #calls = 0;
  #counts = new Map<string, number>();
  /** Since the last lesson. */
  #newCalls = 0;
  readonly #newCounts = new Map<string, number>();

  /** @param most Classes. @param left What is left of a lesson after the next. @param minimumCalls With fewer nothing is known. */
  constructor(most: number, left: number, minimumCalls: number) {
    this.#most = most;
    this.#left = left;
    this.#minimumCalls = minimumCalls;
  }

  /** A call has ended, with an error of this class if it failed. */
  count(errorClass?: string): void {
    this.#newCalls++;
    if (errorClass === undefined) return;
    const name = errorClass.slice(0, LONGEST);
    const key = this.#newCounts.has(name) || this.#newCounts.size < this.#most ? name : OTHER;
    this.#newCounts.set(key, (this.#newCounts.get(key) ?? 0) + 1);
  }

  /** What was counted since the last lesson is usual. */
  learn(): void {
    this.#calls = this.#calls * this.#left + this.#newCalls;
    for (const [errorClass, count] of this.#counts) this.#counts.set(errorClass, count * this.#left);
    for (const [errorClass, count] of this.#newCounts) this.#add(errorClass, count);
    this.drop();
  }

  /** What was counted since the last lesson is not: it was an outage. */
  drop(): void {
    this.#newCalls = 0;
    this.#newCounts.clear();
  }

  /** Nothing was usual. */
  forget(): void {
    this.drop();
    this.#calls = 0;
    this.#counts.clear();
  }

  /** From 0 to 1 of all calls; undefined where too few are known. */
  shareOf(errorClass: string): number | undefined {
    if (this.#calls < this.#minimumCalls) return undefined;
    const count = this.#counts.get(errorClass.slice(0, LONGEST)) ?? this.#counts.get(OTHER) ?? 0;
    return count / this.#calls;
  }

  /** The most frequent first. */
  get shares(): ErrorShare[] {
    if (this.#calls < this.#minimumCalls) return [];
    const shares = [...this.#counts].map(([errorClass, count]) => ({ errorClass, share: count / this.#calls }));
    return shares.sort((a, b) => b.share - a.share);
  }

  export(): ErrorMixData {
    return { calls: this.#calls, counts: [...this.#counts] };
  }

  import({ calls, counts }: ErrorMixData): void {
    this.forget();
    this.#calls = calls;
    for (const [errorClass, count] of counts) this.#add(errorClass.slice(0, LONGEST), count);
  }

  /** Whether it is what `export` gives. */
  static isKnown(data: unknown): data is ErrorMixData {
    if (typeof data !== 'object' || data === null || !('calls' in data) || !('counts' in data)) return false;
    return isAmount(data.calls) && Array.isArray(data.counts) && data.counts.every(isCount);
  }

  #add(errorClass: string, count: number): void {
    const known = this.#counts.get(errorClass);
    if (known !== undefined) this.#counts.set(errorClass, known + count);
    else if (this.#sizeWithoutOther() < this.#most || errorClass === OTHER) this.#counts.set(errorClass, count);
    else this.#contend(errorClass, count);
  }

  /** For the place of the rarest. */
  #contend(errorClass: string, count: number): void {
    let rarest = { errorClass, count };
    for (const [each, known] of this.#counts) {
      if (each !== OTHER && known < rarest.count) rarest = { errorClass: each, count: known };
    }
    if (rarest.errorClass !== errorClass) {
      this.#counts.delete(rarest.errorClass);
      this.#counts.set(errorClass, count);
    }
    this.#counts.set(OTHER, (this.#counts.get(OTHER) ?? 0) + rarest.count);
  }

  #sizeWithoutOther(): number {
    return this.#counts.size - (this.#counts.has(OTHER) ? 1 : 0);
  }
}

function isCount(pair: unknown): boolean {
  return Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && isAmount(pair[1]);
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}
