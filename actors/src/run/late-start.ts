import type { Clock, Timer } from '@jaegis/core';

/** A start, or an awakening, that takes its time: what comes first of its result, its end and an order to stop counts. */
export class LateStart {
  readonly #clock: Clock;
  #timer: Timer | undefined = undefined;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  limit(ms: number, late: () => void): void {
    if (ms !== Number.POSITIVE_INFINITY && !this.#isOver) this.#timer = this.#clock.setTimer(ms, late);
  }

  settle(finish: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.clearTimer(this.#timer);
    finish();
  }
}
