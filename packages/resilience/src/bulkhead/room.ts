/** Who may begin, and who waits until then. It knows no calls and no promises: the bulkhead acts on what it says. */
import type { Place } from '@jaegis/core';
import type { StandingDelay } from './shedding.ts';
import { type Waiting, WaitingLine } from './waiting-line.ts';

/** Those who share slots and a line. */
export interface Partition<Item extends Guest<Item>> {
  inFlight: number;
  readonly line: WaitingLine<Item>;
}

/** Who waits in a room. */
export interface Guest<Item extends Guest<Item>> extends Waiting {
  readonly partition: Partition<Item>;
  /** The room's: where it waits. */
  place: Place<Item> | undefined;
}

export interface Room<Item extends Guest<Item>, Part extends Partition<Item> = Partition<Item>> {
  /** How many at once. */
  limit: number;
  /** How many may wait, in each line. */
  maxQueue: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Where calls of this tenant belong at the moment. */
  partition(tenant: string | undefined): Part;
  /** Takes a slot, unless all that it may have are taken or others wait before it. */
  begin(partition: Part): boolean;
  /** Gives it back. */
  end(partition: Part): void;
  /** @returns Whether there was room in the line. */
  wait(guest: Item): boolean;
  /** It waits no more. */
  leave(guest: Item): void;
  /** Who begins now: it waits no more and has its slot. Calls back for those that are given up on the way. */
  next(nowMs: number, drop: (guest: Item) => void): Item | undefined;
}

/** All are equal: one limit, one line. */
export class OneLine<Item extends Guest<Item>> implements Room<Item> {
  limit: number;
  maxQueue: number;
  readonly #all: Partition<Item>;

  constructor(limit: number, maxQueue: number, delay: StandingDelay | undefined) {
    this.limit = limit;
    this.maxQueue = maxQueue;
    this.#all = { inFlight: 0, line: new WaitingLine<Item>(delay) };
  }

  get inFlight(): number {
    return this.#all.inFlight;
  }

  get queued(): number {
    return this.#all.line.size;
  }

  partition(): Partition<Item> {
    return this.#all;
  }

  begin(all: Partition<Item>): boolean {
    if (all.inFlight >= this.limit || all.line.size > 0) return false;
    all.inFlight += 1;
    return true;
  }

  end(all: Partition<Item>): void {
    all.inFlight -= 1;
  }

  wait(guest: Item): boolean {
    if (this.#all.line.size >= this.maxQueue) return false;
    guest.place = this.#all.line.add(guest);
    return true;
  }

  leave(guest: Item): void {
    if (guest.place !== undefined) this.#all.line.remove(guest.place);
  }

  next(nowMs: number, drop: (guest: Item) => void): Item | undefined {
    const { line, inFlight } = this.#all;
    if (line.size === 0 || inFlight >= this.limit) return undefined;
    const guest = line.take(nowMs, drop);
    if (guest !== undefined) this.#all.inFlight += 1;
    return guest;
  }
}
