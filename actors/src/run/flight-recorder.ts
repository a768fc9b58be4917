import type { Message } from './protocol.ts';

/** One message that an actor handled, and the mode that it was in afterwards. */
export interface FlightEntry {
  readonly message: Message;
  readonly mode: unknown;
  /** Of the monotonic clock, in ms; good to a batch. */
  readonly atMs: number;
}

const SLOTS = 3;

/** The last messages and transitions of an actor, for its crash report. Keeps references, and at most `limit` of them. */
export class FlightRecorder {
  readonly #limit: number;
  #slots: unknown[] = [];
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit * SLOTS;
  }

  /** On the path of every message: three stores into an array that grows only until it is full. */
  record(message: Message, mode: unknown, atMs: number): void {
    const at = this.#next;
    this.#slots[at] = message;
    this.#slots[at + 1] = mode;
    this.#slots[at + 2] = Math.round(atMs);
    this.#next = at + SLOTS === this.#limit ? 0 : at + SLOTS;
  }

  /** Oldest first. */
  entries(): FlightEntry[] {
    const slots = [...this.#slots.slice(this.#next), ...this.#slots.slice(0, this.#next)];
    const entries: FlightEntry[] = [];
    for (let at = 0; at < slots.length; at += SLOTS) {
      // Written by `record` in this order.
      entries.push({ message: slots[at] as Message, mode: slots[at + 1], atMs: slots[at + 2] as number });
    }
    return entries;
  }
}
