/**
 * The world's clock as one process sees it: it may run fast or slow, be set wrong, stand still while its process hangs,
 * and it ends with the process. Keeps the obligations of the clock port: monotonic time goes on through all of that.
 */
import type { Clock, Timer } from '@jaegis/core';

interface OwnTimer {
  /** By this clock's monotonic time. */
  readonly dueMs: number;
  readonly callback: () => void;
  inWorld: Timer | undefined;
}

export class NodeClock implements Clock {
  readonly #world: Clock;
  readonly #timers = new Set<OwnTimer>();
  /** Due while the process hung, in their order. */
  #late: OwnTimer[] = [];
  #rate = 1;
  #offsetMs = 0;
  /** Since the rate was last changed. */
  #worldSinceMs = 0;
  #ownSinceMs = 0;
  /** Rounding must not make a timer see a time before it was due. */
  #reachedMs = 0;
  #state: 'running' | 'frozen' | 'stopped' = 'running';

  constructor(world: Clock) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now() + this.#offsetMs + this.monotonic() - this.#world.monotonic();
  }

  monotonic(): number {
    const ownMs = this.#ownSinceMs + (this.#world.monotonic() - this.#worldSinceMs) * this.#rate;
    return Math.max(ownMs, this.#reachedMs);
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer: OwnTimer = { dueMs: this.monotonic() + Math.max(0, delayMs), callback, inWorld: undefined };
    if (this.#state !== 'stopped') {
      this.#timers.add(timer);
      this.#arm(timer);
    }
    return timer as unknown as Timer; // opaque outside this file
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer === undefined) return;
    const own = timer as unknown as OwnTimer; // setTimer makes no others
    if (this.#timers.delete(own)) this.#world.clearTimer(own.inWorld);
  }

  /** From now on so many of its seconds pass in one of the world. 1 is right. */
  drift(rate: number): void {
    const ownMs = this.monotonic();
    this.#worldSinceMs = this.#world.monotonic();
    this.#ownSinceMs = ownMs;
    this.#rate = rate;
    for (const timer of this.#timers) {
      this.#world.clearTimer(timer.inWorld);
      if (!this.#late.includes(timer)) this.#arm(timer);
    }
  }

  /** Somebody sets the wall clock, this much forward. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** The process hangs: its timers wait. */
  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  /** It goes on, and finds that timers are overdue. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    for (const timer of this.#late.splice(0)) if (this.#timers.has(timer)) this.#arm(timer);
  }

  /** The process has died: none of its timers fires any more. */
  stop(): void {
    this.#state = 'stopped';
    for (const timer of this.#timers) this.#world.clearTimer(timer.inWorld);
    this.#timers.clear();
    this.#late = [];
  }

  #arm(timer: OwnTimer): void {
    const inWorldMs = (timer.dueMs - this.monotonic()) / this.#rate;
    timer.inWorld = this.#world.setTimer(inWorldMs, () => this.#fire(timer));
  }

  #fire(timer: OwnTimer): void {
    if (this.#state === 'frozen') {
      this.#late.push(timer);
      return;
    }
    this.#timers.delete(timer);
    this.#reachedMs = Math.max(this.#reachedMs, timer.dueMs);
    timer.callback();
  }
}
