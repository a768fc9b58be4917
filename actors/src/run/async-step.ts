import type { Waiter } from '@jaegis/core';
import type { Ask, Item } from './ask.ts';
import type { Expiring, Lane } from './deadlines.ts';

/** A handler that has returned a promise, until that settles or its time is up. */
export class AsyncStep implements Expiring {
  readonly item: Item;
  readonly #onExpire: () => void;
  /** Its result counts no more. */
  isOver = false;
  /** Re-entrant asks that are handled while it waits. */
  readonly inner = new Set<Ask>();
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: Lane | undefined = undefined;

  constructor(item: Item, onExpire: () => void) {
    this.item = item;
    this.#onExpire = onExpire;
  }

  expire(): void {
    this.#onExpire();
  }
}

/** A handler that runs inside another that waits. */
export interface InnerStep {
  readonly ask: Ask;
  readonly waiter: Waiter;
}
