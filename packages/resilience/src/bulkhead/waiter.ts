import type { DeadlineLane, Expiring, Place } from '@jaegis/core';
import type { Call } from '../call.ts';
import type { Guest, Partition } from './room.ts';

/** A call that waits for its turn. */
export class Waiter implements Guest<Waiter>, Expiring {
  readonly call: Call;
  readonly partition: Partition<Waiter>;
  readonly sinceMs: number;
  place: Place<Waiter> | undefined;
  dueMs = Number.POSITIVE_INFINITY;
  earlier: Expiring | undefined;
  later: Expiring | undefined;
  lane: DeadlineLane | undefined;
  /** Its turn has come. */
  readonly begin: () => void;
  /** Its turn will not come. */
  readonly fail: (error: unknown) => void;
  readonly #expire: (waiter: Waiter) => void;

  constructor(
    call: Call,
    partition: Partition<Waiter>,
    sinceMs: number,
    does: { begin: () => void; fail: (error: unknown) => void; expire: (waiter: Waiter) => void },
  ) {
    this.call = call;
    this.partition = partition;
    this.sinceMs = sinceMs;
    this.begin = does.begin;
    this.fail = does.fail;
    this.#expire = does.expire;
  }

  get priority(): number {
    return this.call.priority;
  }

  expire(): void {
    this.#expire(this);
  }
}
