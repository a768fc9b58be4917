/** A queue on a ring that doubles when it is full. Unbounded: whoever owns it keeps the limit. */
export class Ring<T> {
  #items: (T | undefined)[] = new Array(4).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length++) & (this.#items.length - 1)] = item;
  }

  unshift(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#items.length - 1);
    this.#items[this.#head] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#length--;
    return item;
  }

  #grow(): void {
    const old = this.#items;
    this.#items = new Array(old.length * 2).fill(undefined);
    for (let index = 0; index < this.#length; index++) {
      this.#items[index] = old[(this.#head + index) & (old.length - 1)];
    }
    this.#head = 0;
  }
}
