import type { Clock } from '@jaegis/core';
import { checkNumber } from '../number-option.ts';

export interface TokenBucketOptions {
  /** Tokens that come in one second. */
  readonly perSecond: number;
  /** Tokens that it holds at most: so many may be taken at once after a rest. Default: those of one second, at least 1. */
  readonly capacity?: number | undefined;
}

/** Tokens that come back evenly. It starts full. No timers: what has come since is added when somebody asks. */
export class TokenBucket {
  readonly #clock: Clock;
  #perSecond = 0;
  #capacity = 0;
  #tokens = 0;
  #atMs: number;

  /** @throws InvalidConfigError */
  constructor(options: TokenBucketOptions, clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monotonic();
    this.tune(options);
    this.#tokens = this.#capacity;
  }

  /** The tokens that there are stay, as far as they fit. @throws InvalidConfigError */
  tune(options: TokenBucketOptions): void {
    checkTokenBucket(options);
    this.#refill();
    this.#perSecond = options.perSecond;
    this.#capacity = options.capacity ?? Math.max(1, options.perSecond);
    this.#tokens = Math.min(this.#tokens, this.#capacity);
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get tokens(): number {
    this.#refill();
    return this.#tokens;
  }

  /** @returns Whether there were so many; they are taken then. */
  take(cost = 1): boolean {
    // A hair less than the cost is rounding: whoever has waited for as long as it was told gets it.
    if (this.tokens < cost - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - cost);
    return true;
  }

  /** How long until there are so many, if nobody takes any, in ms. Infinite where it never holds as many. */
  delayMs(cost = 1): number {
    const missing = cost - this.tokens;
    if (missing <= 1e-9) return 0;
    return cost > this.#capacity ? Number.POSITIVE_INFINITY : (missing / this.#perSecond) * 1_000;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonic();
    const come = ((nowMs - this.#atMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + come);
    this.#atMs = nowMs;
  }
}

/** @throws InvalidConfigError */
export function checkTokenBucket({ perSecond, capacity }: TokenBucketOptions, path = 'rateLimit'): void {
  // It has no default.
  checkNumber(`${path}.perSecond`, perSecond ?? Number.NaN, { above: 0 });
  checkNumber(`${path}.capacity`, capacity, { least: 1 });
}
