import type { Clock, Timer } from '@jaegis/core';

/** A resolved promise: `then` on it is the cheapest way to the next microtask. */
const soon = Promise.resolve();

/**
 * When what waits for one subject leaves. After a rest that is as soon as the code that runs now and all that it has
 * made ready are through, which is where the answers to one packet are; what comes later in the same turn of the event
 * loop leaves together at its end. So a lone message does not wait for the loop, and many make few packets.
 */
export class Departure {
  readonly #clock: Clock;
  readonly #leave: () => void;
  #isDue = false;
  /** Set since something left in this turn. */
  #turnEnd: Timer | undefined;
  #isClosed = false;

  constructor(clock: Clock, leave: () => void) {
    this.#clock = clock;
    this.#leave = leave;
  }

  /** Something waits. */
  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#turnEnd === undefined) void soon.then(this.#onCodeEnd);
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#isClosed = true;
    this.#clock.clearTimer(this.#turnEnd);
  }

  readonly #onCodeEnd = (): void => {
    if (this.#isClosed) return;
    this.#turnEnd = this.#clock.setTimer(0, this.#onTurnEnd);
    this.#isDue = false;
    this.#leave();
  };

  readonly #onTurnEnd = (): void => {
    this.#turnEnd = undefined;
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#leave();
  };
}
