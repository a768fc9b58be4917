/**
 * A queue on a ring that doubles when it is full. Unbounded: whoever owns it keeps the limit. What was taken stays in its
 * slot until {@link forget}: the flight recorder reads it there once a batch, which costs less than a note of each.
 */
export class Ring<T> {
  #items: (T | undefined)[] = new Array(4).fill(undefined);
  #head = 0;
  #length = 0;
  /** Slots before the head that were taken and may not be forgotten yet. */
  #taken = 0;

  get length(): number {
    return this.#length;
  }

  /** Those that were taken and are not forgotten. */
  get taken(): number {
    return this.#taken;
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length++) & (this.#items.length - 1)] = item;
  }

  /** Before all others. What was taken before is forgotten. */
  unshift(item: T): void {
    this.forget(0, undefined);
    if (this.#length === this.#items.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#items.length - 1);
    this.#items[this.#head] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#length--;
    this.#taken++;
    return item;
  }

  /** As {@link shift}, and forgets it at once. */
  drop(): T | undefined {
    if (this.#length === 0) return undefined;
    this.forget(0, undefined);
    const item = this.shift();
    this.forget(0, undefined);
    return item;
  }

  /** The oldest of those that wait; they stay. */
  first(most: number): T[] {
    const count = Math.min(most, this.#length);
    // They are there.
    return Array.from(
      { length: count },
      (_, index) => this.#items[(this.#head + index) & (this.#items.length - 1)] as T,
    );
  }

  /** Empties the slots of what was taken, and tells `keep` of the newest `most` of them before, the oldest first. */
  forget(most: number, keep: { record(item: T): void } | undefined): void {
    const mask = this.#items.length - 1;
    // Slots that were used again since hold what waits.
    const count = Math.min(this.#taken, this.#items.length - this.#length);
    for (let back = count; back > 0; back--) {
      const at = (this.#head - back) & mask;
      if (keep !== undefined && back <= most) keep.record(this.#items[at] as T); // it was taken, so it was there
      this.#items[at] = undefined;
    }
    this.#taken = 0;
  }

  #grow(): void {
    const old = this.#items;
    this.#items = new Array(old.length * 2).fill(undefined);
    for (let index = 0; index < this.#length; index++) {
      this.#items[index] = old[(this.#head + index) & (old.length - 1)];
    }
    this.#head = 0;
    this.#taken = 0;
  }
}
