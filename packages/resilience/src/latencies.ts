/** The last so many are kept. */
const KEPT = 128;
/** The quantile is taken anew after so many: sorting for each call would cost more than the call. */
const STALE_AFTER = 16;

/** The latencies of late, and a quantile of them. */
export class Latencies {
  readonly #ms = new Float64Array(KEPT);
  #count = 0;
  #takenAt = 0;
  #takenFor = Number.NaN;
  #quantileMs = 0;

  add(ms: number): void {
    this.#ms[this.#count % KEPT] = ms;
    this.#count += 1;
  }

  /** How many there were so far. */
  get count(): number {
    return this.#count;
  }

  /** In ms, rounded up; it may be a few latencies old. @param share From 0 to 1: 0.95 is what 95 of 100 do not exceed. */
  quantileMs(share: number): number {
    if (this.#takenFor !== share || this.#count - this.#takenAt >= STALE_AFTER) {
      const sorted = this.#ms.slice(0, Math.min(this.#count, KEPT)).sort();
      this.#quantileMs = Math.ceil(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
      this.#takenAt = this.#count;
      this.#takenFor = share;
    }
    return this.#quantileMs;
  }
}
