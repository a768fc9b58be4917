import type { Subscription } from '@jaegis/core';

/** Who wants to be told. Those told may come and go meanwhile. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>();

  add(listener: (...args: Args) => void): Subscription {
    this.#listeners.add(listener);
    return { unsubscribe: () => void this.#listeners.delete(listener) };
  }

  call(...args: Args): void {
    for (const listener of [...this.#listeners]) listener(...args);
  }
}
