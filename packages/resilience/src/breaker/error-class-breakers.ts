import { hasCode } from '@jaegis/core';
import type { Call, Inner, Part } from '../call.ts';
import { Listeners } from '../listeners.ts';
import type { PartEvent } from '../services.ts';
import { Breaker, type BreakerFigures, type BreakerServices } from './breaker.ts';
import type { BreakerEvent } from './events.ts';
import { type BreakerOptions, BreakerSettings, checkJitter, refused } from './settings.ts';
import { type BreakersSnapshot, resumeBreakers } from './snapshot.ts';

export interface ErrorClassBreakersOptions extends BreakerOptions {
  /** The class of an error: its code, its name, a status. Where it throws the class is `unknown`. */
  readonly classOf: (error: unknown) => string;
  /** Classes that are told apart; the errors of all further ones are one class, `other`. Default 16. */
  readonly most?: number | undefined;
}

const OTHER = 'other';
const UNKNOWN = 'unknown';

/**
 * A breaker per class of errors, each by the same thresholds, for where a few of one kind say more than a few of each.
 * A call goes through all of them, so one that is open refuses it; an error counts for the breaker of its class only, and
 * a success for all.
 */
export class ErrorClassBreakers implements Part {
  readonly name: string;
  readonly #options: BreakerOptions;
  readonly #settings: BreakerSettings;
  readonly #services: BreakerServices;
  readonly #classOf: (error: unknown) => string;
  readonly #most: number;
  readonly #listeners = new Listeners<PartEvent>();
  readonly #breakers = new Map<string, Breaker>();

  /** @throws InvalidConfigError as a breaker, and for `most`. */
  constructor({ classOf, most = 16, ...options }: ErrorClassBreakersOptions, services: BreakerServices) {
    if (!Number.isInteger(most) || most < 1) throw refused('most', most, 'a whole number from 1');
    this.#options = options;
    this.#settings = new BreakerSettings(options);
    this.name = this.#settings.name;
    checkJitter(this.#settings, services.random);
    this.#services = services;
    this.#classOf = classOf;
    this.#most = most;
  }

  /** The breaker of a class, once there was an error of it. Its name is that of all, a colon, and the class. */
  find(errorClass: string): Breaker | undefined {
    return this.#breakers.get(errorClass);
  }

  async run(call: Call, inner: Inner): Promise<unknown> {
    let through = inner;
    for (const breaker of this.#breakers.values()) {
      const next = through;
      through = (passed) => breaker.run(passed, next);
    }
    try {
      return await through(call);
    } catch (error) {
      if (!this.#isOurs(error)) this.#begin(error, call);
      throw error;
    }
  }

  /** Told of the events of all of them. @returns Takes the listener back. */
  listen(listener: (event: PartEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  inspect(): { readonly name: string; readonly breakers: readonly BreakerFigures[] } {
    return { name: this.name, breakers: [...this.#breakers.values()].map(({ figures }) => figures) };
  }

  /** Of each class. */
  export(): BreakersSnapshot {
    return { version: 1, breakers: [...this.#breakers].map(([errorClass, breaker]) => [errorClass, breaker.export()]) };
  }

  /**
   * Goes on from there.
   * @param agoMs As for a breaker. @throws InvalidConfigError where it is not what `export` gives; then all stays as it is.
   */
  import(snapshot: BreakersSnapshot, agoMs = 0): void {
    resumeBreakers(snapshot, agoMs, (errorClass) => this.#get(errorClass));
  }

  /** The first error of its class counts too. */
  #begin(error: unknown, call: Call): void {
    const errorClass = this.#known(error);
    if (this.#breakers.has(errorClass)) return;
    this.#get(errorClass)
      .run(call, () => Promise.reject(error))
      .catch(() => {});
  }

  #get(given: string): Breaker {
    const errorClass = this.#placeOf(given);
    const breaker = this.#breakers.get(errorClass) ?? this.#make(errorClass);
    this.#breakers.set(errorClass, breaker);
    return breaker;
  }

  #make(errorClass: string): Breaker {
    const { ignores, onEvent } = this.#settings;
    const isOfOthers = (error: unknown) => this.#isOurs(error) || this.#known(error) !== errorClass;
    const options: BreakerOptions = {
      ...this.#options,
      ignores: (error, call) => isOfOthers(error) || ignores(error, call),
      // Each of the others ignores it, which is no news.
      onEvent: (event) => {
        if (event.type !== 'ignored' || event.reason === 'late' || !isOfOthers(event.error)) this.#tell(event, onEvent);
      },
    };
    return new Breaker(options, this.#services, `${this.name}:${errorClass}`);
  }

  #tell(event: BreakerEvent, onEvent: BreakerOptions['onEvent']): void {
    this.#listeners.tell({ ...event, part: 'breaker' });
    onEvent?.(event);
  }

  /** One that cannot be told is of a class of its own: what fails to tell it must not hide the error. */
  #known(error: unknown): string {
    let errorClass = UNKNOWN;
    try {
      errorClass = this.#classOf(error);
    } catch {}
    return this.#placeOf(errorClass);
  }

  #placeOf(errorClass: string): string {
    return this.#breakers.has(errorClass) || this.#breakers.size < this.#most - 1 ? errorClass : OTHER;
  }

  /** A refusal of one of these, which is no error of what they guard. */
  #isOurs(error: unknown): boolean {
    if (!hasCode(error, 'breaker_open')) return false;
    const { data } = error as { data?: { breaker?: unknown } }; // what has a code is an object
    return [...this.#breakers.values()].some(({ name }) => name === data?.breaker);
  }
}
