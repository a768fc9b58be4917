/** A bulkhead for what is sent: so that one destination, or one kind of traffic, does not take the line from others. */
import {
  CancelledError,
  type Clock,
  InvalidConfigError,
  OverloadedError,
  type Timer,
  type TrafficClass,
  type TrafficShaper,
} from '@jaegis/core';
import { whole, within } from './checked.ts';
import { Link, type LinkRates, trafficClasses } from './link.ts';

export interface BandwidthOptions {
  /** Bytes that go to one destination in a second, over time. */
  readonly bytesPerSecond: number;
  /** Messages that go to one destination in a second, over time. Default: as many as the bytes allow. */
  readonly messagesPerSecond?: number;
  /** So many ms of it may go at once after a rest. Default 100. */
  readonly burstMs?: number;
  /**
   * The parts of the rate, from 0 to 1, that each class has for sure; what is left over goes to whoever wants it, the
   * more urgent class first. Default: control 0.2, interactive 0.3, bulk 0.1.
   */
  readonly shares?: Partial<Record<TrafficClass, number>>;
  /** Messages of one class that wait for one destination. Default 1,024. */
  readonly maxQueue?: number;
  /** Destinations that are told from each other. Those that nobody waits for are forgotten, the oldest first. Default 1,024. */
  readonly maxDestinations?: number;
}

/** Where messages are not limited. */
const BOUNDLESS = 1e12;

interface Destination {
  readonly link: Link;
  timer: Timer | undefined;
}

/**
 * Token buckets for bytes and messages, for each destination and in it for each class. A message goes as soon as there is
 * anything left, and may overdraw it: what comes after it pays. Within a class the order is kept.
 */
export class Bandwidth implements TrafficShaper {
  readonly #clock: Clock;
  readonly #rates: LinkRates;
  readonly #maxQueue: number;
  readonly #maxDestinations: number;
  /** The one that was used last stands last. */
  readonly #destinations = new Map<string, Destination>();

  /** @throws InvalidConfigError for an option out of its range, whose `data.path` begins with `bandwidth`. */
  constructor(clock: Clock, options: BandwidthOptions) {
    const {
      bytesPerSecond,
      messagesPerSecond = BOUNDLESS,
      burstMs = 100,
      maxQueue = 1_024,
      maxDestinations = 1_024,
    } = options;
    this.#clock = clock;
    const bytes = within('bandwidth.bytesPerSecond', bytesPerSecond, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER) / 1_000;
    const messages = within('bandwidth.messagesPerSecond', messagesPerSecond, Number.MIN_VALUE, BOUNDLESS) / 1_000;
    const shares = checkedShares(options.shares);
    this.#rates = { perMs: { bytes, messages }, burstMs: within('bandwidth.burstMs', burstMs, 1, 3_600_000), shares };
    this.#maxQueue = whole('bandwidth.maxQueue', maxQueue, 0);
    this.#maxDestinations = whole('bandwidth.maxDestinations', maxDestinations, 1);
  }

  /** Destinations that are told from each other at the moment. */
  get destinations(): number {
    return this.#destinations.size;
  }

  /** Messages that wait for this destination. */
  waiting(destination: string): number {
    return this.#destinations.get(destination)?.link.waiting ?? 0;
  }

  /**
   * @returns Whether it may go at once; where not, nothing was taken.
   * @throws OverloadedError where there are `maxDestinations` and for all of them somebody waits.
   */
  tryTake(destination: string, traffic: TrafficClass, bytes: number): boolean {
    return this.#destination(destination).link.tryTake(traffic, bytes, this.#clock.monotonic());
  }

  /**
   * Resolves when it may go.
   *
   * @throws OverloadedError as {@link tryTake}, and where `maxQueue` of its class wait; CancelledError where the signal
   * aborts first: nothing was taken then.
   */
  async take(destination: string, traffic: TrafficClass, bytes: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw cancelled(destination, signal);
    const to = this.#destination(destination);
    if (to.link.tryTake(traffic, bytes, this.#clock.monotonic())) return;
    if (to.link.waitingOf(traffic) >= this.#maxQueue)
      throw overloaded(destination, { traffic, maxQueue: this.#maxQueue });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const place = to.link.wait(traffic, { bytes, go: resolve });
    const onAbort = () => {
      to.link.leave(traffic, place);
      this.#letGo(to);
      reject(cancelled(destination, signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#letGo(to);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** It goes whether it may or not: its class has less then. Of a destination too many nothing is noted. */
  spend(destination: string, traffic: TrafficClass, bytes: number): void {
    const isRoom = this.#destinations.size < this.#maxDestinations || this.#destinations.has(destination);
    if (isRoom) this.#destination(destination).link.spend(traffic, bytes, this.#clock.monotonic());
  }

  #letGo(to: Destination): void {
    this.#clock.clearTimer(to.timer);
    const inMs = to.link.letGo(this.#clock.monotonic());
    to.timer = inMs === undefined ? undefined : this.#clock.setTimer(inMs, () => this.#letGo(to));
  }

  #destination(name: string): Destination {
    const known = this.#destinations.get(name);
    const found = known ?? { link: new Link(this.#rates, this.#clock.monotonic()), timer: undefined };
    if (known !== undefined) this.#destinations.delete(name);
    else if (this.#destinations.size >= this.#maxDestinations) this.#forgetOne(name);
    this.#destinations.set(name, found);
    return found;
  }

  #forgetOne(newcomer: string): void {
    for (const [name, { link }] of this.#destinations) {
      if (link.waiting > 0) continue;
      this.#destinations.delete(name);
      return;
    }
    throw overloaded(newcomer, { maxDestinations: this.#maxDestinations });
  }
}

function checkedShares(given: BandwidthOptions['shares']): Record<TrafficClass, number> {
  const shares = { control: 0.2, interactive: 0.3, bulk: 0.1, ...given };
  for (const name of trafficClasses) within(`bandwidth.shares.${name}`, shares[name], 0, 1);
  const all = shares.control + shares.interactive + shares.bulk;
  const isNothingLeft = all > 1 || (all === 1 && trafficClasses.some((name) => shares[name] === 0));
  if (!isNothingLeft) return shares;
  const message = `bandwidth.shares must be no more than 1 together, and leave something for a class that has none; they are ${all}.`;
  throw new InvalidConfigError(message, { data: { path: 'bandwidth.shares', value: all } });
}

function overloaded(destination: string, data: Readonly<Record<string, unknown>>): unknown {
  const message = `A message to ${destination} was not taken: too many wait to be sent.`;
  return new OverloadedError(message, { data: { destination, ...data } });
}

function cancelled(destination: string, signal: AbortSignal | undefined): unknown {
  const message = `A message to ${destination} was cancelled before it was sent.`;
  return new CancelledError(message, { cause: signal?.reason, data: { destination } });
}
