import { type Clock, InvalidConfigError } from '@jaegis/core';
import { checkNumber } from '../number-option.ts';
import { SlidingCount } from '../rate/sliding-count.ts';

export interface RetryBudgetOptions {
  /** How many retries there may be for each call of the window. Default 0.2, so that retries add a fifth to the load. */
  readonly share?: number | undefined;
  /** So many more each second, for those who call seldom: they may be used at any time of the window. Default 10. */
  readonly minPerSecond?: number | undefined;
  /** In ms. Default 10,000. */
  readonly windowMs?: number | undefined;
}

/**
 * Bounds the retries, and hedges, of all that share it. Where a dependency fails altogether each call would be tried
 * several times, by each layer that retries: that load keeps it down. As in "Handling Overload" of Google's Site
 * Reliability Engineering and Finagle's RetryBudget. No timers: it is computed when somebody asks.
 */
export class RetryBudget {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #minimum: number;
  readonly #calls: SlidingCount;
  readonly #retries: SlidingCount;
  #refused = 0;

  /** @throws InvalidConfigError */
  constructor(clock: Clock, options: RetryBudgetOptions = {}) {
    const { share = 0.2, minPerSecond = 10, windowMs = 10_000 } = options;
    checkNumber('budget.share', share, { least: 0 });
    checkNumber('budget.minPerSecond', minPerSecond, { least: 0 });
    checkNumber('budget.windowMs', windowMs, { above: 0 });
    this.#clock = clock;
    this.#share = share;
    this.#minimum = (minPerSecond * windowMs) / 1_000;
    this.#calls = new SlidingCount(windowMs);
    this.#retries = new SlidingCount(windowMs);
  }

  /** A call begins. */
  countCall(): void {
    this.#calls.add(this.#clock.monotonic());
  }

  /** @returns Whether there may be one more retry; it is counted then. */
  take(): boolean {
    const nowMs = this.#clock.monotonic();
    // Rounding must not refuse the last one: 0.2 · 5 is 1.
    if (this.#left(nowMs) < 1 - 1e-9) {
      this.#refused += 1;
      return false;
    }
    this.#retries.add(nowMs);
    return true;
  }

  inspect() {
    const nowMs = this.#clock.monotonic();
    return {
      calls: this.#calls.total(nowMs),
      retries: this.#retries.total(nowMs),
      left: Math.max(0, Math.floor(this.#left(nowMs) + 1e-9)),
      refused: this.#refused,
    };
  }

  #left(nowMs: number): number {
    return this.#minimum + this.#share * this.#calls.total(nowMs) - this.#retries.total(nowMs);
  }
}

/** @throws InvalidConfigError where it is none. */
export function checkRetryBudget(path: string, budget: unknown): void {
  if (budget instanceof RetryBudget) return;
  throw new InvalidConfigError(`${path} must be a RetryBudget.`, { data: { path } });
}
