import type { Clock, Place, RunOptions, Timer } from '@jaegis/core';
import type { WorkerRequest } from './errand.ts';
import { badTime, noClock, timedOut, tooLate } from './refusals.ts';
import type { Stop } from './stop.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** A task from its being asked for to its end, with the time that it has. */
export class Job {
  readonly request: WorkerRequest;
  readonly tenant: string | undefined;
  /** Ends it while it runs. */
  stop: Stop | undefined;
  readonly outcome: Promise<unknown>;
  readonly settle: (outcome: unknown) => void;
  readonly fail: (reason: unknown) => void;
  /** Where it waits. */
  place: Place<Job> | undefined;
  readonly #clock: Clock | undefined;
  readonly #timeoutMs: number;
  readonly #deadlineMs: number;
  #timer: Timer | undefined;

  /** @throws InvalidConfigError for a time that is none, or where there is no clock to tell it by. */
  constructor(request: WorkerRequest, options: RunOptions, clock: Clock | undefined) {
    const { timeoutMs = NEVER, deadlineMs = NEVER, tenant } = options;
    if (!(timeoutMs > 0)) throw badTime('timeoutMs', timeoutMs);
    if (Number.isNaN(deadlineMs)) throw badTime('deadlineMs', deadlineMs);
    if (clock === undefined && Math.min(timeoutMs, deadlineMs) < NEVER) throw noClock();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.request = request;
    this.tenant = tenant;
    this.outcome = promise;
    this.settle = resolve;
    this.fail = reject;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#deadlineMs = deadlineMs;
  }

  /** @param stop Takes it out of the line. */
  startWaiting(stop: (reason: unknown) => void): void {
    this.#setTimer(this.#leftMs, () => stop(tooLate(this.request.task)));
  }

  /** @param stop Ends it from now on. @returns Whether it may; else it has been refused. */
  startRunning(stop: Stop): boolean {
    const leftMs = this.#leftMs;
    this.end();
    if (leftMs <= 0) {
      this.refuse(tooLate(this.request.task));
      return false;
    }
    this.stop = stop;
    const ms = Math.min(leftMs, this.#timeoutMs);
    this.#setTimer(ms, () => this.stop?.abort(timedOut(this.request.task, ms)));
    return true;
  }

  /** It does not begin. */
  refuse(reason: unknown): void {
    this.end();
    this.fail(reason);
  }

  /** Its time counts no more. */
  end(): void {
    this.#clock?.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  get #leftMs(): number {
    return this.#clock === undefined || this.#deadlineMs === NEVER ? NEVER : this.#deadlineMs - this.#clock.monotonic();
  }

  #setTimer(ms: number, onTime: () => void): void {
    if (ms < NEVER) this.#timer = this.#clock?.setTimer(ms, onTime);
  }
}
