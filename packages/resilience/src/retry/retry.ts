import { type Clock, hasCode, type Random } from '@jaegis/core';
import type { Call, Inner, Part } from '../call.ts';
import { checkOptions, namesOf } from '../known-options.ts';
import { checkFunction, checkNumber } from '../number-option.ts';
import type { GaveUp, Services } from '../services.ts';
import { retryAfterMs, retryOf } from './advice.ts';
import { type Attempt, keepAttempts } from './attempts.ts';
import { checkBackoff, type RetryBackoff, retryDelay } from './backoff.ts';
import { checkRetryBudget, RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  /** Tries in all, the first included. Default 5. */
  readonly tries?: number | undefined;
  /** The waits between tries. Default: exponential from 100 ms to 10 s, with full jitter. */
  readonly backoff?: RetryBackoff | undefined;
  /**
   * Whether another try may help. Default {@link isRetryable}. It is not asked about calls that are cancelled, which
   * are never repeated. Where it throws, that is what the call ends with.
   */
  readonly isRetryable?: ((error: unknown) => boolean) | undefined;
  /** Bounds the retries of all that share it. Default: one of its own with the usual share; `false` is none. */
  readonly budget?: RetryBudget | false | undefined;
}

const names = namesOf<RetryOptions>({ tries: true, backoff: true, isRetryable: true, budget: true });
const USUAL_TRIES = 5;

/** Errors of JAEGIS say themselves whether repeating may help; those of others are repeated. */
export function isRetryable(error: unknown): boolean {
  return retryOf(error) !== 'never';
}

/** What there is to know about a call after a try has failed. */
interface Failed {
  readonly error: unknown;
  /** Of the try. */
  readonly number: number;
  readonly waitedMs: number;
  readonly nowMs: number;
}

/**
 * Tries again what fails. It rejects with the error of the last try as it is; {@link attemptsOf} tells of those before.
 * After an error that says so (`retry: 'now'`) the next try begins at once; after one that names a time
 * (data.retryAfterMs, as of an open breaker) not before that, and then by the backoff. Where the wait would go past the
 * call's deadline it gives up at once.
 */
export class Retry implements Part {
  readonly name = 'retry';
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onEvent: Services['onEvent'];
  readonly #ownBudget: RetryBudget;
  #options: RetryOptions = {};
  #budget: RetryBudget | undefined;
  #retries = 0;

  /** @throws InvalidConfigError */
  constructor(options: RetryOptions, services: Services) {
    this.#clock = services.clock;
    this.#random = services.random;
    this.#onEvent = services.onEvent;
    this.#ownBudget = new RetryBudget(services.clock);
    this.tune(options);
  }

  /** From the next decision on, also for calls under way. @throws InvalidConfigError */
  tune(options: RetryOptions): void {
    checkRetry(options);
    this.#options = options;
    this.#budget = options.budget === false ? undefined : (options.budget ?? this.#ownBudget);
  }

  inspect() {
    return {
      tries: this.#options.tries ?? USUAL_TRIES,
      retries: this.#retries,
      budget: this.#budget?.inspect(),
    };
  }

  /** The way of the first try is kept apart: where it succeeds nothing is allocated. */
  async run(call: Call, inner: Inner): Promise<unknown> {
    this.#budget?.countCall();
    call.attempt = 1;
    try {
      return await inner(call);
    } catch (error) {
      return await this.#again(call, inner, error);
    }
  }

  async #again(call: Call, inner: Inner, first: unknown): Promise<unknown> {
    const attempts: Attempt[] = [];
    // Those further out end the call at once, also while a try is under way.
    const stopListening = call.onAbort(() => keepAttempts(call.endedBy, attempts));
    let error = first;
    let waitedMs = 0;
    try {
      for (let number = 1; ; number++) {
        waitedMs = this.#decide(call, attempts, { error, number, waitedMs, nowMs: this.#clock.monotonic() });
        if (waitedMs > 0) await this.#pause(call, waitedMs);
        call.attempt = number + 1;
        try {
          return await inner(call);
        } catch (again) {
          error = again;
        }
      }
    } finally {
      stopListening();
    }
  }

  /** The wait before another try, in ms. @throws The error of the last one where there is none. */
  #decide(call: Call, attempts: Attempt[], failed: Failed): number {
    const { error, number, waitedMs, nowMs } = failed;
    const next = this.#next(call, failed);
    if (typeof next !== 'number') {
      keepAttempts(error, attempts);
      if (next !== 'permanent') this.#onEvent?.({ type: 'gave_up', number, error, reason: next });
      throw error;
    }
    attempts.push({ number, error, atMs: nowMs, waitedMs });
    this.#retries += 1;
    this.#onEvent?.({ type: 'retry', number, error, delayMs: next });
    return next;
  }

  /** The wait before another try, in ms; or why there is none. */
  #next(call: Call, failed: Failed): number | GaveUp | 'permanent' {
    const { tries = USUAL_TRIES, isRetryable: mayHelp = isRetryable } = this.#options;
    if (call.isAborted || hasCode(failed.error, 'cancelled')) return 'cancelled';
    if (!mayHelp(failed.error)) return 'permanent';
    if (failed.number >= tries) return 'tries';
    const delayMs = this.#delayMs(failed);
    if (!Number.isFinite(delayMs)) return 'backoff';
    if (failed.nowMs + delayMs >= call.deadlineMs) return 'deadline';
    return (this.#budget?.take() ?? true) ? delayMs : 'budget';
  }

  /** What must be waited anyway comes before the backoff, so that those who wait for the same do not return together. */
  #delayMs({ error, number, waitedMs }: Failed): number {
    const afterMs = retryAfterMs(error);
    if (afterMs === 0 && retryOf(error) === 'now') return 0;
    return afterMs + retryDelay(number, this.#random.next(), waitedMs, this.#options.backoff);
  }

  /** @throws CancelledError, or OperationTimeoutError, when the call ends meanwhile. */
  async #pause(call: Call, delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(delayMs, () => {
        stopListening();
        resolve();
      });
      const stopListening = call.onAbort(() => {
        this.#clock.clearTimer(timer);
        resolve();
      });
    });
    if (call.isAborted) throw call.endedBy;
  }
}

/** @throws InvalidConfigError */
export function checkRetry(options: RetryOptions, path = 'retry'): void {
  checkOptions(path, options, names);
  const { tries, backoff, isRetryable: mayHelp, budget } = options;
  checkNumber(`${path}.tries`, tries, { least: 1, isWhole: true, most: Number.POSITIVE_INFINITY });
  checkBackoff(`${path}.backoff`, backoff);
  checkFunction(`${path}.isRetryable`, mayHelp);
  if (budget !== undefined && budget !== false) checkRetryBudget(`${path}.budget`, budget);
}
