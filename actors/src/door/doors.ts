import { hasCode, InvalidDefinitionError, type JaegisError } from '@jaegis/core';
import { Door } from './door.ts';
import {
  type DoorOption,
  type DoorPolicy,
  isReady,
  type MakePolicy,
  type PolicySettings,
  type PolicyWorld,
} from './door-policy.ts';

/** Told of each policy that is in use; what it returns is called once the policy is not any more. */
export type DoorWatcher = (policy: DoorPolicy) => () => void;

/** The policies at the doors of one node's actors. Whose life they share is up to those that open and close them. */
export class Doors {
  readonly #world: PolicyWorld;
  readonly #make: MakePolicy | undefined;
  /** How many doors each policy stands at: one that is given ready may stand at several. */
  readonly #uses = new Map<DoorPolicy, number>();
  /** Of types: as long as the node lives. */
  readonly #ofTypes = new Map<string, { readonly given: DoorOption; readonly door: Door }>();
  readonly #watchers = new Map<DoorWatcher, Map<DoorPolicy, () => void>>();
  readonly #typeWatchers: ((policy: DoorPolicy) => void)[] = [];

  /** @param make Undefined: only policies that are ready may be given. */
  constructor(world: PolicyWorld, make: MakePolicy | undefined) {
    this.#world = world;
    this.#make = make;
  }

  /** Each once. */
  get policies(): Iterable<DoorPolicy> {
    return this.#uses.keys();
  }

  /** Those of whole types. */
  get ofTypes(): readonly Door[] {
    return [...this.#ofTypes.values()].map(({ door }) => door);
  }

  /** The door that all actors of a type have in common. @throws InvalidConfigError, InvalidDefinitionError */
  ofType(type: string, given: DoorOption): Door {
    const known = this.#ofTypes.get(type);
    if (known?.given === given) return known.door;
    const door = this.#opened(given, type, true);
    this.#ofTypes.set(type, { given, door });
    for (const watcher of this.#typeWatchers) watcher(door.policy);
    return door;
  }

  /**
   * @param name What a policy that is made of options is called.
   * @throws InvalidConfigError with the path of an option that is not usable; InvalidDefinitionError where none can be made.
   */
  open(given: DoorOption, name: string): Door {
    return this.#opened(given, name, false);
  }

  #opened(given: DoorOption, name: string, isOfType: boolean): Door {
    const policy = isReady(given) ? whole(given, name) : this.#made(given, name);
    const uses = this.#uses.get(policy) ?? 0;
    this.#uses.set(policy, uses + 1);
    if (uses === 0) for (const [watcher, stops] of this.#watchers) stops.set(policy, watcher(policy));
    return new Door(policy, isOfType, this.#world.clock);
  }

  close({ policy }: Door): void {
    const uses = this.#uses.get(policy) ?? 0;
    if (uses > 1) {
      this.#uses.set(policy, uses - 1);
      return;
    }
    this.#uses.delete(policy);
    for (const stops of this.#watchers.values()) {
      stops.get(policy)?.();
      stops.delete(policy);
    }
  }

  /** @returns Takes the watcher back. */
  watch(watcher: DoorWatcher): () => void {
    const stops = new Map<DoorPolicy, () => void>();
    for (const policy of this.policies) stops.set(policy, watcher(policy));
    this.#watchers.set(watcher, stops);
    return () => {
      this.#watchers.delete(watcher);
      for (const stop of stops.values()) stop();
    };
  }

  /** Tells of the policies of whole types: those that there are, and those to come. */
  watchTypes(watcher: (policy: DoorPolicy) => void): void {
    for (const { policy } of this.ofTypes) watcher(policy);
    this.#typeWatchers.push(watcher);
  }

  #made(given: PolicySettings, name: string): DoorPolicy {
    if (this.#make === undefined) {
      throw new InvalidDefinitionError(`${name}: no policy can be made of options here; give one that is ready.`, {
        data: { path: 'policy' },
      });
    }
    try {
      return this.#make(given, name, this.#world);
    } catch (error) {
      throw hasCode(error, 'invalid_config') ? ofPolicy(name, error as JaegisError) : error; // it has the code
    }
  }
}

/** What only runs calls, as `for` of a policy gives it, can be neither watched nor shown. @throws InvalidDefinitionError */
function whole(policy: DoorPolicy, name: string): DoorPolicy {
  const { name: own, inspect, onEvent }: Partial<DoorPolicy> = policy;
  if (typeof own === 'string' && typeof inspect === 'function' && typeof onEvent === 'function') return policy;
  throw new InvalidDefinitionError(`${name}: policy has a run, but not all that createPolicy gives.`, {
    data: { path: 'policy' },
  });
}

/** The same error, with the path as it was written. */
function ofPolicy(name: string, error: JaegisError): Error {
  const path = typeof error.data?.path === 'string' && error.data.path !== '' ? `policy.${error.data.path}` : 'policy';
  return new InvalidDefinitionError(`${name}: policy: ${error.message}`, { cause: error, data: { path } });
}
