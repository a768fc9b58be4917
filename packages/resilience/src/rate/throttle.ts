import { type Clock, hasCode, type Random, RateLimitedError } from '@jaegis/core';
import { type Call, type Inner, LEAST_URGENT, type Part } from '../call.ts';
import { checkFunction, checkNumber } from '../number-option.ts';
import type { Services } from '../services.ts';
import { SlidingCount } from './sliding-count.ts';

export interface ThrottleOptions {
  /**
   * So many calls are sent for each that is accepted, before calls are refused here. A smaller one refuses sooner and
   * learns later that the other side has recovered. Default 2.
   */
  readonly k?: number | undefined;
  /** How far back calls count, in ms. Default 120,000. */
  readonly windowMs?: number | undefined;
  /** Whether the other side would not take the call. Default: it was overloaded, limits its rate, or did not answer in time. */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined;
}

/** The chance to refuse a call here: `max(0, (requests − k · accepts) / (requests + 1))`. */
export function refusalChance(requests: number, accepts: number, k: number): number {
  return Math.max(0, (requests - k * accepts) / (requests + 1));
}

interface Counts {
  readonly requests: SlidingCount;
  readonly accepts: SlidingCount;
}

/**
 * Adaptive throttling on the side of the client, as in "Handling Overload" of Google's Site Reliability Engineering: an
 * overloaded server spends its time on saying no, so most of what it would refuse is refused here. Nobody sets a rate.
 * Each priority has counts of its own, so a server that sheds the less urgent first keeps getting the urgent ones.
 */
export class Throttle implements Part {
  readonly name = 'throttle';
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onEvent: Services['onEvent'];
  readonly #k: number;
  readonly #windowMs: number;
  readonly #isRefusal: (error: unknown) => boolean;
  readonly #counts: (Counts | undefined)[] = new Array(LEAST_URGENT + 1).fill(undefined);
  #refused = 0;

  /** @throws InvalidConfigError */
  constructor(options: ThrottleOptions, services: Services) {
    const { k = 2, windowMs = 120_000, isRefusal = meansOverload } = options;
    checkNumber('throttle.k', k, { least: 1 });
    checkNumber('throttle.windowMs', windowMs, { above: 0 });
    checkFunction('throttle.isRefusal', isRefusal);
    this.#clock = services.clock;
    this.#random = services.random;
    this.#onEvent = services.onEvent;
    this.#k = k;
    this.#windowMs = windowMs;
    this.#isRefusal = isRefusal;
  }

  inspect() {
    const nowMs = this.#clock.monotonic();
    const priorities = this.#counts.flatMap((counts, priority) => {
      if (counts === undefined) return [];
      const [requests, accepts] = [counts.requests.total(nowMs), counts.accepts.total(nowMs)];
      return [{ priority, requests, accepts, chance: refusalChance(requests, accepts, this.#k) }];
    });
    return { refused: this.#refused, priorities };
  }

  async run(call: Call, inner: Inner): Promise<unknown> {
    const counts = this.#of(call.priority);
    const nowMs = this.#clock.monotonic();
    const chance = refusalChance(counts.requests.total(nowMs), counts.accepts.total(nowMs), this.#k);
    // Those refused here count as well: as long as the other side accepts none, ever fewer are sent.
    counts.requests.add(nowMs);
    if (chance > 0 && this.#random.next() < chance) throw this.#refusal(chance);
    try {
      const result = await inner(call);
      counts.accepts.add(this.#clock.monotonic());
      return result;
    } catch (error) {
      if (!this.#isRefusal(error)) counts.accepts.add(this.#clock.monotonic());
      throw error;
    }
  }

  #of(priority: number): Counts {
    const known = this.#counts[priority];
    if (known !== undefined) return known;
    const counts = { requests: new SlidingCount(this.#windowMs), accepts: new SlidingCount(this.#windowMs) };
    this.#counts[priority] = counts;
    return counts;
  }

  /** Chance decides about the next call too, so it may come at once: the backoff of whoever retries is the wait. */
  #refusal(chance: number): Error {
    this.#refused += 1;
    this.#onEvent?.({ type: 'refused', part: this.name, retryAfterMs: 0 });
    return new RateLimitedError(`The other side refuses most calls, so this one was not sent (${this.name}).`, {
      data: { retryAfterMs: 0, chance },
    });
  }
}

function meansOverload(error: unknown): boolean {
  return hasCode(error, 'overloaded') || hasCode(error, 'rate_limited') || hasCode(error, 'operation_timeout');
}
