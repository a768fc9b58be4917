import type { DeadlineLane, Expiring, Waiter } from '@jaegis/core';
import type { Ask, Item } from './ask.ts';

/** A handler that has returned a promise, until that settles or its time is up. */
export class AsyncStep implements Expiring {
  readonly item: Item;
  readonly #onExpire: () => void;
  /** What its result comes to, while handlers still run inside it. */
  #held: (() => void) | undefined = undefined;
  /** Its result counts no more. */
  isOver = false;
  /** Handlers of re-entrant asks that run while it waits. */
  readonly inner = new Set<InnerStep>();
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: DeadlineLane | undefined = undefined;

  constructor(item: Item, onExpire: () => void) {
    this.item = item;
    this.#onExpire = onExpire;
  }

  expire(): void {
    this.#onExpire();
  }

  /** Its handler has settled: that counts once nothing runs inside it any more. */
  settle(finish: () => void): void {
    if (this.inner.size === 0) finish();
    else this.#held = finish;
  }

  /** What ran inside it is done. False: it was cut off before. */
  leave(inner: InnerStep): boolean {
    return this.inner.delete(inner);
  }

  /** After {@link leave}, and all that followed from it. */
  left(): void {
    if (this.inner.size > 0 || this.isOver) return;
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  /** What runs inside it ends with it: those results count no more, and those asks fail. */
  abandonInner(errorFor: (ask: Ask) => unknown): void {
    const abandoned = [...this.inner];
    this.inner.clear();
    for (const inner of abandoned) inner.abandon(errorFor(inner.ask));
  }
}

/** A handler that runs inside another that waits. */
export interface InnerStep {
  readonly ask: Ask;
  readonly waiter: Waiter;
  /** It was cut off, or its incarnation has ended. */
  readonly isOver: boolean;
  abandon(error: unknown): void;
}
