import type { Clock, Timer } from '@jaegis/core';
import type { Traces } from './traces.ts';

/**
 * The clock of a node for whatever runs code of users: its timers run outside all traces. One alarm goes off for many
 * of them, and each would be part of what had set the first.
 */
export class UntracedClock implements Clock {
  readonly #clock: Clock;
  readonly #traces: Traces;

  constructor(clock: Clock, traces: Traces) {
    this.#clock = clock;
    this.#traces = traces;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#clock.setTimer(delayMs, () => this.#traces.outside(callback));
  }

  clearTimer(timer: Timer | undefined): void {
    this.#clock.clearTimer(timer);
  }
}
