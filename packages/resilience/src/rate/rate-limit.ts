import { type Clock, RateLimitedError, type Timer } from '@jaegis/core';
import type { Call, Inner, Part } from '../call.ts';
import { checkOptions, namesOf } from '../known-options.ts';
import { checkNumber } from '../number-option.ts';
import type { Services } from '../services.ts';
import { checkTokenBucket, TokenBucket, type TokenBucketOptions } from './token-bucket.ts';

export interface RateLimitOptions extends TokenBucketOptions {
  /**
   * A call waits for its turn where it comes within so long, in ms; the others are refused at once. So at most
   * `perSecond · waitMs / 1000` wait. Default 0: none waits.
   */
  readonly waitMs?: number | undefined;
}

const names = namesOf<RateLimitOptions>({ perSecond: true, capacity: true, waitMs: true });

/** A call in the queue. */
interface Waiting {
  readonly proceed: () => void;
}

/**
 * So many calls each second, with bursts up to the capacity. More are refused with RateLimitedError, whose
 * data.retryAfterMs tells when there would be room, or wait in the order in which they came.
 */
export class RateLimit implements Part {
  readonly name = 'rateLimit';
  readonly #clock: Clock;
  readonly #onEvent: Services['onEvent'];
  readonly #bucket: TokenBucket;
  /** In their order: a set keeps it, and whoever gives up leaves from anywhere. */
  readonly #queue = new Set<Waiting>();
  #waitMs = 0;
  #timer: Timer | undefined;
  #refused = 0;

  /** @throws InvalidConfigError */
  constructor(options: RateLimitOptions, services: Services) {
    checkRateLimit(options);
    this.#clock = services.clock;
    this.#onEvent = services.onEvent;
    this.#bucket = new TokenBucket(options, services.clock);
    this.#waitMs = options.waitMs ?? 0;
  }

  /** Tokens and those who wait stay. @throws InvalidConfigError */
  tune(options: RateLimitOptions): void {
    checkRateLimit(options);
    this.#bucket.tune(options);
    this.#waitMs = options.waitMs ?? 0;
    this.#arm();
  }

  inspect() {
    const { perSecond, capacity, tokens } = this.#bucket;
    return { perSecond, capacity, tokens, waiting: this.#queue.size, refused: this.#refused };
  }

  run(call: Call, inner: Inner): Promise<unknown> {
    if (this.#queue.size === 0 && this.#bucket.take()) return inner(call);
    const delayMs = this.#delayMs();
    const leftMs = call.deadlineMs - this.#clock.monotonic();
    if (delayMs > this.#waitMs || delayMs >= leftMs) return Promise.reject(this.#refusal(delayMs));
    return this.#later(call, inner);
  }

  async #later(call: Call, inner: Inner): Promise<unknown> {
    await new Promise<void>((resolve) => {
      const waiting: Waiting = {
        proceed: () => {
          stopListening();
          resolve();
        },
      };
      this.#queue.add(waiting);
      const stopListening = call.onAbort(() => {
        this.#queue.delete(waiting);
        resolve();
      });
      this.#arm();
    });
    if (call.isAborted) throw call.endedBy;
    return await inner(call);
  }

  /** Until whoever comes now had its turn. The bucket need not hold the tokens of all before it at once. */
  #delayMs(): number {
    const { tokens, perSecond } = this.#bucket;
    return Math.max(0, ((this.#queue.size + 1 - tokens) / perSecond) * 1_000);
  }

  /** One timer, for the first of the queue. */
  #arm(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = this.#queue.size === 0 ? undefined : this.#clock.setTimer(this.#bucket.delayMs(), this.#serve);
  }

  readonly #serve = (): void => {
    for (const first of this.#queue) {
      if (!this.#bucket.take()) break;
      this.#queue.delete(first);
      first.proceed();
    }
    this.#arm();
  };

  #refusal(retryAfterMs: number): Error {
    this.#refused += 1;
    this.#onEvent?.({ type: 'refused', part: this.name, retryAfterMs });
    const { perSecond } = this.#bucket;
    const message = `More than ${perSecond} calls a second: there is room in ${Math.ceil(retryAfterMs)} ms.`;
    return new RateLimitedError(message, { data: { retryAfterMs, perSecond } });
  }
}

/** @throws InvalidConfigError */
export function checkRateLimit(options: RateLimitOptions, path = 'rateLimit'): void {
  checkOptions(path, options, names);
  checkTokenBucket(options, path);
  checkNumber(`${path}.waitMs`, options.waitMs, { least: 0 });
}
