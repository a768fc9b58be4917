import { OverloadedError } from '@jaegis/core';

/** A bounded first-in-first-out queue on a ring that grows up to its limit. */
export class Mailbox<T> {
  readonly #limit: number;
  #items: (T | undefined)[] = new Array(4);
  #head = 0;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws OverloadedError when it holds `limit` items; nothing is taken then. */
  push(item: T): void {
    if (this.#length >= this.#limit) {
      throw new OverloadedError(`The mailbox holds ${this.#limit} messages, its limit.`, {
        data: { limit: this.#limit, option: 'mailbox' },
      });
    }
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length++) & (this.#items.length - 1)] = item;
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
    this.#items = new Array(old.length * 2);
    for (let index = 0; index < this.#length; index++) {
      this.#items[index] = old[(this.#head + index) & (old.length - 1)];
    }
    this.#head = 0;
  }
}
