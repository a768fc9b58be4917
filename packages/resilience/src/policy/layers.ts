import type { Inner, Part } from '../call.ts';
import { Fallback } from '../fallback.ts';
import { Hedge } from '../hedge.ts';
import { RateLimit } from '../rate/rate-limit.ts';
import { Retry } from '../retry/retry.ts';
import type { Services } from '../services.ts';
import { Timeout } from '../timeout.ts';
import { invoke } from './invoke.ts';
import { OwnBreaker, OwnBulkhead } from './own-parts.ts';
import { type AnyPolicyOptions, areOptions, checkPolicy, fallbackOf } from './policy-options.ts';

/**
 * Where a part of a policy stands. There is one order, from the outside in:
 *
 * 1. `fallback`, since it answers for whatever goes wrong further in, refusals and timeouts included.
 * 2. `timeout`, so that it bounds all: tries, the waits between them, and queues.
 * 3. `rateLimit` before `bulkhead`, so that calls that wait for their turn hold no place.
 * 4. `bulkhead` outside `retry`: a call keeps its place between its tries, and a refusal by either of the two is told at
 *    once and not repeated, since more tries are the last thing that an overloaded process needs.
 * 5. `retry` outside `breaker`: the breaker sees each try, so it opens while a call still retries, and its refusal tells
 *    the retry how long to wait.
 * 6. `hedge` inside `breaker`: that a second try was faster is one success, not a failure and a success.
 * 7. `tryTimeout`, the innermost: each try and each hedge has its own, and a hang is a failure for all above.
 */
export type Layer = 'fallback' | 'timeout' | 'rateLimit' | 'bulkhead' | 'retry' | 'breaker' | 'hedge' | 'tryTimeout';

interface Tunable<Options> extends Part {
  tune(options: Options): void;
}

/** The parts of one policy. */
export class Layers {
  readonly #services: Services;
  readonly #bulkhead: OwnBulkhead;
  readonly #breaker: OwnBreaker;
  #fallback: Fallback | undefined;
  #timeout: Timeout | undefined;
  #rateLimit: RateLimit | undefined;
  #retry: Retry | undefined;
  #hedge: Hedge | undefined;
  #tryTimeout: Timeout | undefined;
  #present: readonly (readonly [Layer, Part])[] = [];
  /** All of them and the operation, as one function: made once, so that a call makes no functions. */
  chain: Inner = invoke;

  constructor(services: Services) {
    this.#services = services;
    this.#bulkhead = new OwnBulkhead(services);
    this.#breaker = new OwnBreaker(services);
  }

  /** What there is, from the outside in. */
  get present(): readonly (readonly [Layer, Part])[] {
    return this.#present;
  }

  /** Parts that stay keep their state. Calls under way go on with the parts that they began with. */
  apply(options: AnyPolicyOptions): void {
    checkPolicy(options);
    const { name, timeoutMs, tryTimeoutMs } = options;
    // First, since it is the only one that may refuse its options yet.
    const bulkhead = this.#bulkhead.apply(options.bulkhead, name);
    const breaker = this.#breaker.apply(options.breaker, name);
    this.#timeout = kept(this.#timeout, { timeoutMs: timeoutMs ?? Number.POSITIVE_INFINITY, name }, this.#makeTimeout);
    const tryTimeout = tryTimeoutMs === undefined ? undefined : { timeoutMs: tryTimeoutMs, name };
    this.#tryTimeout = kept(this.#tryTimeout, tryTimeout, this.#makeTryTimeout);
    this.#fallback = kept(this.#fallback, fallbackOf(options), (given) => new Fallback(given, this.#services));
    this.#retry = kept(this.#retry, options.retry, (given) => new Retry(given, this.#services));
    this.#hedge = kept(this.#hedge, options.hedge, (given) => new Hedge(given, this.#services));
    const parts: Readonly<Record<Layer, Part | undefined>> = {
      fallback: this.#fallback,
      timeout: this.#timeout,
      rateLimit: this.#applyRateLimit(options),
      bulkhead,
      retry: this.#retry,
      breaker,
      hedge: this.#hedge,
      tryTimeout: this.#tryTimeout,
    };
    this.#join(parts, timeoutMs !== undefined);
  }

  #applyRateLimit({ rateLimit }: AnyPolicyOptions): Part | undefined {
    const isOwn = areOptions(rateLimit);
    this.#rateLimit = kept(
      this.#rateLimit,
      isOwn ? rateLimit : undefined,
      (given) => new RateLimit(given, this.#services),
    );
    return isOwn ? this.#rateLimit : rateLimit;
  }

  /** The total timeout is always among them, since it keeps the deadline of the caller; it counts only where it is given. */
  #join(parts: Readonly<Record<Layer, Part | undefined>>, hasTimeout: boolean): void {
    const present = order.flatMap((layer) => {
      const part = parts[layer];
      return part === undefined ? [] : [[layer, part] as const];
    });
    this.#present = present.filter(([layer]) => layer !== 'timeout' || hasTimeout);
    this.chain = present.reduceRight<Inner>((inner, [, part]) => joined(part, inner), invoke);
  }

  readonly #makeTimeout = (options: { timeoutMs: number; name: string | undefined }): Timeout =>
    new Timeout(options, this.#services);

  readonly #makeTryTimeout = (options: { timeoutMs: number; name: string | undefined }): Timeout =>
    new Timeout({ ...options, part: 'tryTimeout' }, this.#services);
}

const order: readonly Layer[] = [
  'fallback',
  'timeout',
  'rateLimit',
  'bulkhead',
  'retry',
  'breaker',
  'hedge',
  'tryTimeout',
];

/** What a part throws at once, as by a `key` of its options, is a rejection to those around it, which tidy up after those. */
function joined(part: Part, inner: Inner): Inner {
  return (call) => {
    try {
      return part.run(call, inner);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

function kept<Options, Made extends Tunable<Options>>(
  made: Made | undefined,
  options: Options | undefined,
  make: (options: Options) => Made,
): Made | undefined {
  if (options === undefined) return undefined;
  if (made === undefined) return make(options);
  made.tune(options);
  return made;
}
