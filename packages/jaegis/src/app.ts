import {
  type ActorDefinition,
  checkLimit,
  checkPlacement,
  checkType,
  type PlacementNeeds,
  type Protocol,
  type SpawnOptions,
  type Startable,
  type SupervisorDefinition,
} from '@jaegis/actors';
import { InvalidDefinitionError, type NodePolicy, type RestartLimit } from '@jaegis/core';

/** What a node runs: the types of its durable entities, and actors that are started with it. */
export interface App {
  readonly entities: readonly ActorDefinition<Protocol>[];
  /** Durable entities of which the cluster has exactly one each: see {@link AppSpec.singletons}. */
  readonly singletons: readonly ActorDefinition<Protocol>[];
  readonly actors: readonly AppActor[];
  /** What supervisors of other nodes may start on this one, each type once: see `on` of child specs. */
  readonly startables: readonly Startable[];
  /** Policies of which each node tells changes, and shows the state. */
  readonly policies: readonly NodePolicy[];
  /** How often the actors may crash before their node stops. Default: more than 3 restarts in 5 s. */
  readonly restartLimit: RestartLimit;
}

/** An actor, or a supervisor with all below it. */
export interface AppActor extends Omit<SpawnOptions, 'link' | 'monitor'> {
  readonly name: string;
  readonly definition: ActorDefinition<Protocol> | SupervisorDefinition;
  /**
   * It runs on one node of the cluster, one with the labels if it names any, and is started on another when that one goes or
   * drains. It has no record: it begins anew there. Its address is `*` and `/user/<name>`. While a node that was cut off has not
   * learnt that it was replaced, there may be two; where that must not be, use a singleton. Default: it runs on every node.
   */
  readonly pinned?: true | PlacementNeeds;
}

/** A definition of any protocol: the protocol is for the compiler only, so that one list holds all. */
// biome-ignore lint/suspicious/noExplicitAny: Protocol is checked where refs are made, not where definitions are listed
type AnyDefinition = ActorDefinition<any>;

export interface AppSpec {
  readonly entities?: readonly AnyDefinition[];
  /**
   * Durable entities of which the cluster has exactly one each. It is started without a message, never leaves memory, and goes
   * on elsewhere when its node goes or drains, from its record: one that was replaced can write no more. `node.singleton`
   * gives its ref.
   */
  readonly singletons?: readonly AnyDefinition[];
  readonly actors?: readonly (Omit<AppActor, 'definition'> & {
    readonly definition: AnyDefinition | SupervisorDefinition;
  })[];
  /**
   * Definitions that children with `on` are made of, of actors and supervisors: a node knows them by type. Those of `actors`
   * are among them already.
   */
  readonly definitions?: readonly (AnyDefinition | SupervisorDefinition)[];
  /**
   * Policies that this app calls others through, as createPolicy makes them: each node tells when their breakers change and
   * when they refuse calls, as events of type `policy`, and `jaegis policies` shows the state they are in on it.
   */
  readonly policies?: readonly NodePolicy[];
  readonly restartLimit?: Partial<RestartLimit>;
}

/**
 * Defines what the nodes of a cluster run. All of them should be given the same app.
 * @throws InvalidDefinitionError when two definitions share a type, two actors a name, or two policies; and for an option
 * that is none.
 */
export function defineApp(spec: AppSpec): App {
  refuseUnknown(spec);
  const entities = spec.entities ?? [];
  const singletons = spec.singletons ?? [];
  const actors = spec.actors ?? [];
  refuseTwice(
    'entity type',
    [...entities, ...singletons].map(({ type }) => type),
  );
  refuseTwice(
    'actor name',
    actors.map(({ name }) => name),
  );
  for (const { name, pinned } of actors) {
    checkType(name);
    if (pinned !== undefined && pinned !== true) checkPlacement(`defineApp: actors.${name}`, pinned, 'pinned');
  }
  const definitions = spec.definitions ?? [];
  refuseTwice(
    'type of a definition',
    definitions.map(({ type }) => type),
  );
  // Those that are named for this come first.
  const byType = new Map<string, Startable>(actors.map(({ definition }) => [definition.type, definition]));
  for (const definition of definitions) byType.set(definition.type, definition);
  const startables = [...byType.values()];
  const { policies = [] } = spec;
  refuseTwice(
    'policy name',
    policies.map(({ name }) => name),
  );
  const restartLimit = checkLimit('defineApp', spec.restartLimit ?? {});
  return { entities, singletons, actors, startables, policies, restartLimit };
}

const known: Readonly<Record<keyof AppSpec, true>> = {
  entities: true,
  singletons: true,
  actors: true,
  definitions: true,
  policies: true,
  restartLimit: true,
};

function refuseUnknown(spec: AppSpec): void {
  const unknown = Object.keys(spec).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const message = `defineApp: ${unknown} is no option; there are ${Object.keys(known).join(', ')}.`;
  throw new InvalidDefinitionError(message, { data: { path: unknown, rule: 'unknown_option' } });
}

function refuseTwice(what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidDefinitionError(`defineApp: the ${what} "${twice}" is there twice.`);
}
