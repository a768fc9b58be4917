/**
 * The phi-accrual failure detector (Hayashibara and others, 2004; the figures are those of Akka and Pekko): not whether a
 * node is dead, but how unlikely its silence is by the intervals between its beats so far. Told the time, in ms.
 */
export interface PhiSettings {
  /** From this phi on a node is not available: a phi of 8 is one false alarm in 10^8 beats, if beats were as assumed. */
  readonly threshold: number;
  /** Intervals that are remembered. */
  readonly maxSamples: number;
  /** However regular the beats were, so much deviation is allowed for. */
  readonly minStdDevMs: number;
  /** So much more than the usual interval is no reason for suspicion yet. */
  readonly acceptablePauseMs: number;
  /** The interval that is expected before there are any. */
  readonly firstEstimateMs: number;
}

/** A double cannot tell smaller chances from none. */
const mostPhi = 300;

/**
 * −log10 of the chance that a beat comes later than this, where intervals are distributed normally. The logistic
 * approximation of the distribution function is that of Bowling and others, 2009; it is off by 0.00014 at most.
 */
export function phi(sinceMs: number, meanMs: number, stdDevMs: number): number {
  const y = (sinceMs - meanMs) / stdDevMs;
  const e = Math.exp(-y * (1.5976 + 0.070566 * y * y));
  const later = sinceMs > meanMs ? e / (1 + e) : 1 - 1 / (1 + e);
  return Math.min(mostPhi, -Math.log10(later));
}

/** The last intervals, with their mean and (population) variance. Adding one costs the same however many there are. */
export class IntervalHistory {
  readonly #most: number;
  readonly #intervals: number[] = [];
  #next = 0;
  #sum = 0;
  #squares = 0;

  constructor(maxSamples: number) {
    this.#most = maxSamples;
  }

  add(intervalMs: number): void {
    const oldest = this.#intervals[this.#next] ?? 0;
    this.#intervals[this.#next] = intervalMs;
    this.#next = (this.#next + 1) % this.#most;
    this.#sum += intervalMs - oldest;
    this.#squares += intervalMs * intervalMs - oldest * oldest;
  }

  get mean(): number {
    return this.#intervals.length === 0 ? 0 : this.#sum / this.#intervals.length;
  }

  get variance(): number {
    if (this.#intervals.length === 0) return 0;
    // Rounding may leave a little less than nothing.
    return Math.max(0, this.#squares / this.#intervals.length - this.mean ** 2);
  }
}

/** What the beats of one node say. Until the first one nothing is said: phi is 0. */
export class PhiAccrual {
  readonly #settings: PhiSettings;
  readonly #history: IntervalHistory;
  #lastMs: number | undefined;

  constructor(settings: PhiSettings) {
    this.#settings = settings;
    this.#history = new IntervalHistory(settings.maxSamples);
  }

  get isMonitoring(): boolean {
    return this.#lastMs !== undefined;
  }

  beat(nowMs: number): void {
    const { firstEstimateMs } = this.#settings;
    if (this.#lastMs === undefined) {
      this.#history.add(firstEstimateMs * 0.75);
      this.#history.add(firstEstimateMs * 1.25);
    } else if (this.isAvailable(nowMs)) {
      // The interval that ends a failure is none between beats: with it the next failure would go unnoticed.
      this.#history.add(nowMs - this.#lastMs);
    }
    this.#lastMs = nowMs;
  }

  phi(nowMs: number): number {
    return this.#lastMs === undefined ? 0 : this.phiAfter(nowMs - this.#lastMs);
  }

  /** The same where it was silent for so long, whatever ended its silence before. */
  phiAfter(silentMs: number): number {
    const { minStdDevMs, acceptablePauseMs } = this.#settings;
    const stdDevMs = Math.max(minStdDevMs, Math.sqrt(this.#history.variance));
    return phi(silentMs, this.#history.mean + acceptablePauseMs, stdDevMs);
  }

  isAvailable(nowMs: number): boolean {
    return this.phi(nowMs) < this.#settings.threshold;
  }
}
