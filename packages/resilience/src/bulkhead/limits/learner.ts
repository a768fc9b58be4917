import { whole } from '../checked.ts';
import type { AdaptiveLimit, LimitBounds } from './adaptive-limit.ts';
import { RoundTrips } from './round-trips.ts';

/** What is left of the limit after a call was dropped. */
const AFTER_DROP = 0.9;

/** What the limit should be one round trip from now, unrounded. */
export type LearningRule = (limit: number, trips: { readonly shortMs: number; readonly baseMs: number }) => number;

export interface LearnerOptions extends LimitBounds {
  /** Calls from one measurement of the round trip without a queue to the next. Default 1,000. */
  readonly probeEvery?: number;
}

/** What all learning limits do alike; they differ in the rule. */
export class Learner implements AdaptiveLimit {
  readonly #rule: LearningRule;
  readonly #min: number;
  readonly #max: number;
  readonly #trips: RoundTrips;
  #limit: number;
  /** Calls that began before the limit was last lowered for a drop: those dropped among them are no more news. */
  #stale = 0;

  /** @throws InvalidConfigError for bounds that are no whole numbers, or not in their order. */
  constructor(options: LearnerOptions, rule: LearningRule) {
    const { initial = 20, min = 1, max = 1_000, probeEvery = 1_000 } = options;
    this.#rule = rule;
    this.#min = whole('limit.min', min, 1);
    this.#max = whole('limit.max', max, min);
    this.#limit = Math.min(max, Math.max(min, whole('limit.initial', initial, 1)));
    this.#trips = new RoundTrips(whole('limit.probeEvery', probeEvery, 1));
  }

  get limit(): number {
    return Math.max(this.#min, this.#trips.probeLimit ?? Math.floor(this.#limit));
  }

  onSample(rttMs: number, inFlight: number, didDrop: boolean): number {
    if (didDrop) {
      this.#drop();
      return this.limit;
    }
    if (this.#stale > 0) this.#stale -= 1;
    const mayLearn = this.#trips.add(rttMs, inFlight, this.#limit);
    // Where callers do not ask for as much as they may, the limit is not what makes them wait.
    if (mayLearn && inFlight * 2 >= this.#limit) this.#learn();
    return this.limit;
  }

  /** Each call moves it by its part: all that are under way together, which is one round trip, by one step of the rule. */
  #learn(): void {
    this.#set(this.#limit + (this.#rule(this.#limit, this.#trips) - this.#limit) / this.#limit);
  }

  #drop(): void {
    if (this.#stale > 0) {
      this.#stale -= 1;
      return;
    }
    this.#stale = Math.floor(this.#limit);
    this.#set(this.#limit * AFTER_DROP);
  }

  #set(limit: number): void {
    this.#limit = Math.min(this.#max, Math.max(this.#min, limit));
  }
}
