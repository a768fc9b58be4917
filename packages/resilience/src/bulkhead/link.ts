/** What goes to one destination: which class may send now, and when the next one may. Pure; told the time. */
import { FairQueue, type Place, type TrafficClass } from '@jaegis/core';
import { sum, TokenBucket, type Traffic } from './token-bucket.ts';

/** From the most urgent. */
export const trafficClasses = ['control', 'interactive', 'bulk'] as const satisfies readonly TrafficClass[];

export interface LinkRates {
  readonly perMs: Traffic;
  readonly burstMs: number;
  /** Of the rate, for sure. */
  readonly shares: Readonly<Record<TrafficClass, number>>;
}

/** One that waits to go. */
export interface Departing {
  readonly bytes: number;
  /** Now it may. */
  go(): void;
}

/** Fractions that make 1 may sum up to a little less. */
const NOTHING = 1e-9;

interface Lane {
  readonly bucket: TokenBucket;
  readonly line: FairQueue<Departing>;
}

const times = ({ bytes, messages }: Traffic, part: number): Traffic => ({
  bytes: bytes * part,
  messages: messages * part,
});

/**
 * Each class has a bucket of its own, which no other can empty; what it has no room for, and the part of the rate that
 * is promised to nobody, fills one that all take from, the most urgent first. Nothing overtakes within a class.
 */
export class Link {
  readonly #lanes: Readonly<Record<TrafficClass, Lane>>;
  readonly #common: TokenBucket;
  #filledMs: number;

  constructor({ perMs, burstMs, shares }: LinkRates, nowMs: number) {
    const lane = (part: number): Lane => ({
      bucket: new TokenBucket(times(perMs, part), burstMs),
      line: new FairQueue(),
    });
    const { control, interactive, bulk } = shares;
    this.#lanes = { control: lane(control), interactive: lane(interactive), bulk: lane(bulk) };
    const left = 1 - control - interactive - bulk;
    this.#common = new TokenBucket(times(perMs, left < NOTHING ? 0 : left), burstMs);
    this.#filledMs = nowMs;
  }

  get waiting(): number {
    return trafficClasses.reduce((all, name) => all + this.#lanes[name].line.size, 0);
  }

  waitingOf(name: TrafficClass): number {
    return this.#lanes[name].line.size;
  }

  /** @returns Whether it goes now; not where others of its class wait. */
  tryTake(name: TrafficClass, bytes: number, nowMs: number): boolean {
    this.#fill(nowMs);
    const lane = this.#lanes[name];
    return lane.line.size === 0 && this.#charge(lane, bytes);
  }

  /** It goes: its class has less then, and nothing left over for others before that is made up for. */
  spend(name: TrafficClass, bytes: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#lanes[name].bucket.take(bytes);
  }

  wait(name: TrafficClass, departing: Departing): Place<Departing> {
    return this.#lanes[name].line.add(departing, 0);
  }

  leave(name: TrafficClass, place: Place<Departing>): void {
    this.#lanes[name].line.remove(place);
  }

  /** Lets go who may. @returns When to ask again, in ms from now; undefined: nobody waits. */
  letGo(nowMs: number): number | undefined {
    this.#fill(nowMs);
    for (const name of trafficClasses) this.#drain(this.#lanes[name]);
    const opens = trafficClasses.filter((name) => this.waitingOf(name) > 0).map((name) => this.#opensInMs(name));
    return opens.length === 0 ? undefined : Math.min(...opens);
  }

  #drain(lane: Lane): void {
    for (let first = lane.line.firsts()[0]; first !== undefined; first = lane.line.firsts()[0]) {
      if (!this.#charge(lane, first.bytes)) return;
      lane.line.take();
      first.go();
    }
  }

  #charge({ bucket }: Lane, bytes: number): boolean {
    const payer = bucket.isOpen ? bucket : this.#common;
    if (!payer.isOpen) return false;
    payer.take(bytes);
    return true;
  }

  #opensInMs(name: TrafficClass): number {
    const surplus = sum(trafficClasses.map((other) => this.#lanes[other].bucket.surplus));
    return Math.min(this.#lanes[name].bucket.opensInMs({ bytes: 0, messages: 0 }), this.#common.opensInMs(surplus));
  }

  #fill(nowMs: number): void {
    const ms = nowMs - this.#filledMs;
    if (ms <= 0) return;
    this.#filledMs = nowMs;
    const surplus = trafficClasses.map((name) => this.#lanes[name].bucket.refill(ms, { bytes: 0, messages: 0 }));
    this.#common.refill(ms, sum(surplus));
  }
}
