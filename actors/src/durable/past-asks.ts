import { hash32, limits } from '@jaegis/core';

/** Of an entry: it is the first of its turn. */
const BEGINS = 0x8000;
const MARKS = BEGINS - 1;
const BYTES = 2;

/** As {@link PastAsks.bytes} of no turns: of a record, what is empty is left out, and is not known then. */
export const nothingPast = Uint8Array.of(BEGINS >> 8, 0);

/**
 * Which asks and sends the kept turns have answered, as marks of 15 bits of their ids: a new owner sees by the newest
 * record alone that an id is new, and reads the turns before it only for one that may not be (decision 0045). A turn that
 * answered nothing has one entry without a mark. Bounded: it may know no more than that it does not know all.
 */
export class PastAsks {
  /** Oldest first. */
  readonly #entries: number[] = [];
  readonly #keptTurns: number;
  #turns = 0;
  /** Each turn that is kept is in it. */
  #isWhole: boolean;

  /**
   * @param given As {@link bytes} gave it; undefined where that is not known.
   * @param keptTurns How many turns of an entity are kept.
   */
  constructor(given: Uint8Array | undefined, keptTurns: number) {
    this.#keptTurns = keptTurns;
    this.#isWhole = given !== undefined;
    if (given === undefined) return;
    const view = new DataView(given.buffer, given.byteOffset, given.byteLength);
    for (let at = 0; at + BYTES <= given.length; at += BYTES) this.#push(view.getUint16(at));
  }

  /** Whether an ask or send of this id may be among them. */
  mayHave(id: string): boolean {
    if (!this.#isWhole) return true;
    const mark = markOf(id);
    return this.#entries.some((entry) => (entry & MARKS) === mark);
  }

  /** What one more turn has answered. @param replaces It has dropped those before it. */
  add(ids: readonly string[], replaces: boolean): void {
    if (replaces) this.#clear();
    this.#push(BEGINS | (ids[0] === undefined ? 0 : markOf(ids[0])));
    for (const id of ids.slice(1)) this.#push(markOf(id));
    this.#bound();
  }

  /** For the next record. Undefined where not all is known. */
  get bytes(): Uint8Array | undefined {
    if (!this.#isWhole) return undefined;
    if (this.#entries.length === 0) return nothingPast;
    const bytes = new Uint8Array(this.#entries.length * BYTES);
    const view = new DataView(bytes.buffer);
    for (const [index, entry] of this.#entries.entries()) view.setUint16(index * BYTES, entry);
    return bytes;
  }

  #push(entry: number): void {
    this.#entries.push(entry);
    if (entry & BEGINS) this.#turns++;
  }

  #clear(): void {
    this.#entries.length = 0;
    this.#turns = 0;
    this.#isWhole = true;
  }

  #bound(): void {
    while (this.#turns > this.#keptTurns || (this.#entries.length > limits.pastAsks && this.#turns > 0)) {
      // What is above the number of turns is dropped by the journal too.
      this.#isWhole = this.#turns > this.#keptTurns;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const next = this.#entries.findIndex((entry, index) => index > 0 && (entry & BEGINS) !== 0);
    this.#entries.splice(0, next === -1 ? this.#entries.length : next);
    this.#turns--;
  }
}

/** Never 0, which is none. */
function markOf(id: string): number {
  return (hash32(id) % MARKS) + 1;
}
