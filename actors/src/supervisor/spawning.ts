/** What is spawned, by an actor or under the root of a node, as a supervisor sees it. */
import { InvalidDefinitionError, InvalidReturnError, isToken, limits, NameTakenError, tokenRule } from '@jaegis/core';
import { link, monitor } from '../run/bonds.ts';
import { namesOf, refuseUnknown } from '../run/known-options.ts';
import type { Process } from '../run/process.ts';
import type { SpawnOptions } from '../run/spawn-options.ts';
import { checkChildSpec, type FullChildSpec, type Startable, type SupervisorFlags } from './spec.ts';

/** The limits under which actors and the root of a node supervise what they spawn. */
export const plainFlags: SupervisorFlags = {
  strategy: 'one_for_one',
  intensity: limits.restartIntensity,
  periodMs: limits.restartPeriodMs,
  autoShutdown: 'never',
  backoff: undefined,
};

/** Specs of what is spawned with a name and nothing else: the same for all actors of a definition. */
const plainSpecs = new WeakMap<Startable, FullChildSpec>();

const spawnNames = namesOf<SpawnOptions>({
  name: true,
  restart: true,
  shutdown: true,
  input: true,
  register: true,
  backoff: true,
  startTimeoutMs: true,
  link: true,
  monitor: true,
  policy: true,
});

/** @throws InvalidDefinitionError with the path of the option that is not usable. */
export function specOf(parent: string, startable: Startable, options: SpawnOptions): FullChildSpec {
  refuseUnknown(`Child of ${parent}`, options, spawnNames);
  const { restart, shutdown, register, backoff, startTimeoutMs, policy } = options;
  const isUsual = !restart && shutdown === undefined && !register && !backoff && startTimeoutMs === undefined;
  const isPlain = isUsual && policy === undefined;
  const known = isPlain ? plainSpecs.get(startable) : undefined;
  if (known) return known;
  const given = { restart, shutdown, register, backoff, startTimeoutMs, policy, id: 'spawned', start: startable };
  const spec = checkChildSpec(`Child of ${parent}`, given, plainFlags);
  if (isPlain) plainSpecs.set(startable, spec);
  return spec;
}

/** Ties a child to the actor that spawned it, as its options say. */
export function bind(parent: Process, child: Process, options: SpawnOptions): void {
  if (options.link) link(parent, child);
  if (options.monitor) monitor(parent, parent, child, child.address, undefined);
}

/** @throws InvalidDefinitionError, NameTakenError */
export function checkName(parent: string, name: string, isTaken: boolean): void {
  if (!isToken(name)) throw new InvalidDefinitionError(`Actor name ${JSON.stringify(name)}: ${tokenRule}`);
  if (isTaken) throw new NameTakenError(`${parent} has a child "${name}" already.`, { data: { id: name } });
}

export function badStart(id: string, made: unknown): Error {
  const shown = typeof made === 'string' ? JSON.stringify(made) : String(made);
  return new InvalidReturnError(
    `The start function of child "${id}" returned ${shown}; it must return a definition or \`ignore\`.`,
    { data: { child: id } },
  );
}
