import { type Clock, type NetworkBounds, sleep, type TrafficClass } from '@jaegis/core';

/** How soon it is tried again where too many wait to be sent, in ms. */
const AGAIN_MS = 20;

/** What the traffic to one node takes of the bounds of this one. */
export class Toll {
  readonly bulkBytes: number;
  readonly #bounds: NetworkBounds;
  readonly #destination: string;

  /** @param destination The name of the other node. */
  constructor(bounds: NetworkBounds, destination: string) {
    this.#bounds = bounds;
    this.#destination = destination;
    this.bulkBytes = bounds.bulkBytes;
  }

  /** Whether it may leave at once; where not, nothing was taken. */
  tryTake(traffic: TrafficClass, bytes: number): boolean {
    try {
      return this.#bounds.shaper.tryTake(this.#destination, traffic, bytes);
    } catch {
      return false; // there are too many destinations for the moment
    }
  }

  /** Resolves when it may leave. @throws OverloadedError, CancelledError */
  take(traffic: TrafficClass, bytes: number, signal?: AbortSignal): Promise<void> {
    return this.#bounds.shaper.take(this.#destination, traffic, bytes, signal);
  }

  /** It leaves at once, whatever waits. */
  spend(traffic: TrafficClass, bytes: number): void {
    this.#bounds.shaper.spend(this.#destination, traffic, bytes);
  }

  /** As {@link take}, and tries again where too many wait. Whether it may leave; not where the signal aborts. */
  async takeLater(traffic: TrafficClass, bytes: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await this.take(traffic, bytes, signal);
        return true;
      } catch {
        if (!signal.aborted) await sleep(clock, AGAIN_MS, signal);
      }
    }
    return false;
  }
}

/** Packets that leave one after the other, each when the bounds allow it. */
export class TollGate {
  readonly #toll: Toll;
  readonly #clock: Clock;
  readonly #onOpen: () => void;
  readonly #stop = new AbortController();
  /** May leave, and perhaps has. */
  #paid: object | undefined;
  #isWaiting = false;

  /** @param onOpen Calls back when the packet that was to wait may leave. */
  constructor(toll: Toll, clock: Clock, onOpen: () => void) {
    this.#toll = toll;
    this.#clock = clock;
    this.#onOpen = onOpen;
  }

  /** Whether the packet may leave now; it pays once. */
  lets(packet: object, bytes: number): boolean {
    if (this.#paid === packet) return true;
    if (this.#isWaiting) return false;
    if (!this.#toll.tryTake('interactive', bytes)) {
      void this.#wait(packet, bytes);
      return false;
    }
    this.#paid = packet;
    return true;
  }

  /** Aborts when it is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  close(): void {
    this.#stop.abort();
  }

  async #wait(packet: object, bytes: number): Promise<void> {
    this.#isWaiting = true;
    const mayLeave = await this.#toll.takeLater('interactive', bytes, this.#clock, this.#stop.signal);
    if (!mayLeave) return;
    this.#isWaiting = false;
    this.#paid = packet;
    this.#onOpen();
  }
}
