import type { Call, Inner, Part } from '../call.ts';
import { Listeners } from '../listeners.ts';
import type { PartEvent } from '../services.ts';
import { Breaker, type BreakerFigures, type BreakerServices } from './breaker.ts';

import type { BreakerEvent } from './events.ts';
import { type BreakerOptions, BreakerSettings, checkJitter, refused } from './settings.ts';
import { type BreakersSnapshot, resumeBreakers } from './snapshot.ts';

export interface KeyedBreakersOptions extends BreakerOptions {
  /** Whose breaker a call goes through: a tenant, an operation, a host. Without a key it is that of all others. Default: the tenant. */
  readonly key?: ((call: Call) => string | undefined) | undefined;
  /** Breakers that are kept. Default 10,000. */
  readonly most?: number | undefined;
}

/** What can be seen of breakers by key. */
export interface KeyedBreakersState {
  readonly name: string;
  readonly breakers: number;
  /** Those that are not closed, at most 100. */
  readonly notClosed: readonly BreakerFigures[];
}

/** Of those that are not closed, in what is shown. */
const SHOWN = 100;
/** Of those that are not closed, in what is exported. */
const EXPORTED = 1_000;
/** Closed breakers, those used longest ago first, that are looked at for a calm one before one with counts is forgotten. */
const LOOKED_AT = 64;

/**
 * A breaker per key, so that one tenant's failures are not another's. Bounded: of those used longest ago a calm one is
 * forgotten first (closed, and nothing counted), then a closed one; one in any other state only if none is closed.
 */
export class KeyedBreakers implements Part {
  readonly name: string;
  #settings: BreakerSettings;
  readonly #services: BreakerServices;
  readonly #listeners = new Listeners<PartEvent>();
  readonly #keyOf: (call: Call) => string | undefined;
  readonly #most: number;
  /** In the order of their use. */
  readonly #breakers = new Map<string, Breaker>();
  /** Not closed when last looked at, and not used since, in the order of their use: so nobody looks at them each time. */
  readonly #set = new Map<string, Breaker>();
  #lastKey: string | undefined;
  #last: Breaker | undefined;

  /** @throws InvalidConfigError as a breaker, and for `most`. */
  constructor(options: KeyedBreakersOptions, services: BreakerServices) {
    const { key = tenantOf, most = 10_000, ...rest } = options;
    if (!Number.isInteger(most) || most < 1) throw refused('most', most, 'a whole number from 1');
    const onEvent = (event: BreakerEvent) => {
      this.#listeners.tell({ ...event, part: 'breaker' });
      rest.onEvent?.(event);
    };
    this.#settings = new BreakerSettings({ ...rest, onEvent });
    this.name = this.#settings.name;
    this.#services = services;
    checkJitter(this.#settings, services.random);
    this.#keyOf = key;
    this.#most = most;
  }

  get size(): number {
    return this.#breakers.size + this.#set.size;
  }

  run(call: Call, inner: Inner): Promise<unknown> {
    return this.get(this.#keyOf(call) ?? '').run(call, inner);
  }

  /** The breaker of a key, made where there is none. It counts as used. Its name is that of all, a colon, and the key. */
  get(key: string): Breaker {
    if (key === this.#lastKey && this.#last !== undefined) return this.#last;
    const breaker = this.#take(key) ?? this.#make(key);
    this.#breakers.set(key, breaker);
    this.#lastKey = key;
    this.#last = breaker;
    return breaker;
  }

  /** The breaker of a key if there is one. It does not count as used. */
  find(key: string): Breaker | undefined {
    return this.#breakers.get(key) ?? this.#set.get(key);
  }

  /** @returns Whether there was one. */
  forget(key: string): boolean {
    if (key === this.#lastKey) this.#last = undefined;
    return this.#take(key) !== undefined;
  }

  /**
   * As that of a breaker, for all there are and all to come; what one of them was tuned to by itself is lost.
   * @throws InvalidConfigError as a breaker; then all stays as it is.
   */
  tune(options: BreakerOptions): void {
    const settings = this.#settings.with(options);
    checkJitter(settings, this.#services.random);
    this.#settings = settings;
    for (const [, breaker] of this) breaker.tune(this.#settings);
  }

  /** All of them with their keys, those in another state than closed first as far as that is known. */
  *[Symbol.iterator](): Generator<[key: string, breaker: Breaker]> {
    yield* this.#set;
    yield* this.#breakers;
  }

  /** Told of the events of all of them. @returns Takes the listener back. */
  listen(listener: (event: PartEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Looks at all of them. */
  inspect(): KeyedBreakersState {
    const notClosed = this.#notClosed(SHOWN).map(([, { figures }]) => figures);
    return { name: this.name, breakers: this.size, notClosed };
  }

  /** Of those that are not closed, at most 1,000: the others begin anew elsewhere. */
  export(): BreakersSnapshot {
    return { version: 1, breakers: this.#notClosed(EXPORTED).map(([key, breaker]) => [key, breaker.export()]) };
  }

  /**
   * Goes on from there; they count as used.
   * @param agoMs As for a breaker. @throws InvalidConfigError where it is not what `export` gives; then all stays as it is.
   */
  import(snapshot: BreakersSnapshot, agoMs = 0): void {
    resumeBreakers(snapshot, agoMs, (key) => this.get(key));
  }

  #notClosed(most: number): [key: string, breaker: Breaker][] {
    const found: [string, Breaker][] = [];
    for (const each of this) {
      if (found.length === most) break;
      if (each[1].state !== 'closed') found.push(each);
    }
    return found;
  }

  #take(key: string): Breaker | undefined {
    const breaker = this.find(key);
    if (breaker !== undefined && !this.#breakers.delete(key)) this.#set.delete(key);
    return breaker;
  }

  #make(key: string): Breaker {
    const breaker = new Breaker(this.#settings, this.#services, `${this.name}:${key}`);
    if (this.size >= this.#most) this.forget(this.#leastNeeded());
    return breaker;
  }

  #leastNeeded(): string {
    let closed: string | undefined;
    let left = LOOKED_AT;
    for (const [key, breaker] of this.#breakers) {
      if (breaker.state !== 'closed') {
        this.#breakers.delete(key);
        this.#set.set(key, breaker);
        continue;
      }
      if (breaker.isCalm) return key;
      closed ??= key;
      if (--left === 0) break;
    }
    const [oldest = ''] = this.#set.keys();
    return closed ?? oldest;
  }
}

function tenantOf({ tenant }: Call): string | undefined {
  return tenant;
}
