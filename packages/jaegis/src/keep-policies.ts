/** Keeps the state of policies over a restart of their process. */
import type { ActorDefinition, Announcement, Doors, Protocol } from '@jaegis/actors';
import { type Clock, InvalidConfigError, type Logger, type Shelf } from '@jaegis/core';
import { pinoLogger, realClock } from '@jaegis/node';
import { type Dropped, type KeptPolicy, PolicyKeeper, type PolicyKeeperOptions } from '@jaegis/resilience';
import { z } from 'zod';
import type { App } from './app.ts';
import { checked } from './checked.ts';

export interface KeepOptions extends Omit<PolicyKeeperOptions, 'policies' | 'clock' | 'logger'> {
  /** Default: the clock of this process. */
  readonly clock?: Clock | undefined;
  /** Default: what goes wrong is written to standard output. */
  readonly logger?: Logger | undefined;
  /** Told of what lies on the shelf and cannot be used, which is logged too. */
  readonly onDropped?: ((dropped: Dropped) => void) | undefined;
}

const isShelf = (value: unknown) => {
  const { read, write } = Object(value) as Partial<Shelf>;
  return typeof read === 'function' && typeof write === 'function';
};
const isObject = (value: unknown) => typeof value === 'object' && value !== null;

const schema = z.strictObject({
  shelf: z.custom<Shelf>(isShelf, 'must be a shelf, as folderShelf(path) gives it'),
  everyMs: z.number().positive().optional(),
  staleMs: z.number().positive().optional(),
  clock: z.custom<Clock>(isObject, 'must be a clock').optional(),
  logger: z.custom<Logger>(isObject, 'must be a logger').optional(),
  onDropped: z.custom<() => void>((value) => typeof value === 'function', 'must be a function').optional(),
});

/**
 * For a process without a cluster; a node does it itself, by the option `keepPolicies`. Resolves when the policies have
 * gone on from what lies on the shelf: breakers that were open are open, for what is left of their wait, and what was
 * learned is known. From then on they are kept until the keeper stops, and until then the process does not end by itself.
 *
 * @example
 * ```ts
 * await using _keeper = await keepPolicies([payments, prices], { shelf: folderShelf('/var/lib/shop') });
 * ```
 *
 * @param policies As createPolicy makes them, each of another name.
 * @throws InvalidConfigError with data.path. What is on the shelf, and that it cannot be reached, is never thrown: it is
 * logged, and told to `onDropped`.
 */
export async function keepPolicies(policies: readonly KeptPolicy[], options: KeepOptions): Promise<PolicyKeeper> {
  checked('keepPolicies', z.array(z.unknown(), 'the policies must be a list'), policies);
  checked('keepPolicies', schema, options);
  const kept = keepable('keepPolicies', policies);
  checkNames('keepPolicies', kept);
  const { clock = realClock(), logger = pinoLogger({ level: 'warn' }), onDropped, ...rest } = options;
  const keeper = new PolicyKeeper({ ...rest, clock, logger, policies: kept });
  await keeper.start(onDropped);
  return keeper;
}

/**
 * Has the keeper keep the policies of whole types too: those of the app from the start of the keeper on, others from a
 * moment after their first use. Those of single actors end with their supervisors.
 *
 * @throws InvalidDefinitionError for options that are not usable.
 */
export function keepTypes(keeper: PolicyKeeper, doors: Doors, app: App | undefined): void {
  const { entities = [], singletons = [], startables = [], actors = [] } = app ?? {};
  for (const definition of [...entities, ...singletons, ...startables, ...actors.map((actor) => actor.definition)]) {
    // An actor's says so by its options.
    const { type, options } = definition as Partial<ActorDefinition<Protocol>>;
    if (type !== undefined && options?.policy !== undefined) doors.ofType(type, options.policy);
  }
  doors.watchTypes((policy) => {
    if (isKeepable(policy)) keeper.add(policy, `type/${policy.name}`);
  });
}

/** As others see it in the cluster. */
export function announcementOf({ policy, why, error }: Dropped): Announcement {
  const message = error instanceof Error ? { error: error.message } : {};
  return { type: 'policy', policy, part: 'breaker', change: 'not_resumed', why, ...message };
}

/** @throws InvalidConfigError with data.path for the first that cannot be kept. */
export function keepable(where: string, policies: readonly unknown[]): KeptPolicy[] {
  return policies.map((policy, index) => {
    if (isKeepable(policy)) return policy;
    throw new InvalidConfigError(`${where}: policies.${index} cannot be kept: it must be what createPolicy returns.`, {
      data: { path: `policies.${index}` },
    });
  });
}

/** @throws InvalidConfigError with data.path. */
export function checkNames(where: string, policies: readonly { readonly name: string }[]): void {
  const names = policies.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new InvalidConfigError(`${where}: two policies are called "${twice}"; they could not be told apart.`, {
    data: { path: 'policies' },
  });
}

function isKeepable(policy: unknown): policy is KeptPolicy {
  const { name, export: give, import: take, onEvent } = Object(policy) as Partial<KeptPolicy>;
  return typeof name === 'string' && [give, take, onEvent].every((each) => typeof each === 'function');
}
