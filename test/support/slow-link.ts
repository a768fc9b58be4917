/** A node's connection that carries only so much in a second: what it publishes and puts waits for its turn. */
import type { Blobs, Clock, Lane, Transport } from '@jaegis/core';

/** What an object store cuts bodies into. */
const PIECE_BYTES = 16 * 1024;

export class SlowLink {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #waiting: Readonly<Record<Lane, { readonly bytes: number; readonly leave: () => void }[]>> = {
    control: [],
    data: [],
  };
  #isBusy = false;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** Bytes that wait for the line. */
  get waitingBytes(): number {
    return [...this.#waiting.control, ...this.#waiting.data].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  transport(inner: Transport): Transport {
    return {
      publish: (subject, data, options) => {
        // Too large: it throws.
        if (data.length > inner.maxPayload) inner.publish(subject, data, options);
        const copy = data.slice();
        this.#carry(options?.lane ?? 'data', data.length, () => inner.publish(subject, copy, options));
      },
      subscribe: (subject, handler, options) => inner.subscribe(subject, handler, options),
      flush: () => inner.flush(),
      onStatus: (listener) => inner.onStatus(listener),
      onSlow: (listener) => inner.onSlow(listener),
      onRefused: (listener) => inner.onRefused(listener),
      get connected() {
        return inner.connected;
      },
      maxPayload: inner.maxPayload,
      close: () => inner.close(),
    };
  }

  blobs(inner: Blobs): Blobs {
    return {
      put: async (name, bytes) => {
        for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
          const piece = Math.min(PIECE_BYTES, bytes.length - at);
          await new Promise<void>((resolve) => this.#carry('data', piece, resolve));
        }
        await inner.put(name, bytes);
      },
      get: (name) => inner.get(name),
      remove: (name) => inner.remove(name),
      names: () => inner.names(),
    };
  }

  #carry(lane: Lane, bytes: number, leave: () => void): void {
    this.#waiting[lane].push({ bytes, leave });
    if (!this.#isBusy) this.#next();
  }

  #next(): void {
    const next = this.#waiting.control.shift() ?? this.#waiting.data.shift();
    this.#isBusy = next !== undefined;
    if (next === undefined) return;
    this.#clock.setTimer(next.bytes / this.#bytesPerMs, () => {
      next.leave();
      this.#next();
    });
  }
}
