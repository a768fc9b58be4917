/** Policies for real: by the clock and chance of this process, unless others are given. */
import type { MakePolicy, PolicySettings } from '@jaegis/actors';
import { Deadlines, InvalidConfigError } from '@jaegis/core';
import { realClock, realRandom } from '@jaegis/node';
import { Policy, type PolicyOptions, type Services } from '@jaegis/resilience';

declare module '@jaegis/actors' {
  /** Those of `createPolicy`; the name is that of the type or the actor. */
  interface PolicySettings extends Omit<PolicyOptions<unknown>, 'name'> {}
}

/** For actors whose definitions and specs name their policies by options. */
export const makePolicy: MakePolicy = (settings, name, world) => policyFor(settings, name, world);

/** A policy of options that is called after what it is for. @throws InvalidConfigError, also for a name of its own. */
export function policyFor(settings: PolicySettings, name: string, services: PolicyServices = {}): Policy<unknown> {
  if ('name' in settings) {
    throw new InvalidConfigError(`name must be left out: the policy is called "${name}".`, { data: { path: 'name' } });
  }
  return createPolicy<unknown>({ ...settings, name }, services);
}

/** What a policy may be given instead of the clock and chance of this process, and who is told of its events. */
export type PolicyServices = Partial<Services>;

type Usual = Required<Pick<Services, 'clock' | 'random' | 'deadlines'>>;

/** How much longer than its calls policies keep a process alive, in ms. */
const IDLE_MS = 50;

let usual: Usual | undefined;

/**
 * A policy for the calls to one dependency: timeouts, retries, a breaker, a bulkhead, a rate limit, hedges and fallbacks,
 * those that are given. It is made once, and each call goes through it.
 *
 * @example
 * ```ts
 * const payments = createPolicy({
 *   name: 'payments',
 *   tryTimeoutMs: 2_000,
 *   retry: { tries: 3 },
 *   breaker: { failures: 5, openMs: 10_000 },
 *   bulkhead: { limit: 20, maxQueue: 50 },
 * });
 *
 * // Any call:
 * await payments.run(({ signal }) => fetch(url, { signal }));
 * // An ask: an entity does it once, however many tries it takes.
 * await account.ask({ type: 'withdraw', amount: 5 }, { policy: payments });
 * // A task of the pool, which is aborted where it takes too long:
 * await payments.run(({ signal, deadlineMs }) => node.pool.run(resize, image, { signal, deadlineMs }));
 * ```
 *
 * @param services Default: the clock and chance of this process, and one timer for all policies that wait equally long.
 * @throws InvalidConfigError with data.path, as `breaker.failures`.
 */
export function createPolicy<Fallen = never>(
  options: PolicyOptions<Fallen>,
  services: PolicyServices = {},
): Policy<Fallen> {
  usual ??= usualServices();
  const { clock = usual.clock, random = usual.random, onEvent } = services;
  const deadlines = services.deadlines ?? (clock === usual.clock ? usual.deadlines : undefined);
  return new Policy(options, { clock, random, deadlines, onEvent });
}

/** Not before the first policy: whoever makes none needs no timer. */
function usualServices(): Usual {
  const clock = realClock();
  return { clock, random: realRandom(), deadlines: new Deadlines(clock, undefined, IDLE_MS) };
}
