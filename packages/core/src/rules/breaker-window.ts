/** What a circuit breaker remembers of the last while: told the time, in ms, and without a timer. */

/** Calls, failures and slow calls of one bucket lie beside each other. */
const FIELDS = 3;
const CALLS = 0;
const FAILURES = 1;
const SLOW = 2;

/** A window as plain data. The time in it is relative, so that it means the same to another process. */
export interface BreakerWindowData {
  readonly bucketMs: number;
  /** How long ago the newest bucket began, in ms. */
  readonly ageMs: number;
  /** Calls, failures and slow calls of each bucket, the newest first; empty where nothing has been counted. */
  readonly counts: readonly number[];
}

/**
 * A rolling window of calls in buckets, so that it costs the same however many calls there are: what is old leaves bucket
 * by bucket. A span of several buckets reaches to the beginning of the oldest of them, so it is up to one bucket shorter
 * than it says, and never longer. The first bucket begins with the first call.
 */
export class BreakerWindow {
  readonly bucketMs: number;
  readonly #counts: Uint32Array;
  /** Of the newest bucket, among the counts. */
  #newest = 0;
  #beganMs = Number.NEGATIVE_INFINITY;

  /** @param bucketMs How much time a bucket holds. @param buckets How many there are. */
  constructor(bucketMs: number, buckets: number) {
    this.bucketMs = bucketMs;
    this.#counts = new Uint32Array(buckets * FIELDS);
  }

  get buckets(): number {
    return this.#counts.length / FIELDS;
  }

  /** One call has ended. */
  count(nowMs: number, isFailure: boolean, isSlow: boolean): void {
    if (nowMs - this.#beganMs >= this.bucketMs) {
      this.#turn(nowMs);
      if (this.#beganMs === Number.NEGATIVE_INFINITY) this.#beganMs = nowMs;
    }
    const counts = this.#counts;
    const at = this.#newest;
    counts[at + CALLS] = (counts[at + CALLS] ?? 0) + 1;
    if (isFailure) counts[at + FAILURES] = (counts[at + FAILURES] ?? 0) + 1;
    if (isSlow) counts[at + SLOW] = (counts[at + SLOW] ?? 0) + 1;
  }

  /** @param buckets How many of the newest to look at. Default: all. */
  calls(nowMs: number, buckets?: number): number {
    return this.#sum(nowMs, CALLS, buckets);
  }

  failures(nowMs: number, buckets?: number): number {
    return this.#sum(nowMs, FAILURES, buckets);
  }

  slow(nowMs: number, buckets?: number): number {
    return this.#sum(nowMs, SLOW, buckets);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#newest = 0;
    this.#beganMs = Number.NEGATIVE_INFINITY;
  }

  export(nowMs: number): BreakerWindowData {
    if (this.calls(nowMs) === 0) return { bucketMs: this.bucketMs, ageMs: 0, counts: [] };
    const tail = this.#newest + FIELDS;
    const inOrder = [...this.#counts.subarray(tail), ...this.#counts.subarray(0, tail)];
    const buckets = Array.from({ length: this.buckets }, (_, index) => inOrder.slice(index * FIELDS).slice(0, FIELDS));
    return { bucketMs: this.bucketMs, ageMs: nowMs - this.#beganMs, counts: buckets.reverse().flat() };
  }

  /** Goes on from there. A window with other buckets cannot be gone on from, and leaves this one empty. */
  import(data: BreakerWindowData, nowMs: number): void {
    this.clear();
    if (data.bucketMs !== this.bucketMs || data.counts.length !== this.#counts.length) return;
    for (let bucket = 0; bucket < this.buckets; bucket++) {
      const from = (this.buckets - 1 - bucket) * FIELDS;
      for (let field = 0; field < FIELDS; field++) {
        this.#counts[bucket * FIELDS + field] = data.counts[from + field] ?? 0;
      }
    }
    this.#newest = this.#counts.length - FIELDS;
    this.#beganMs = nowMs - data.ageMs;
  }

  #sum(nowMs: number, field: number, buckets = this.buckets): number {
    if (nowMs - this.#beganMs >= this.bucketMs) this.#turn(nowMs);
    const counts = this.#counts;
    let sum = 0;
    for (let at = this.#newest, left = buckets; left > 0; left--) {
      sum += counts[at + field] ?? 0;
      at = at === 0 ? counts.length - FIELDS : at - FIELDS;
    }
    return sum;
  }

  #turn(nowMs: number): void {
    const counts = this.#counts;
    const passed = Math.floor((nowMs - this.#beganMs) / this.bucketMs);
    if (passed >= this.buckets) {
      this.clear();
      return;
    }
    for (let left = passed; left > 0; left--) {
      this.#newest = this.#newest + FIELDS === counts.length ? 0 : this.#newest + FIELDS;
      counts.fill(0, this.#newest, this.#newest + FIELDS);
    }
    this.#beganMs += passed * this.bucketMs;
  }
}
