import { type Clock, limits } from '@jaegis/core';

/** Something with messages to handle. `run` handles at most `batch` of them and says whether some are left. */
export interface Runnable {
  run(batch: number): boolean;
}

/** How long actors may run before the event loop gets its turn, in ms. */
const SLICE_MS = 5;

/**
 * Runs actors that have messages, a batch each in turn, so that a busy one cannot starve the others; after a slice of
 * time it lets the event loop go first.
 */
export class Scheduler {
  readonly #clock: Clock;
  #ready: Runnable[] = [];
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  schedule(runnable: Runnable): void {
    this.#ready.push(runnable);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    const sliceEnds = this.#clock.monotonic() + SLICE_MS;
    while (this.#ready.length > 0) {
      const round = this.#ready;
      this.#ready = [];
      for (const runnable of round) {
        if (runnable.run(limits.batch)) this.#ready.push(runnable);
      }
      if (this.#ready.length > 0 && this.#clock.monotonic() >= sliceEnds) {
        this.#clock.setTimer(0, () => this.#drain());
        return;
      }
    }
    this.#scheduled = false;
  }
}
