import { FairQueue, type Place } from '@jaegis/core';
import type { StandingDelay } from './shedding.ts';

/** What waits for its turn. */
export interface Waiting {
  /** 0 to 9, 0 first. */
  readonly priority: number;
  /** Since when it waits, of the monotonic clock, in ms. */
  readonly sinceMs: number;
}

/**
 * By priority and then by arrival. Where a standing delay is looked for and found, those that waited long are dropped,
 * since their callers are about to give up, and those that came last begin first, since theirs are not.
 */
export class WaitingLine<Item extends Waiting> {
  readonly #queue = new FairQueue<Item>();
  readonly #delay: StandingDelay | undefined;

  constructor(delay: StandingDelay | undefined) {
    this.#delay = delay;
  }

  get size(): number {
    return this.#queue.size;
  }

  add(item: Item): Place<Item> {
    if (this.#queue.size === 0) this.#delay?.rest();
    return this.#queue.add(item, item.priority);
  }

  remove(place: Place<Item>): boolean {
    return this.#queue.remove(place);
  }

  /** The next one. Undefined also where all that waited were dropped. */
  take(nowMs: number, drop: (item: Item) => void): Item | undefined {
    const delay = this.#delay;
    if (delay === undefined) return this.#queue.take();
    const oldestMs = this.#queue.firsts().reduce((oldest, { sinceMs }) => Math.min(oldest, sinceMs), nowMs);
    const isStanding = delay.look(nowMs - oldestMs, nowMs);
    if (isStanding) {
      for (const item of this.#queue.removeFirstWhile(({ sinceMs }) => nowMs - sinceMs > delay.mostMs)) drop(item);
    }
    return this.#queue.take(isStanding);
  }
}
