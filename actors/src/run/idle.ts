import type { DeadlineLane, Expiring } from '@jaegis/core';

/** The time without a message after which an actor sleeps. */
export class Idle implements Expiring {
  readonly afterMs: number;
  readonly expire: () => void;
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: DeadlineLane | undefined = undefined;

  constructor(afterMs: number, expire: () => void) {
    this.afterMs = afterMs;
    this.expire = expire;
  }
}
