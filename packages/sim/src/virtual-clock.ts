/**
 * Time that passes only when it is told to: an event queue. It goes from due time to due time, so a timer sees the time
 * it was due, and what that timer starts is settled before the next one fires. Used by simulations and by tests.
 */
import { type Clock, invariant, type Timer } from '@jaegis/core';
import { TimerQueue, type VirtualTimer } from './timer-queue.ts';

export interface VirtualClockOptions {
  /** What {@link VirtualClock.now} shows at the start, in ms since 1970. Default: the first second of 2026, UTC. */
  readonly startMs?: number;
  /**
   * Resolves when all that one timer has started is settled, and before the next one fires. Default: after a number of
   * awaits. Who may use the timers of the platform gives one that resolves at the next turn of the event loop: it is
   * faster, and waits for chains of any length.
   */
  readonly settled?: () => Promise<void>;
}

const defaultStartMs = 1_767_225_600_000;
/** Awaits in a row that may follow one timer before the next one fires. */
const settlingTurns = 256;
/** Timers that may fire without time going on: more are a loop that would never end. */
const mostAtOneInstant = 100_000;
const defaultWithinMs = 60_000;

export class VirtualClock implements Clock {
  readonly #queue = new TimerQueue();
  readonly #startMs: number;
  readonly #settled: () => Promise<void>;
  #elapsedMs = 0;
  #nextOrder = 0;
  #isRunning = false;
  #atThisInstant = 0;

  constructor({ startMs = defaultStartMs, settled = settle }: VirtualClockOptions = {}) {
    this.#startMs = startMs;
    this.#settled = settled;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const dueMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer: VirtualTimer = { dueMs, order: this.#nextOrder++, callback, place: -1 };
    this.#queue.add(timer);
    return timer as unknown as Timer; // opaque outside this file
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer === undefined) return;
    this.#queue.remove(timer as unknown as VirtualTimer); // setTimer makes no others
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Lets this much time pass. Rejects with what a timer throws; time then stands where that timer was due. */
  advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    return this.#alone(async () => {
      await this.#settled();
      while (await this.#fireNext(untilMs)) await this.#settled();
      this.#moveTo(untilMs);
    });
  }

  /** Fires timers one by one until the condition holds. Rejects when it does not within this time, or no timer is left. */
  runUntil(isTrue: () => boolean, withinMs: number = defaultWithinMs): Promise<void> {
    const untilMs = this.#elapsedMs + withinMs;
    return this.#alone(async () => {
      await this.#settled();
      while (!isTrue()) {
        const isFired = await this.#fireNext(untilMs);
        invariant(isFired, `What was awaited did not happen within ${withinMs} ms of virtual time.`);
        await this.#settled();
      }
    });
  }

  /** Fires timers one by one until the promise is settled, and gives its result. Rejects as {@link runUntil}. */
  async runUntilSettled<Result>(promise: Promise<Result>, withinMs?: number): Promise<Result> {
    let isSettled = false;
    const mark = () => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.runUntil(() => isSettled, withinMs);
    return promise;
  }

  async #fireNext(untilMs: number): Promise<boolean> {
    const next = this.#queue.first;
    if (next === undefined || next.dueMs > untilMs) return false;
    this.#queue.remove(next);
    this.#moveTo(next.dueMs);
    this.#atThisInstant += 1;
    invariant(this.#atThisInstant <= mostAtOneInstant, `${mostAtOneInstant} timers fired at one instant: a loop.`);
    next.callback();
    return true;
  }

  #moveTo(elapsedMs: number): void {
    if (elapsedMs <= this.#elapsedMs) return;
    this.#elapsedMs = elapsedMs;
    this.#atThisInstant = 0;
  }

  async #alone(run: () => Promise<void>): Promise<void> {
    invariant(!this.#isRunning, 'The virtual clock is running already: await the one before.');
    this.#isRunning = true;
    try {
      await run();
    } finally {
      this.#isRunning = false;
    }
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < settlingTurns; turn++) await undefined;
}
