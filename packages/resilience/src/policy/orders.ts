/** What an operator may order of a policy, from outside of its process: checked before anything is changed. */
import { type BreakerOrder, breakerOrders, InvalidConfigError, type PolicyOrder } from '@jaegis/core';
import { Breaker } from '../breaker/breaker.ts';
import { ClusterBreaker } from '../breaker/cluster-breaker.ts';
import { WatchedBreaker } from '../breaker/watched-breaker.ts';
import type { Part } from '../call.ts';
import { type AnyPolicyOptions, areOptions } from './policy-options.ts';

/** What may be set, as plain data. */
interface Names {
  readonly [name: string]: Kind | Names;
}
type Kind = keyof typeof kinds;

const kinds = {
  number: { is: (value: unknown) => typeof value === 'number', words: 'a number, or "Infinity"' },
  text: { is: (value: unknown) => typeof value === 'string', words: 'a text' },
  numbers: {
    is: (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === 'number'),
    words: 'a list of numbers',
  },
  'numbers by name': {
    is: (value: unknown) => isRecord(value) && Object.values(value).every((each) => typeof each === 'number'),
    words: 'numbers by name',
  },
} as const;

const numbers = <Name extends string>(...names: Name[]): Readonly<Record<Name, 'number'>> =>
  Object.fromEntries(names.map((name) => [name, 'number'])) as Record<Name, 'number'>; // of these names

const settable: Names = {
  ...numbers('timeoutMs', 'tryTimeoutMs'),
  rateLimit: numbers('perSecond', 'capacity', 'waitMs'),
  bulkhead: {
    ...numbers('limit', 'maxQueue', 'queueMs'),
    shares: { weights: 'numbers by name', ...numbers('usualWeight', 'most', 'lendAfterMs') },
    shedding: { thresholds: 'numbers', ...numbers('targetMs', 'intervalMs') },
  },
  retry: {
    ...numbers('tries'),
    backoff: { kind: 'text', jitter: 'text', ...numbers('delayMs', 'firstMs', 'maxMs', 'factor') },
  },
  breaker: {
    ...numbers('failures', 'failuresMs', 'failureRate', 'slowRate', 'slowMs', 'minimumCalls', 'windowMs', 'buckets'),
    ...numbers('openMs', 'openJitter', 'successes', 'probes', 'probeMs'),
  },
  hedge: numbers('delayMs', 'quantile', 'minDelayMs', 'tries'),
};

/**
 * The options that the order sets, for `tune`. Parts that the policy does not have, or was given ready, cannot be ordered.
 *
 * @throws InvalidConfigError with the path of what is not usable. Values out of their range are left for `tune`.
 */
export function changeOf(set: unknown, before: AnyPolicyOptions): AnyPolicyOptions {
  return changed('', set, settable, before as Readonly<Record<string, unknown>>); // its names are in the table
}

/** What the order says of the breaker. @throws InvalidConfigError where that cannot be done with this one. */
export function breakerAct(order: unknown, breaker: Part | undefined): () => void {
  const known = breakerOrders.find((each) => each === order);
  if (known === undefined) throw refused('breaker', order, `it must be ${breakerOrders.join(', ')}`);
  if (breaker === undefined) throw refused('breaker', order, 'the policy has no breaker');
  const one = breakerIn(breaker);
  if (known === 'forget' && breaker instanceof WatchedBreaker) return () => breaker.forget();
  if (known === 'forget' || one === undefined) throw refused('breaker', order, 'this breaker takes no such order');
  return () => acts[known](one);
}

function breakerIn(part: Part): Breaker | undefined {
  if (part instanceof Breaker) return part;
  return part instanceof WatchedBreaker || part instanceof ClusterBreaker ? part.breaker : undefined;
}

/** @throws InvalidConfigError where it orders nothing, or something unknown. */
export function checkOrder(order: PolicyOrder): void {
  const unknown = Object.keys(order).find((name) => name !== 'set' && name !== 'breaker');
  if (unknown !== undefined) throw refused(unknown, order[unknown as 'set'], 'there are set and breaker');
  if (order.set !== undefined || order.breaker !== undefined) return;
  throw new InvalidConfigError('Nothing is ordered: give options to set, or what is to become of the breaker.', {
    data: { path: 'set' },
  });
}

const acts: Readonly<Record<Exclude<BreakerOrder, 'forget'>, (breaker: Breaker) => void>> = {
  open: (breaker) => breaker.forceOpen(),
  disable: (breaker) => breaker.disable(),
  reset: (breaker) => breaker.reset(),
};

function changed(path: string, set: unknown, names: Names, before: Readonly<Record<string, unknown>>): object {
  if (!isRecord(set)) throw refused(path || 'set', set, `it must be an object of ${Object.keys(names).join(', ')}`);
  return Object.fromEntries(
    Object.entries(set).map(([name, value]) => {
      const full = path === '' ? name : `${path}.${name}`;
      const kind = Object.hasOwn(names, name) ? names[name] : undefined;
      if (kind === undefined) throw refused(full, value, `there can be set ${Object.keys(names).join(', ')}`);
      if (typeof kind === 'string') return [name, ofKind(full, value, kind)];
      const own = partBefore(full, before[name], { names: kind, value });
      return [name, { ...own, ...changed(full, value, kind, own) }];
    }),
  );
}

/** The waits of a retry have a usual way; what else is not there cannot be changed. */
function partBefore(
  path: string,
  before: unknown,
  { names, value }: { readonly names: Names; readonly value: unknown },
): Readonly<Record<string, unknown>> {
  // Waits of another kind have other options.
  if (path === 'retry.backoff' && isRecord(value) && value.kind !== undefined) {
    return isRecord(before) && before.kind === value.kind ? before : {};
  }
  if (path === 'retry.backoff' && (before === undefined || isFunction(before))) return { kind: 'exponential' };
  if (before === undefined) throw refused(path, undefined, 'the policy has none that could be changed');
  if (isRecord(before) && areOptions(before as object)) return before;
  throw refused(path, undefined, `it was given ready: no order sets its ${Object.keys(names).join(', ')}`);
}

/** JSON has no word for what is infinite. */
function ofKind(path: string, given: unknown, kind: Kind): unknown {
  const value = kind === 'number' && given === 'Infinity' ? Number.POSITIVE_INFINITY : given;
  if (kinds[kind].is(value)) return value;
  throw refused(path, given, `it must be ${kinds[kind].words}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}

function refused(path: string, value: unknown, why: string): Error {
  const shown = value === undefined ? '' : ` is ${JSON.stringify(value)}`;
  return new InvalidConfigError(`${path}${shown}: ${why}.`, { data: { path } });
}
