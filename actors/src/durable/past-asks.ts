import { hash32, limits } from '@jaegis/core';

/** A mark has 12 bits; in memory, one more says that it is the first of its turn. */
const BITS = 12;
const BEGINS = 1 << BITS;
/** Of a turn that answered nothing. */
const NONE = 0;
/** As bytes: what follows is of the same turn as what is before it. */
const JOINS = BEGINS - 1;

/** As {@link PastAsks.bytes} of no turns: of a record, what is empty is left out, and is not known then. */
export const nothingPast = packed([NONE]);

/**
 * Which asks and sends the kept turns have answered, as marks of their ids: a new owner sees by the newest record alone
 * that an id is new, and reads the turns before it only for one that may not be (decision 0045). Bounded: it may know no
 * more than that it does not know all.
 */
export class PastAsks {
  /** Oldest first. */
  readonly #entries: number[] = [];
  /** That are kept before the one whose record says so. */
  readonly #before: number;
  #turns = 0;
  /** Each turn that is kept is in it. */
  #isWhole: boolean;

  /**
   * @param given As {@link bytes} gave it; undefined where that is not known.
   * @param keptTurns How many turns of an entity are kept: the newest, which says itself what it has answered, and those
   * before it.
   */
  constructor(given: Uint8Array | undefined, keptTurns: number) {
    this.#before = keptTurns - 1;
    this.#isWhole = given !== undefined;
    let begins = BEGINS;
    for (const mark of given === undefined ? [] : unpacked(given)) {
      if (mark !== JOINS) this.#push(mark | begins);
      begins = mark === JOINS ? 0 : BEGINS;
    }
  }

  /** Whether an ask or send of this id may be among them. */
  mayHave(id: string): boolean {
    if (!this.#isWhole) return true;
    const mark = markOf(id);
    return this.#entries.some((entry) => (entry & ~BEGINS) === mark);
  }

  /** What one more turn has answered. @param replaces It has dropped those before it. */
  add(ids: readonly string[], replaces: boolean): void {
    if (replaces) this.#clear();
    this.#push(BEGINS | (ids[0] === undefined ? NONE : markOf(ids[0])));
    for (const id of ids.slice(1)) this.#push(markOf(id));
    this.#bound();
  }

  /** For the next record. Undefined where not all is known. */
  get bytes(): Uint8Array | undefined {
    if (!this.#isWhole) return undefined;
    if (this.#entries.length === 0) return nothingPast;
    return packed(this.#entries.flatMap((entry) => (entry & BEGINS ? entry ^ BEGINS : [JOINS, entry])));
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
    while (this.#turns > this.#before || (this.#entries.length > limits.pastAsks && this.#turns > 0)) {
      // What is above the number of turns is dropped by the journal too.
      this.#isWhole = this.#turns > this.#before;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const next = this.#entries.findIndex((entry, index) => index > 0 && (entry & BEGINS) !== 0);
    this.#entries.splice(0, next === -1 ? this.#entries.length : next);
    this.#turns--;
  }
}

/** Neither none nor the sign that joins. */
function markOf(id: string): number {
  return (hash32(id) % (JOINS - 1)) + 1;
}

/** Two marks are three bytes. */
function packed(marks: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((marks.length * BITS) / 8));
  for (const [index, mark] of marks.entries()) {
    const at = (index * BITS) >> 3;
    const isSecond = index % 2 === 1;
    bytes[at] = isSecond ? (bytes[at] ?? 0) | (mark >> 8) : mark >> 4;
    bytes[at + 1] = isSecond ? mark & 0xff : (mark & 0xf) << 4;
  }
  return bytes;
}

function unpacked(bytes: Uint8Array): number[] {
  return Array.from({ length: Math.floor((bytes.length * 8) / BITS) }, (_, index) => {
    const at = (index * BITS) >> 3;
    const both = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    return index % 2 === 1 ? both & 0xfff : both >> 4;
  });
}
