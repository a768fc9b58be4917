/** One direction of a connection: what is carried arrives after a latency, in the order sent, or never once it is cut. */
import type { Clock } from '@jaegis/core';

export class Lane {
  readonly #clock: Clock;
  readonly #latencyMs: () => number;
  #queue: (() => void)[] = [];
  #lastAtMs = 0;
  #isHeld = false;
  /** Would have arrived while the lane was held. */
  #due = 0;

  constructor(clock: Clock, latencyMs: () => number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  carry(arrive: () => void): void {
    const nowMs = this.#clock.monotonic();
    this.#lastAtMs = Math.max(this.#lastAtMs, nowMs + this.#latencyMs());
    this.#queue.push(arrive);
    this.#letArrive(this.#lastAtMs - nowMs);
  }

  /** What is on its way waits, and so does what follows: nobody is told, and nothing is lost. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (; this.#due > 0; this.#due--) this.#letArrive(0);
  }

  /** Loses what is on its way. */
  cut(): void {
    this.#queue.length = 0;
    this.#queue = [];
    this.#due = 0;
  }

  #letArrive(afterMs: number): void {
    const queue = this.#queue;
    // The oldest is taken, whichever timer fires: rounding may turn round the order of two that are due together.
    this.#clock.setTimer(afterMs, () => {
      if (!this.#isHeld) queue.shift()?.();
      else if (queue === this.#queue) this.#due += 1;
    });
  }
}
