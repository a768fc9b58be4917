import { type Clock, StorageUnavailableError } from '@jaegis/core';
import type { BreakerBoard, BreakerNotice, ProbePlace } from './board.ts';

/** A board for the breakers of one process, such as those of a test. */
export class MemoryBoard implements BreakerBoard {
  /** Set to false, nothing reaches it, and nobody hears from it. */
  isReachable = true;
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Set<(notice: BreakerNotice) => void>>();
  /** When the leases end, by name. */
  readonly #places = new Map<string, Map<ProbePlace, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  publish(notice: BreakerNotice): void {
    if (!this.isReachable) return;
    for (const listener of [...(this.#listeners.get(notice.name) ?? [])]) listener(notice);
  }

  watch(name: string, listener: (notice: BreakerNotice) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }

  async claim(name: string, most: number, leaseMs: number): Promise<ProbePlace | undefined> {
    if (!this.isReachable) throw new StorageUnavailableError('The board of the breakers cannot be reached.');
    const nowMs = this.#clock.monotonic();
    const places = this.#places.get(name) ?? new Map<ProbePlace, number>();
    for (const [place, endsMs] of places) if (endsMs <= nowMs) places.delete(place);
    if (places.size >= most) return undefined;
    const place: ProbePlace = { release: () => void places.delete(place) };
    this.#places.set(name, places.set(place, nowMs + leaseMs));
    return place;
  }
}
