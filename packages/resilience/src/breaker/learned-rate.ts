import type { Clock } from '@jaegis/core';
import type { Breaker } from './breaker.ts';
import { refused } from './settings.ts';
import type { BreakerWatcher } from './watched-breaker.ts';

/** Shares are from 0 to 1, of the calls of a window. */
export interface LearnedRateOptions {
  /** How often it learns from the window, in ms: as long as the window is, so that it learns each call once. Default 60,000. */
  readonly everyMs?: number | undefined;
  /** So many times the usual rate opens the breaker. Default 3. */
  readonly factor?: number | undefined;
  /** The threshold is never lower. Default 0.1. */
  readonly least?: number | undefined;
  /** The threshold is never higher, whatever was usual. Default 0.8. */
  readonly most?: number | undefined;
  /** The threshold of an hour that nothing is known of. Default 0.5. */
  readonly unknown?: number | undefined;
  /** Calls from which on something is known of an hour. Default 100. */
  readonly minimumCalls?: number | undefined;
  /** What was learned counts half after so many more lessons of that hour. Default 300: five days of busy minutes. */
  readonly halfLife?: number | undefined;
}

/** What is known of one hour of the day. */
export interface LearnedHour {
  /** From 0 to 23, UTC. */
  readonly hour: number;
  /** The usual share of failures; undefined where too few calls are known. */
  readonly rate: number | undefined;
  /** Calls it is known from; the older, the less they count. */
  readonly calls: number;
  /** The share of failures that opens the breaker in that hour. */
  readonly threshold: number;
}

const HOURS = 24;
const HOUR_MS = 3_600_000;

/**
 * Sets the `failureRate` of one breaker by what is usual at this hour of the day, within bounds. It learns only while the
 * breaker is closed, so an outage does not become usual, and from what the window holds when a call comes, so what was
 * before a long rest is not learned. `minimumCalls` of the breaker and its other thresholds stay.
 */
export class LearnedRate implements BreakerWatcher {
  readonly everyMs: number;
  readonly #clock: Clock;
  readonly #factor: number;
  readonly #least: number;
  readonly #most: number;
  readonly #unknown: number;
  readonly #minimumCalls: number;
  /** What is left of a lesson after each later one. */
  readonly #left: number;
  readonly #calls = new Float64Array(HOURS);
  readonly #failures = new Float64Array(HOURS);
  /** What the breaker was last told. */
  #told: number | undefined;

  /** @throws InvalidConfigError with the path of what is not usable. */
  constructor(options: LearnedRateOptions, { clock }: { readonly clock: Clock }) {
    const { everyMs = 60_000, factor = 3, least = 0.1, most = 0.8, unknown = 0.5 } = options;
    const { minimumCalls = 100, halfLife = 300 } = options;
    check(everyMs > 0, 'everyMs', everyMs, 'a number above 0');
    check(factor >= 1, 'factor', factor, 'a number from 1');
    check(least > 0 && least <= 1, 'least', least, 'above 0 and at most 1');
    check(most >= least && most <= 1, 'most', most, 'from least to 1');
    check(unknown > 0 && unknown <= 1, 'unknown', unknown, 'above 0 and at most 1');
    check(minimumCalls >= 1, 'minimumCalls', minimumCalls, 'a number from 1');
    check(halfLife > 0, 'halfLife', halfLife, 'a number above 0');
    this.everyMs = everyMs;
    this.#clock = clock;
    this.#factor = factor;
    this.#least = least;
    this.#most = most;
    this.#unknown = unknown;
    this.#minimumCalls = minimumCalls;
    this.#left = 0.5 ** (1 / halfLife);
  }

  look(breaker: Breaker): void {
    const hour = Math.floor(this.#clock.now() / HOUR_MS) % HOURS;
    const { calls, failures } = breaker.figures;
    if (calls > 0) {
      this.#calls[hour] = (this.#calls[hour] ?? 0) * this.#left + calls;
      this.#failures[hour] = (this.#failures[hour] ?? 0) * this.#left + failures;
    }
    const { threshold } = this.#known(hour);
    if (threshold === this.#told) return;
    this.#told = threshold;
    breaker.tune({ failureRate: threshold });
  }

  /** Of each hour of the day. */
  get learned(): LearnedHour[] {
    return Array.from({ length: HOURS }, (_, hour) => this.#known(hour));
  }

  /** Nothing was usual. The breaker is told the next time it is looked at. */
  forget(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
  }

  #known(hour: number): LearnedHour {
    const calls = this.#calls[hour] ?? 0;
    if (calls < this.#minimumCalls) return { hour, rate: undefined, calls, threshold: this.#unknown };
    const rate = (this.#failures[hour] ?? 0) / calls;
    return { hour, rate, calls, threshold: Math.min(this.#most, Math.max(this.#least, rate * this.#factor)) };
  }
}

function check(isUsable: boolean, name: string, value: number, what: string): void {
  if (!isUsable) throw refused(`learned.${name}`, value, what);
}
