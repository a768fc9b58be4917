import { InvalidConfigError } from '@jaegis/core';
import { type BreakerOptions, BreakerSettings } from '../breaker/settings.ts';
import type { BulkheadOptions } from '../bulkhead/bulkhead.ts';
import type { Part } from '../call.ts';
import { checkFallback, type FallbackFunction, type FallbackOptions } from '../fallback.ts';
import { checkHedge, type HedgeOptions } from '../hedge.ts';
import { checkOptions, namesOf } from '../known-options.ts';
import { checkName, checkNumber } from '../number-option.ts';
import { checkRateLimit, type RateLimitOptions } from '../rate/rate-limit.ts';
import { checkRetry, type RetryOptions } from '../retry/retry.ts';

/** What a policy is made of. Each part is there only where it is given. @typeParam Fallen What fallbacks give. */
export interface PolicyOptions<Fallen = never> {
  /** For errors and events. Default `operation`. */
  readonly name?: string | undefined;
  readonly fallback?: FallbackOptions<Fallen> | FallbackFunction<Fallen> | undefined;
  /** For all tries and waits together, in ms. Default: only the deadline that the caller gives. */
  readonly timeoutMs?: number | undefined;
  /** Another part, such as a Throttle, may stand here. */
  readonly rateLimit?: RateLimitOptions | Part | undefined;
  /** Options, from which the policy makes its own, with its name; or a part that several share. */
  readonly bulkhead?: BulkheadOptions | Part | undefined;
  readonly retry?: RetryOptions | undefined;
  /**
   * Options, from which the policy makes its own, with its name, and whose events are events of the policy too; or a part
   * that several share, such as a Breaker or KeyedBreakers.
   */
  readonly breaker?: BreakerOptions | Part | undefined;
  readonly hedge?: HedgeOptions | undefined;
  /** For each try, in ms. Default: none. */
  readonly tryTimeoutMs?: number | undefined;
}

const names = namesOf<PolicyOptions>({
  name: true,
  fallback: true,
  timeoutMs: true,
  rateLimit: true,
  bulkhead: true,
  retry: true,
  breaker: true,
  hedge: true,
  tryTimeoutMs: true,
});

/** What may be changed while it works: of a part that it has by options any of these. */
export interface PolicyTuning<Fallen = never> extends Omit<PolicyOptions<Fallen>, 'bulkhead' | 'rateLimit'> {
  readonly bulkhead?: Partial<BulkheadOptions> | Part | undefined;
  readonly rateLimit?: Partial<RateLimitOptions> | Part | undefined;
}

/** Whatever the fallbacks give. */
export type AnyPolicyOptions = PolicyOptions<unknown>;

/** What is given replaces; of a part with options those that are given. What is undefined takes the part out. */
export function merged(before: AnyPolicyOptions, change: PolicyTuning<unknown>): AnyPolicyOptions {
  const { retry, hedge, rateLimit, bulkhead, breaker } = change;
  const options = {
    ...before,
    ...change,
    ...(retry && before.retry ? { retry: { ...before.retry, ...retry } } : {}),
    ...(hedge && before.hedge ? { hedge: { ...before.hedge, ...hedge } } : {}),
    ...(areOptions(rateLimit) && areOptions(before.rateLimit)
      ? { rateLimit: { ...before.rateLimit, ...rateLimit } }
      : {}),
    ...(areOptions(bulkhead) && areOptions(before.bulkhead) ? { bulkhead: { ...before.bulkhead, ...bulkhead } } : {}),
    ...(areOptions(breaker) && areOptions(before.breaker) ? { breaker: { ...before.breaker, ...breaker } } : {}),
  };
  return options as AnyPolicyOptions; // what lacks in a part that is new is refused with all else
}

/** All before any part is made or changed. @throws InvalidConfigError */
export function checkPolicy(options: AnyPolicyOptions): void {
  checkOptions('', options, names);
  const { name, timeoutMs, tryTimeoutMs, rateLimit, bulkhead, retry, breaker, hedge } = options;
  checkName('name', name);
  checkNumber('timeoutMs', timeoutMs, { above: 0, most: Number.POSITIVE_INFINITY });
  checkNumber('tryTimeoutMs', tryTimeoutMs, { above: 0, most: Number.POSITIVE_INFINITY });
  const fallback = fallbackOf(options);
  if (fallback !== undefined) checkFallback(fallback);
  for (const [path, part] of Object.entries({ rateLimit, bulkhead, breaker })) checkObject(path, part);
  if (areOptions(rateLimit)) checkRateLimit(rateLimit);
  if (retry !== undefined) checkRetry(retry);
  if (hedge !== undefined) checkHedge(hedge);
  // It checks all of them.
  if (areOptions(breaker)) new BreakerSettings(breaker);
}

function checkObject(path: string, value: unknown): void {
  if (value === undefined || (typeof value === 'object' && value !== null)) return;
  throw new InvalidConfigError(`${path} must be options or a part, which has a run.`, { data: { path } });
}

export function fallbackOf({ fallback }: AnyPolicyOptions): FallbackOptions | undefined {
  return typeof fallback === 'function' ? { use: [fallback] } : fallback;
}

/** Whether it is given, and the policy makes the part itself. */
export function areOptions<Options extends object>(value: Options | Part | undefined): value is Options {
  return value !== undefined && !isPart(value);
}

function isPart(value: object): value is Part {
  return 'run' in value && typeof value.run === 'function';
}
