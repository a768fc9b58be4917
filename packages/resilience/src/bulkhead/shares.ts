/** One limit for many tenants, of which each has its part for sure and may borrow what others do not use. */
import type { Clock } from '@jaegis/core';
import { checkOptions, namesOf } from '../known-options.ts';
import { positive, whole } from './checked.ts';
import type { Guest, Partition, Room } from './room.ts';
import type { StandingDelay } from './shedding.ts';
import { WaitingLine } from './waiting-line.ts';

export interface SharesOptions {
  /** Tenants that are known beforehand, with their weights. They are never forgotten: their share is kept for them. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  /** The weight of any other tenant, and of all together that are not told from each other. Default 1. */
  readonly usualWeight?: number | undefined;
  /** How many tenants that are not known beforehand are told from each other; the others share one part. Default 64. */
  readonly most?: number | undefined;
  /**
   * For so long, in ms, slots of a tenant's share that it has used are kept for it. The others are lent to whoever comes,
   * or waits when a call ends, and come back as the calls in them end. A tenant that has had no call for twice as long is
   * forgotten. Default 1,000.
   */
  readonly lendAfterMs?: number | undefined;
}

const names = namesOf<SharesOptions>({ weights: true, usualWeight: true, most: true, lendAfterMs: true });

/** One tenant at the moment. */
export interface ShareView {
  /** Undefined: all that are not told from each other. */
  readonly tenant: string | undefined;
  /** Slots that are its own for sure. */
  readonly share: number;
  readonly inFlight: number;
  readonly queued: number;
}

/** What a room needs to know besides. */
export interface SharesRoom {
  readonly clock: Clock;
  readonly limit: number;
  readonly maxQueue: number;
  /** For each line anew, where one is looked for. */
  readonly delay?: () => StandingDelay | undefined;
}

interface Share<Item extends Guest<Item>> extends Partition<Item> {
  readonly tenant: string | undefined;
  weight: number;
  isKnownBeforehand: boolean;
  /** Slots that it needed at most in the present and in the last window. */
  peak: number;
  peakBefore: number;
  /** Of the first in its line, in virtual time. */
  finish: number;
}

/**
 * Weighted fair queueing over tenants by virtual time (self-clocked: Golestani, 1994), above which each has guaranteed
 * slots: its part of the limit by its weight among those that are there, and at least one. Who has not reached its
 * guarantee comes before those that borrow. A tenant has a line of its own: where it asks for too much it fills that one
 * and waits there by itself.
 */
export class Shares<Item extends Guest<Item>> implements Room<Item, Share<Item>> {
  maxQueue: number;
  readonly #clock: Clock;
  readonly #delay: () => StandingDelay | undefined;
  #usualWeight = 1;
  #most = 0;
  #windowMs = 0;
  readonly #shares = new Map<string | undefined, Share<Item>>();
  /** Those that have a line, in the order of their turn. */
  readonly #turns: Share<Item>[] = [];
  #limit: number;
  #inFlight = 0;
  #weight = 0;
  #strangers = 0;
  /** Free slots that are not lent, of all. */
  #reserved = 0;
  #nowVirtual = 0;
  #windowEndsMs: number;

  /** @throws InvalidConfigError for options out of their range; `data.path` begins with `path`. */
  constructor(options: SharesOptions, room: SharesRoom, path = 'shares') {
    this.#clock = room.clock;
    this.#limit = room.limit;
    this.maxQueue = room.maxQueue;
    this.#delay = room.delay ?? (() => undefined);
    this.tune(options, path);
    this.#windowEndsMs = room.clock.monotonic() + this.#windowMs;
  }

  /**
   * Takes effect at once, for who is there too: a tenant that is not known beforehand any more is one of the others.
   * @throws InvalidConfigError as the constructor; nothing is changed then.
   */
  tune(options: SharesOptions, path = 'shares'): void {
    checkShares(options, path);
    const { weights = {}, usualWeight = 1, most = 64, lendAfterMs = 1_000 } = options;
    this.#usualWeight = usualWeight;
    this.#most = most;
    this.#windowMs = lendAfterMs;
    for (const share of this.#shares.values()) {
      if (share.tenant === undefined || !Object.hasOwn(weights, share.tenant)) this.#setKnown(share, undefined);
    }
    for (const [tenant, weight] of Object.entries(weights)) {
      const share = this.#shares.get(tenant);
      if (share === undefined) this.#add(tenant, weight, true);
      else this.#setKnown(share, weight);
    }
    this.#reserve();
  }

  /** @param weight Undefined: it is not known beforehand. */
  #setKnown(share: Share<Item>, weight: number | undefined): void {
    const isKnown = weight !== undefined;
    if (share.isKnownBeforehand !== isKnown) this.#strangers += isKnown ? -1 : 1;
    share.isKnownBeforehand = isKnown;
    share.weight = weight ?? this.#usualWeight;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#reserve();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#turns.reduce((sum, { line }) => sum + line.size, 0);
  }

  /** The tenants that are told from each other at the moment. */
  get views(): ShareView[] {
    return Array.from(this.#shares.values(), (share) => {
      const { tenant, inFlight, line } = share;
      return { tenant, share: this.#guarantee(share), inFlight, queued: line.size };
    });
  }

  partition(tenant: string | undefined): Share<Item> {
    const known = this.#shares.get(tenant);
    if (known !== undefined) return known;
    if (tenant === undefined) return this.#add(undefined, this.#usualWeight, false);
    if (this.#strangers >= this.#most) this.#turnWindow(this.#clock.monotonic());
    if (this.#strangers >= this.#most) return this.partition(undefined);
    this.#strangers += 1;
    return this.#add(tenant, this.#usualWeight, false);
  }

  begin(share: Share<Item>): boolean {
    this.#turnWindow(this.#clock.monotonic());
    this.#expect(share, share.inFlight + share.line.size + 1);
    if (share.line.size > 0 || this.#inFlight >= this.#limit || !this.#mayBegin(share)) return false;
    this.#occupy(share, 1);
    return true;
  }

  end(share: Share<Item>): void {
    this.#occupy(share, -1);
  }

  wait(guest: Item): boolean {
    // Guests of this room have their partition from it.
    const share = guest.partition as Share<Item>;
    if (share.line.size >= this.maxQueue) return false;
    guest.place = share.line.add(guest);
    if (share.line.size === 1) this.#queueUp(share);
    return true;
  }

  leave(guest: Item): void {
    const share = guest.partition as Share<Item>; // as in wait
    if (guest.place === undefined || !share.line.remove(guest.place)) return;
    if (share.line.size > 0) return;
    this.#leaveTurns(share);
    share.finish = this.#nowVirtual; // a turn that it did not use costs it none
  }

  next(nowMs: number, drop: (guest: Item) => void): Item | undefined {
    this.#turnWindow(nowMs);
    while (this.#inFlight < this.#limit) {
      const share = this.#turn();
      if (share === undefined) return undefined;
      const guest = share.line.take(nowMs, drop);
      this.#leaveTurns(share);
      if (guest === undefined) {
        share.finish = this.#nowVirtual;
      } else {
        this.#nowVirtual = Math.max(this.#nowVirtual, share.finish);
        this.#occupy(share, 1);
      }
      if (share.line.size > 0) this.#queueUp(share);
      if (guest !== undefined) return guest;
    }
    return undefined;
  }

  /** Whose turn it is: of those below their guarantee, or else of those that may borrow. */
  #turn(): Share<Item> | undefined {
    return (
      this.#turns.find((share) => share.inFlight < this.#guarantee(share)) ??
      this.#turns.find((share) => this.#mayBegin(share))
    );
  }

  #mayBegin(share: Share<Item>): boolean {
    if (share.inFlight < this.#guarantee(share)) return true;
    return this.#limit - this.#inFlight > this.#reserved - this.#reservedFor(share);
  }

  #guarantee({ weight }: Share<Item>): number {
    return Math.max(1, Math.floor((this.#limit * weight) / this.#weight));
  }

  #reservedFor(share: Share<Item>): number {
    const used = Math.max(share.peak, share.peakBefore);
    return Math.max(0, Math.min(this.#guarantee(share), used) - share.inFlight);
  }

  #occupy(share: Share<Item>, slots: number): void {
    const before = this.#reservedFor(share);
    share.inFlight += slots;
    this.#inFlight += slots;
    this.#reserved += this.#reservedFor(share) - before;
  }

  #expect(share: Share<Item>, needed: number): void {
    if (needed <= share.peak) return;
    const before = this.#reservedFor(share);
    share.peak = needed;
    this.#reserved += this.#reservedFor(share) - before;
  }

  /** Once in a while for all, so that nothing has to be done for each call. */
  #turnWindow(nowMs: number): void {
    if (nowMs < this.#windowEndsMs) return;
    const isLongAgo = nowMs >= this.#windowEndsMs + this.#windowMs;
    this.#windowEndsMs = nowMs + this.#windowMs;
    for (const share of this.#shares.values()) {
      const needed = share.inFlight + share.line.size;
      share.peakBefore = isLongAgo ? needed : share.peak;
      share.peak = needed;
      if (share.peakBefore === 0 && !share.isKnownBeforehand) this.#forget(share);
    }
    this.#reserve();
  }

  #add(tenant: string | undefined, weight: number, isKnownBeforehand: boolean): Share<Item> {
    const line = new WaitingLine<Item>(this.#delay());
    const share = { tenant, weight, isKnownBeforehand, line, inFlight: 0, peak: 0, peakBefore: 0, finish: 0 };
    this.#shares.set(tenant, share);
    this.#reserve();
    return share;
  }

  #forget({ tenant }: Share<Item>): void {
    this.#shares.delete(tenant);
    if (tenant !== undefined) this.#strangers -= 1;
  }

  #reserve(): void {
    this.#weight = this.#reserved = 0;
    for (const { weight } of this.#shares.values()) this.#weight += weight;
    for (const share of this.#shares.values()) this.#reserved += this.#reservedFor(share);
  }

  /** From the end: with equal weights that is where it belongs. */
  #queueUp(share: Share<Item>): void {
    share.finish = Math.max(this.#nowVirtual, share.finish) + 1 / share.weight;
    let index = this.#turns.length;
    while (index > 0 && (this.#turns[index - 1]?.finish ?? 0) > share.finish) index -= 1;
    this.#turns.splice(index, 0, share);
  }

  #leaveTurns(share: Share<Item>): void {
    this.#turns.splice(this.#turns.indexOf(share), 1);
  }
}

/** @throws InvalidConfigError for options out of their range; `data.path` begins with `path`. */
export function checkShares(options: SharesOptions, path = 'shares'): void {
  checkOptions(path, options, names);
  const { weights = {}, usualWeight, most, lendAfterMs } = options;
  if (usualWeight !== undefined) weightAt(`${path}.usualWeight`, usualWeight);
  if (most !== undefined) whole(`${path}.most`, most, 0);
  if (lendAfterMs !== undefined) positive(`${path}.lendAfterMs`, lendAfterMs);
  for (const [tenant, weight] of Object.entries(weights)) weightAt(`${path}.weights.${tenant}`, weight);
}

/** Finite, since shares are ratios. */
function weightAt(path: string, weight: number): number {
  return positive(path, weight === Number.POSITIVE_INFINITY ? Number.NaN : weight);
}
