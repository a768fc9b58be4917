import type { Clock, Timer } from '@jaegis/core';

/** A resolved promise: `then` on it is the cheapest way to the next microtask. */
const soon = Promise.resolve();

/**
 * What waits leaves at once when it has this size: its receiver works on it while the sender goes on. The first packets
 * of a turn are small, so that it begins early; the later ones large, since each costs both of them something.
 */
const FIRST_FULL_BYTES = 2 * 1024;
const MOST_FULL_BYTES = 16 * 1024;

/**
 * When what waits for one subject leaves. After a rest that is as soon as the code that runs now and all that it has
 * made ready are through, which is where the answers to one packet are; what comes later in the same turn of the event
 * loop leaves together at its end, or when it is much. So a lone message does not wait for the loop, and many make few
 * packets.
 */
export class Departure {
  readonly #clock: Clock;
  readonly #leave: () => void;
  #isDue = false;
  /** Set since something left in this turn. */
  #turnEnd: Timer | undefined;
  #fullBytes = FIRST_FULL_BYTES;
  #isClosed = false;

  constructor(clock: Clock, leave: () => void) {
    this.#clock = clock;
    this.#leave = leave;
  }

  /** @param bytes How much waits. */
  soon(bytes: number): void {
    if (bytes >= this.#fullBytes) this.#leaveFull();
    // Also where nothing waits any more: the end of the turn makes packets small again.
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#turnEnd === undefined) void soon.then(this.#onCodeEnd);
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#isClosed = true;
    this.#clock.clearTimer(this.#turnEnd);
  }

  #leaveFull(): void {
    this.#fullBytes = Math.min(2 * this.#fullBytes, MOST_FULL_BYTES);
    this.#leave();
  }

  readonly #onCodeEnd = (): void => {
    if (this.#isClosed) return;
    this.#turnEnd = this.#clock.setTimer(0, this.#onTurnEnd);
    this.#isDue = false;
    this.#leave();
  };

  readonly #onTurnEnd = (): void => {
    this.#turnEnd = undefined;
    this.#fullBytes = FIRST_FULL_BYTES;
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#leave();
  };
}
