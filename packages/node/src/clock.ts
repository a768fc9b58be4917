import type { Clock, Timer } from '@jaegis/core';
import { type QueuedTimer, TimerQueue } from './timer-queue.ts';

/** Node fires a longer timer at once. We wake in between and go back to sleep. */
const longestNodeTimerMs = 2 ** 31 - 1;

/**
 * The clock of this process. Node keeps one list per duration and so fires late timers out of order; this clock keeps
 * them in one queue. A set timer keeps the process alive, never fires early, and one that throws is an uncaught exception
 * that costs no other timer its turn.
 */
export function realClock(): Clock {
  return new RealClock();
}

class RealClock implements Clock {
  readonly #queue = new TimerQueue();
  /** Two alarms, so that timers without delay, of which each packet has one, never touch the one that waits. */
  #atOnce: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  /** When the later alarm goes off. Nobody may wait for it any more then: it is set anew at most once for each alarm. */
  #laterMs = Number.POSITIVE_INFINITY;

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const nowMs = performance.now();
    const timer = this.#queue.add(nowMs + Math.max(0, delayMs), callback);
    if (this.#queue.head === timer) this.#arm(timer, nowMs);
    // The type is opaque on purpose: outside this file nobody may look into a timer.
    return timer as unknown as Timer;
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer === undefined) return;
    // Only setTimer above makes them.
    this.#queue.remove(timer as unknown as QueuedTimer);
    if (this.#queue.head === undefined) this.#disarm();
  }

  #arm(head: QueuedTimer, nowMs: number): void {
    if (head.dueMs <= nowMs) {
      this.#atOnce ??= setImmediate(this.#onAtOnce);
    } else if (head.dueMs < this.#laterMs) {
      clearTimeout(this.#later);
      this.#laterMs = head.dueMs;
      this.#later = setTimeout(this.#onLater, Math.min(Math.ceil(head.dueMs - nowMs), longestNodeTimerMs));
    }
  }

  #disarm(): void {
    clearImmediate(this.#atOnce);
    clearTimeout(this.#later);
    this.#atOnce = this.#later = undefined;
    this.#laterMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    const nowMs = performance.now();
    const end = this.#queue.nextOrder;
    try {
      for (let head = this.#queue.head; head !== undefined; head = this.#queue.head) {
        if (head.dueMs > nowMs || head.order >= end) break;
        this.#queue.remove(head);
        head.callback();
      }
    } finally {
      const { head } = this.#queue;
      if (head === undefined) this.#disarm();
      else this.#arm(head, performance.now());
    }
  }

  readonly #onAtOnce = (): void => {
    this.#atOnce = undefined;
    this.#fire();
  };

  readonly #onLater = (): void => {
    this.#later = undefined;
    this.#laterMs = Number.POSITIVE_INFINITY;
    this.#fire();
  };
}
