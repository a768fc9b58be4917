import { type Clock, hasCode, type JaegisError, OverloadedError, sleep } from '@jaegis/core';
import type { FrameKind } from './packet.ts';
import type { Toll } from './toll.ts';

/** What a packet is for one ask in it. */
export interface Withdrawable {
  /** The asker of this ask does not wait any longer. */
  withdraw(ask: number): void;
}

/** A frame that is about to leave. */
export interface LeavingFrame {
  readonly kind: FrameKind;
  /** Of the ask; 0 where there is none. */
  readonly number: number;
  readonly body: Uint8Array;
  /** Whom it is for. Undefined: of no single receiver. */
  readonly target: string | undefined;
  /** It stays behind all that waits, and leaves however much that is. */
  readonly isSignal?: boolean;
  /** It will not leave. Given the body, since that may have been lent. */
  readonly onFailed: (error: unknown, body: Uint8Array) => void;
}

export interface DetourOptions {
  readonly toll: Toll;
  readonly clock: Clock;
  /** For errors. */
  readonly node: string;
  /** What may wait, in bytes; a single frame may be larger. */
  readonly mostBytes: number;
  /** @param isPaid It is bulk, and the bounds allow it. @throws OverloadedError where it is to come again. */
  readonly leave: (frame: LeavingFrame, isPaid: boolean) => Withdrawable;
}

/** What a frame takes besides its body, about. */
const FRAME_BYTES = 64;
/** How soon there may be room again, in ms. */
const ROOM_MS = 20;

/** A frame that waits; once it has left, the packet that it left with. */
class Entry implements Withdrawable {
  readonly frame: LeavingFrame;
  readonly isBulk: boolean;
  isPaid = false;
  left: Withdrawable | undefined;
  readonly #drop: (entry: Entry) => void;

  constructor(frame: LeavingFrame, isBulk: boolean, drop: (entry: Entry) => void) {
    this.frame = frame;
    this.isBulk = isBulk;
    this.#drop = drop;
  }

  withdraw(ask: number): void {
    if (this.left === undefined) this.#drop(this);
    else this.left.withdraw(ask);
  }
}

/**
 * Where bulk for one node waits for its turn, so that other messages pass it. What follows for the same receiver waits
 * behind it: one sender's messages to one receiver keep their order.
 */
export class Detour {
  readonly #options: DetourOptions;
  readonly #stop = new AbortController();
  #entries: Entry[] = [];
  /** How many of them each receiver has. */
  readonly #targets = new Map<string, number>();
  #bytes = 0;
  #paying: AbortController | undefined;
  #isRunning = false;

  constructor(options: DetourOptions) {
    this.#options = options;
  }

  /** Of all that waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the frame goes this way. */
  takes(frame: LeavingFrame): boolean {
    if (frame.isSignal === true) return this.#entries.length > 0;
    return this.#isBulk(frame) || (frame.target !== undefined && this.#targets.has(frame.target));
  }

  /** @throws OverloadedError when too much waits. */
  add(frame: LeavingFrame): Withdrawable {
    const { target, isSignal = false } = frame;
    const isTooMuch = this.#entries.length > 0 && this.#bytes + sizeOf(frame) > this.#options.mostBytes;
    if (isTooMuch && !isSignal) throw this.#overloaded();
    const entry = new Entry(frame, this.#isBulk(frame), (one) => this.#drop(one));
    this.#entries.push(entry);
    this.#bytes += sizeOf(frame);
    if (target !== undefined) this.#targets.set(target, (this.#targets.get(target) ?? 0) + 1);
    if (!this.#isRunning) void this.#run();
    return entry;
  }

  /** All of it leaves, whatever the bounds are. */
  flush(): void {
    this.#stop.abort();
    for (const entry of [...this.#entries]) if (!this.#leave(entry)) this.#fail(entry, this.#overloaded());
  }

  /** None of it will leave. */
  close(cause: unknown): void {
    this.#stop.abort();
    for (const entry of [...this.#entries]) this.#fail(entry, cause);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const { signal } = this.#stop;
    for (let entry = this.#entries[0]; entry !== undefined && !signal.aborted; entry = this.#entries[0]) {
      if (entry.isBulk && !entry.isPaid && !this.#options.toll.tryTake('bulk', entry.frame.body.length)) {
        await this.#pay(entry);
        continue;
      }
      entry.isPaid = true;
      if (!this.#leave(entry)) await sleep(this.#options.clock, ROOM_MS, signal);
    }
    this.#isRunning = false;
  }

  async #pay(entry: Entry): Promise<void> {
    const { toll, clock } = this.#options;
    this.#paying = new AbortController();
    const signal = AbortSignal.any([this.#paying.signal, this.#stop.signal]);
    entry.isPaid = await toll.takeLater('bulk', entry.frame.body.length, clock, signal);
    this.#paying = undefined;
  }

  /** Whether it is through here. */
  #leave(entry: Entry): boolean {
    try {
      entry.left = this.#options.leave(entry.frame, entry.isBulk);
      this.#forget(entry);
    } catch (error) {
      if (hasCode(error, 'overloaded')) return false;
      this.#fail(entry, error);
    }
    return true;
  }

  #fail(entry: Entry, error: unknown): void {
    this.#forget(entry);
    entry.frame.onFailed(error, entry.frame.body);
  }

  #drop(entry: Entry): void {
    if (this.#entries[0] === entry) this.#paying?.abort();
    this.#forget(entry);
  }

  #forget({ frame }: Entry): void {
    const at = this.#entries.findIndex((entry) => entry.frame === frame);
    if (at < 0) return;
    this.#entries.splice(at, 1);
    this.#bytes -= sizeOf(frame);
    if (frame.target === undefined) return;
    const left = (this.#targets.get(frame.target) ?? 0) - 1;
    if (left > 0) this.#targets.set(frame.target, left);
    else this.#targets.delete(frame.target);
  }

  #isBulk({ isSignal = false, body }: LeavingFrame): boolean {
    return !isSignal && body.length >= this.#options.toll.bulkBytes;
  }

  #overloaded(): JaegisError {
    const { node, mostBytes: limit } = this.#options;
    return new OverloadedError(`${this.#bytes} bytes of large messages wait to be sent to node "${node}".`, {
      data: { node, limit, option: 'network' },
    });
  }
}

function sizeOf({ body }: LeavingFrame): number {
  return body.length + FRAME_BYTES;
}
