/** One direction of a connection: what is carried arrives after a latency, in the order sent, or never once it is cut. */
import type { Clock } from '@jaegis/core';

export class Lane {
  readonly #clock: Clock;
  readonly #latencyMs: () => number;
  #queue: (() => void)[] = [];
  #lastAtMs = 0;

  constructor(clock: Clock, latencyMs: () => number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  carry(arrive: () => void): void {
    const nowMs = this.#clock.monotonic();
    this.#lastAtMs = Math.max(this.#lastAtMs, nowMs + this.#latencyMs());
    const queue = this.#queue;
    queue.push(arrive);
    // The oldest is taken, whichever timer fires: rounding may turn round the order of two that are due together.
    this.#clock.setTimer(this.#lastAtMs - nowMs, () => queue.shift()?.());
  }

  /** Loses what is on its way. */
  cut(): void {
    this.#queue.length = 0;
    this.#queue = [];
  }
}
