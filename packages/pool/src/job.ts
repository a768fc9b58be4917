import {
  type ByteBudget,
  type Clock,
  type Place,
  type RunOptions,
  roughSize,
  type Timer,
  type WorkerTask,
} from '@jaegis/core';
import { badTime, noClock, noTask, timedOut, tooLate } from './refusals.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Why a job is ended, by whether it has begun. */
export type Reason = (hasBegun: boolean) => unknown;

/** The thread that a job is at, as far as it is concerned. */
interface Doer {
  /** Does it no more, and ends if it has begun. */
  end(job: Job, reason: Reason): void;
}

/** A task from its being asked for to its end, with the time that it has. */
export class Job {
  readonly task: WorkerTask;
  readonly input: unknown;
  readonly tenant: string | undefined;
  readonly outcome: Promise<unknown>;
  readonly settle: (outcome: unknown) => void;
  readonly fail: (reason: unknown) => void;
  /** Where it waits. */
  place: Place<Job> | undefined;
  /** Where it is done, or waits to be. */
  thread: Doer | undefined;
  readonly #clock: Clock | undefined;
  readonly #timeoutMs: number;
  readonly #deadlineMs: number;
  readonly #stop: (job: Job, reason: Reason) => void;
  #giveBack: (() => void) | undefined;
  #beganMs = 0;
  /** What is timed is how long it may run, of which the start of its thread is a part. */
  #isLimited = false;
  #timer: Timer | undefined;

  /**
   * @param stop Ends it, when its time is up.
   * @throws InvalidConfigError for a time that is none, or where there is no clock to tell it by.
   */
  constructor(
    task: WorkerTask,
    input: unknown,
    options: RunOptions,
    clock: Clock | undefined,
    stop: (job: Job, reason: Reason) => void,
  ) {
    const { timeoutMs = NEVER, deadlineMs = NEVER, tenant } = options;
    if (typeof task?.module !== 'string' || typeof task.name !== 'string') throw noTask();
    if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) throw badTime('timeoutMs', timeoutMs);
    if (typeof deadlineMs !== 'number' || Number.isNaN(deadlineMs)) throw badTime('deadlineMs', deadlineMs);
    if (clock === undefined && Math.min(timeoutMs, deadlineMs) < NEVER) throw noClock();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.task = task;
    this.input = input;
    this.tenant = tenant;
    this.outcome = promise;
    this.settle = resolve;
    this.fail = reject;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#deadlineMs = deadlineMs;
    this.#stop = stop;
  }

  /** @param bytes Default: about those of its input. @throws OverloadedError where they do not fit. */
  reserve(budget: ByteBudget, bytes = roughSize(this.input, budget.maxBytes)): void {
    this.#giveBack = budget.reserve(this.tenant, bytes);
  }

  /** What is left until its deadline, in ms. */
  get leftMs(): number {
    return this.#clock === undefined || this.#deadlineMs === NEVER ? NEVER : this.#deadlineMs - this.#clock.monotonic();
  }

  startWaiting(): void {
    this.#isLimited = false;
    this.#setTimer(this.leftMs);
  }

  /** What its thread does next is it. */
  startRunning(): void {
    const { leftMs } = this;
    const ms = Math.min(leftMs, this.#timeoutMs);
    if (ms === NEVER || this.#clock === undefined) return;
    this.#isLimited = this.#timeoutMs < leftMs;
    this.#beganMs = this.#clock.monotonic();
    this.#setTimer(Math.max(0, ms));
  }

  /** It is not done, or not to its end. */
  refuse(reason: unknown): void {
    this.end();
    this.fail(reason);
  }

  /** Its time counts no more, it holds nothing, and its thread does something else. */
  end(): void {
    this.thread = undefined;
    this.#giveBack?.();
    this.#giveBack = undefined;
    this.#clock?.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #setTimer(ms: number): void {
    this.#clock?.clearTimer(this.#timer);
    if (ms < NEVER) this.#timer = this.#clock?.setTimer(ms, this.#onTime);
  }

  readonly #onTime = (): void => {
    const ranMs = (this.#clock?.monotonic() ?? 0) - this.#beganMs;
    const isLimited = this.#isLimited;
    this.#stop(this, (hasBegun) => (hasBegun || isLimited ? timedOut(this.task, ranMs) : tooLate(this.task)));
  };
}
