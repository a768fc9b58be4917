import { type DurableTimer, limits, OverloadedError } from '@jaegis/core';
import { nextTime } from '../run/due-time.ts';
import type { Effect } from '../run/effect.ts';

/** Where timers are kept so that they fire without us. */
export interface TimerSchedules {
  /** Resolves when it will fire, whatever becomes of this process; a timer that is set again is one timer. */
  set(timer: DurableTimer): Promise<void>;
  /** Saves it the firing, if it can: what fires without being in a record has no effect. */
  clear(timer: DurableTimer): void;
}

/** What a step does to timers. */
export interface TimerStep {
  readonly fired: { readonly name: string; readonly id: string } | undefined;
  readonly effects: readonly Effect[];
}

/**
 * An entity's timers as the steps handled so far leave them. A timer is scheduled before the turn that sets it is
 * written, and a schedule that no turn has written is ignored when it fires: so no crash between the two loses one.
 */
export class Timers {
  readonly #now: () => number;
  readonly #writer: string;
  readonly #byName: Map<string, DurableTimer>;
  #ids = 0;

  /** @param writer Names the activation, so that no other one makes the same ids. */
  constructor(timers: readonly DurableTimer[], writer: string, now: () => number) {
    this.#byName = new Map(timers.map((timer) => [timer.name, timer]));
    this.#writer = writer;
    this.#now = now;
  }

  get list(): readonly DurableTimer[] {
    return [...this.#byName.values()];
  }

  /** Whether it is still set: else it was taken back or replaced before it fired. */
  has({ name, id }: { readonly name: string; readonly id: string }): boolean {
    return this.#byName.get(name)?.id === id;
  }

  /** @throws OverloadedError when the effects would set too many. */
  assertRoom(effects: readonly Effect[]): void {
    const added = effects.filter((effect) => effect.kind === 'schedule' && !this.#byName.has(effect.name)).length;
    if (added === 0 || this.#byName.size + added <= limits.timers) return;
    throw new OverloadedError(`More than ${limits.timers} timers of the entity would be set.`, {
      data: { limit: limits.timers, option: 'timers' },
    });
  }

  apply({ fired, effects }: TimerStep): void {
    if (fired) this.#onFired(fired.name);
    for (const effect of effects) {
      if (effect.kind === 'unschedule') this.#byName.delete(effect.name);
      else if (effect.kind === 'schedule') this.#set(effect);
    }
  }

  #set({ name, at, message, trace }: Effect & { readonly kind: 'schedule' }): void {
    const cron = 'cron' in at ? at.cron : undefined;
    const atMs = 'cron' in at ? nextTime(at.cron, this.#now()) : at.atMs;
    const traced = trace === undefined ? {} : { trace };
    if (atMs !== undefined) this.#byName.set(name, { name, id: this.#newId(), atMs, message, cron, ...traced });
  }

  /** The next of the times to come: those that passed unseen are made up for by this one. */
  #onFired(name: string): void {
    const timer = this.#byName.get(name);
    this.#byName.delete(name);
    if (!timer?.cron) return;
    const atMs = nextTime(timer.cron, Math.max(this.#now(), timer.atMs));
    if (atMs !== undefined) this.#byName.set(name, { ...timer, id: this.#newId(), atMs });
  }

  #newId(): string {
    this.#ids += 1;
    return `${this.#writer}${this.#ids.toString(36)}`;
  }
}

/** Those that the other list does not have. */
export function notIn(timers: readonly DurableTimer[], others: readonly DurableTimer[]): readonly DurableTimer[] {
  if (timers.length === 0) return timers;
  const ids = new Set(others.map(({ id }) => id));
  return timers.filter(({ id }) => !ids.has(id));
}
