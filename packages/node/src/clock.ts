import type { Clock, Timer } from '@jaegis/core';
import { type QueuedTimer, TimerQueue } from './timer-queue.ts';

/** Node fires a longer timer at once. We wake in between and go back to sleep. */
const longestNodeTimerMs = 2 ** 31 - 1;

/**
 * The clock of this process. Node keeps one list per duration and so fires late timers out of order; this clock keeps
 * them in one queue with one Node timer for the head. A set timer keeps the process alive, never fires early, and one
 * that throws is an uncaught exception that costs no other timer its turn.
 */
export function realClock(): Clock {
  return new RealClock();
}

class RealClock implements Clock {
  readonly #queue = new TimerQueue();
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #cancelWake = () => {};

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = this.#queue.add(performance.now() + Math.max(0, delayMs), callback);
    if (timer.dueMs < this.#wakeAtMs) this.#arm();
    // The type is opaque on purpose: outside this file nobody may look into a timer.
    return timer as unknown as Timer;
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer === undefined) return;
    // Only setTimer above makes them.
    this.#queue.remove(timer as unknown as QueuedTimer);
    if (this.#queue.head === undefined) this.#arm();
  }

  #arm(): void {
    this.#cancelWake();
    const head = this.#queue.head;
    this.#wakeAtMs = head?.dueMs ?? Number.POSITIVE_INFINITY;
    this.#cancelWake = head === undefined ? () => {} : wakeIn(head.dueMs - performance.now(), () => this.#fire());
  }

  #fire(): void {
    const now = performance.now();
    const end = this.#queue.nextOrder;
    try {
      for (let head = this.#queue.head; head !== undefined; head = this.#queue.head) {
        if (head.dueMs > now || head.order >= end) break;
        this.#queue.remove(head);
        head.callback();
      }
    } finally {
      this.#arm();
    }
  }
}

function wakeIn(delayMs: number, wake: () => void): () => void {
  if (delayMs <= 0) {
    const immediate = setImmediate(wake);
    return () => clearImmediate(immediate);
  }
  const timeout = setTimeout(wake, Math.min(Math.ceil(delayMs), longestNodeTimerMs));
  return () => clearTimeout(timeout);
}
