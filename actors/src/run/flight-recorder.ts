import { Ask, type Item } from './ask.ts';
import type { Behavior } from './contract.ts';
import type { Message } from './protocol.ts';

/** One message that an actor handled, and the mode that it was in afterwards. */
export interface FlightEntry {
  readonly message: Message;
  /** Of actors that have modes: machines, and handlers with a `mode` function. */
  readonly mode?: unknown;
}

/** The mode after the message before it. */
class Mode {
  readonly mode: unknown;

  constructor(mode: unknown) {
    this.mode = mode;
  }
}

/** A message takes a slot, and at most one for its mode. */
const SLOTS = 2;

/**
 * The last messages and transitions of an actor, for its crash report. It is on the path of every message, so it writes
 * into a short list and takes a new one when that is full: a store into a young list costs the collector nothing.
 */
export class FlightRecorder {
  readonly #limit: number;
  readonly #size: number;
  #list: unknown[] = [];
  #length = 0;
  #before: readonly unknown[] = [];

  /** @param limit messages that it shows. It may keep up to four times as many. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#size = limit * SLOTS;
  }

  record(item: Item): void {
    if (this.#length >= this.#size) this.#turn();
    this.#list[this.#length++] = item;
  }

  /** After the message that was recorded last. */
  recordMode(mode: unknown): void {
    this.#list[this.#length++] = new Mode(mode);
  }

  /** Oldest first. Without the message that is under way, if it is given. */
  entriesBefore(current: Message | undefined): FlightEntry[] {
    const entries: { message: Message; mode?: unknown }[] = [];
    for (const item of [...this.#before, ...this.#list.slice(0, this.#length)]) {
      const last = entries.at(-1);
      if (item instanceof Ask) entries.push({ message: item.message });
      else if (!(item instanceof Mode))
        entries.push({ message: item as Message }); // nothing else is recorded
      else if (last) last.mode = item.mode;
    }
    const underWay = current ? entries.findLastIndex(({ message }) => message === current) : -1;
    if (underWay >= 0) entries.splice(underWay, 1);
    return entries.slice(-this.#limit);
  }

  #turn(): void {
    this.#list.length = this.#length;
    this.#before = this.#list;
    this.#list = new Array(this.#size + SLOTS);
    this.#length = 0;
  }
}

/** Where a mode matters, one that fails is a crash; here it is only noted. */
export function modeForRecord(behavior: Behavior, state: unknown): unknown {
  try {
    return behavior.mode(state);
  } catch {
    return 'mode failed';
  }
}
