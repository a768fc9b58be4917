/**
 * The delayed events of one running machine and its children, on the kernel's clock: stands in for XState's scheduler,
 * which keeps them in timers that nobody can read, so that they are lost with the process (statelyai/xstate #5331).
 */
import type { Clock, Timer } from '@jaegis/core';
import type { AnyActorRef, EventObject } from 'xstate';
import { actorAt, pathOf } from './children.ts';

/** A delayed event as plain data. */
export interface DelayRecord {
  /** Ids of children on the way from the machine to the actor that set it, and to the one that gets it. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly event: EventObject;
  readonly id: string;
  /** The whole delay, in ms. */
  readonly delayMs: number;
  /** When it is due, in ms since 1970. */
  readonly dueAt: number;
  /** What was left of it when this was recorded, in ms. */
  readonly leftMs: number;
}

/** When a delayed event fires after a restore. See `RestoreOptions`. */
export type DelayPolicy = 'deadline' | 'remaining' | 'anew';

interface Pending {
  readonly source: AnyActorRef;
  readonly target: AnyActorRef;
  readonly event: EventObject;
  readonly id: string;
  readonly delayMs: number;
  /** Of the monotonic clock. */
  readonly dueMs: number;
  /** The step that set it. */
  readonly step: number;
  timer: Timer | undefined;
}

export class Delays {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #bySource = new Map<AnyActorRef, Pending[]>();
  /** Gone since the last commit: a crash brings them back. */
  #gone: Pending[] = [];
  #step = 0;
  #unnamed = 0;

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  get isEmpty(): boolean {
    return this.#bySource.size === 0;
  }

  /** To be put in the place of the scheduler of an actor system. */
  readonly scheduler = {
    schedule: (source: AnyActorRef, target: AnyActorRef, event: EventObject, delayMs: number, id?: string): void =>
      this.#set({ source, target, event, delayMs, id: id ?? `delay.${this.#unnamed++}` }, delayMs),
    cancel: (source: AnyActorRef, id: string): void => this.#remove(source, (pending) => pending.id === id),
    cancelAll: (source: AnyActorRef): void => this.#remove(source, () => true),
  };

  /** What was set and is gone since the last commit is final from now on. */
  commit(): void {
    this.#step += 1;
    if (this.#gone.length > 0) this.#gone = [];
  }

  /** The delays as they were at the last commit. */
  record(root: AnyActorRef): DelayRecord[] {
    const now = this.#clock.monotonic();
    const known = [...[...this.#bySource.values()].flat(), ...this.#gone].filter(({ step }) => step < this.#step);
    return known.flatMap(({ source, target, event, id, delayMs, dueMs }) => {
      const from = pathOf(source, root);
      const to = pathOf(target, root);
      if (!from || !to) return []; // to a machine elsewhere: it cannot be named
      const leftMs = Math.max(0, dueMs - now);
      return [{ source: from, target: to, event, id, delayMs, leftMs, dueAt: this.#clock.now() + dueMs - now }];
    });
  }

  /** Those whose actors are gone are left out. */
  restore(records: readonly DelayRecord[], root: AnyActorRef, policy: DelayPolicy): void {
    for (const record of [...records].sort((a, b) => a.dueAt - b.dueAt)) {
      const source = actorAt(root, record.source);
      const target = actorAt(root, record.target);
      if (!source || !target) continue;
      const { event, id, delayMs, leftMs, dueAt } = record;
      const afterMs = { deadline: dueAt - this.#clock.now(), remaining: leftMs, anew: delayMs }[policy];
      this.#set({ source, target, event, id, delayMs }, Math.max(0, afterMs));
    }
  }

  stop(): void {
    for (const pending of [...this.#bySource.values()].flat()) this.#clock.clearTimer(pending.timer);
    this.#bySource.clear();
  }

  #set(what: Omit<Pending, 'dueMs' | 'step' | 'timer'>, afterMs: number): void {
    const dueMs = this.#clock.monotonic() + afterMs;
    const pending: Pending = { ...what, dueMs, step: this.#step, timer: undefined };
    pending.timer = this.#clock.setTimer(afterMs, () => this.#fire(pending));
    const others = this.#bySource.get(what.source);
    if (others) others.push(pending);
    else this.#bySource.set(what.source, [pending]);
  }

  #fire(pending: Pending): void {
    try {
      this.#remove(pending.source, (other) => other === pending);
      pending.target.send(pending.event);
    } catch (error) {
      this.#onError(error);
    }
  }

  #remove(source: AnyActorRef, isMeant: (pending: Pending) => boolean): void {
    const all = this.#bySource.get(source);
    if (!all) return;
    const kept: Pending[] = [];
    for (const pending of all) {
      if (!isMeant(pending)) {
        kept.push(pending);
        continue;
      }
      this.#clock.clearTimer(pending.timer);
      if (pending.step < this.#step) this.#gone.push(pending);
    }
    if (kept.length > 0) this.#bySource.set(source, kept);
    else this.#bySource.delete(source);
  }
}
