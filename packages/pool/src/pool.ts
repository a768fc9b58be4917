/**
 * A bounded pool of threads on piscina. It holds the waiting line itself, because piscina's own line is unbounded for
 * tasks that can be aborted, knows no tenants, and stalls when the thread of an aborted task was the last one. To piscina
 * a thread at work is one task, see {@link LeasedThread}.
 */
import { availableParallelism, platform } from 'node:os';
import {
  type ByteBudget,
  type Clock,
  FairQueue,
  InvalidConfigError,
  type RunOptions,
  type WorkerPool,
  type WorkerPoolStats,
  type WorkerTask,
} from '@jaegis/core';
import { Piscina } from 'piscina';
import type { Lease } from './errand.ts';
import { Job, type Reason } from './job.ts';
import { LeasedThread } from './leased-thread.ts';
import { cancelled, overloaded, tooLate } from './refusals.ts';
import { TaskLine } from './task-line.ts';

export interface PoolOptions {
  /** How many threads at most; they start when there is work. Default: one less than the machine has, at least 1. */
  readonly threads?: number;
  /** How many tasks may wait for a thread. Default 1024. */
  readonly maxQueue?: number;
  /** How many tasks of one tenant may wait, so that one does not fill the line of all. Default: `maxQueue`. */
  readonly maxTenantQueue?: number;
  /** How long an idle thread is kept, in milliseconds. Default 10,000. */
  readonly idleMs?: number;
  /** JavaScript heap of one thread, in MiB; a task that needs more fails. Default 512. */
  readonly maxHeapMb?: number;
  /**
   * By how much the machine prefers the event loop, and all else of usual priority, to the threads, from 0 to 19 (nice(2)):
   * without it, threads that compute on every core make the event loop wait for its turn. On Linux only; elsewhere it would
   * be that of the whole process. Default 10.
   */
  readonly niceness?: number;
  /** Needed for tasks that have a `timeoutMs` or a `deadlineMs`, which are refused without. Default: none. */
  readonly clock?: Clock | undefined;
  /**
   * What tasks hold of memory, for their tenants, from when they are asked for until they end; one that does not fit is
   * refused. Others may count against it too. Default: it is not counted.
   */
  readonly memory?: ByteBudget | undefined;
}

type Limits = Required<Omit<PoolOptions, 'clock' | 'memory'>>;

/** Of threads, with tasks: now and then one looks whether another got stuck with what it was given ahead. */
const FILLS_BETWEEN_LOOKS = 32;
/** The priority of tasks that have none. */
const USUAL = 5;

const known: Readonly<Record<keyof PoolOptions, true>> = {
  threads: true,
  maxQueue: true,
  maxTenantQueue: true,
  idleMs: true,
  maxHeapMb: true,
  niceness: true,
  clock: true,
  memory: true,
};

/** @throws InvalidConfigError for a limit that is not a whole number in its range, and for an option that is none. */
export function createPool(options: PoolOptions = {}): WorkerPool {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const message = `${unknown} is no option of a pool; there are ${Object.keys(known).join(', ')}.`;
    throw new InvalidConfigError(message, { data: { path: unknown } });
  }
  const maxQueue = limit('maxQueue', options.maxQueue ?? 1024, 0);
  const limits = {
    threads: limit('threads', options.threads ?? Math.max(1, availableParallelism() - 1), 1),
    maxQueue,
    maxTenantQueue: limit('maxTenantQueue', options.maxTenantQueue ?? maxQueue, 0),
    idleMs: limit('idleMs', options.idleMs ?? 10_000, 0),
    maxHeapMb: limit('maxHeapMb', options.maxHeapMb ?? 512, 16),
    niceness: limit('niceness', options.niceness ?? 10, 0, 19),
  };
  return new PiscinaPool(limits, options);
}

function limit(name: keyof Limits, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const bounds = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of at least ${least}`;
  throw new InvalidConfigError(`${name} must be a whole number ${bounds}, not ${value}.`, {
    data: { path: name, value, least },
  });
}

class PiscinaPool implements WorkerPool {
  readonly #limits: Limits;
  readonly #clock: Clock | undefined;
  readonly #memory: ByteBudget | undefined;
  readonly #piscina: Piscina<Lease>;
  readonly #waiting = new FairQueue<Job>();
  /** How many of each tenant wait, of those of whom any do. */
  readonly #waitingOf = new Map<string | undefined, number>();
  /** They were given to a thread that did not begin them, so they are next. */
  #returned: Job[] = [];
  readonly #threads = new Set<LeasedThread>();
  /** Those with nothing to do; the last one is used first, so that the others may end. */
  readonly #idle: LeasedThread[] = [];
  readonly #owner = {
    onRoom: (thread: LeasedThread) => this.#fill(thread),
    onAnswer: () => this.#poll(),
    onReturn: (jobs: readonly Job[]) => this.#takeBack(jobs),
    onEnd: (thread: LeasedThread) => this.#forget(thread),
  };
  #completed = 0;
  #fills = 0;
  #closing: Promise<void> | undefined;

  constructor(limits: Limits, { clock, memory }: PoolOptions) {
    this.#limits = limits;
    this.#clock = clock;
    this.#memory = memory;
    this.#piscina = startPiscina(limits);
    // A thread that fails without a task failed to start, so some task would wait for it for ever.
    this.#piscina.on('error', (error) => this.#failStarting(error));
  }

  get stats(): WorkerPoolStats {
    return { threads: this.#piscina.threads.length, queued: this.#queued, completed: this.#completed };
  }

  get #queued(): number {
    return this.#waiting.size + this.#returned.length;
  }

  async run<Output>(task: WorkerTask, input: unknown, options: RunOptions = {}): Promise<Output> {
    const { signal, priority = USUAL } = options;
    if (this.#closing !== undefined) throw cancelled(task, 'the pool is closed');
    if (signal?.aborted) throw cancelled(task, 'it was aborted before it began', signal.reason);
    const job = new Job(task, input, options, this.#clock, this.#stop);
    if (this.#memory !== undefined) job.reserve(this.#memory, options.bytes);
    const thread = this.#queued === 0 ? this.#idleThread() : undefined;
    if (thread === undefined) this.#enqueue(job, priority);
    else if (!this.#give(thread, job)) this.#idle.push(thread);
    const output = await (signal === undefined ? job.outcome : this.#abortable(job, signal));
    this.#completed += 1;
    // The task declares its output; nothing here can check it.
    return output as Output;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const reason = ({ task }: Job) => cancelled(task, 'the pool was closed');
    for (let job = this.#next(); job !== undefined; job = this.#next()) job.refuse(reason(job));
    for (const thread of this.#threads) thread.abort(reason);
    await this.#piscina.destroy();
  }

  async #abortable(job: Job, signal: AbortSignal): Promise<unknown> {
    const onAbort = () => this.#stop(job, () => cancelled(job.task, 'it was aborted', signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await job.outcome;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #enqueue(job: Job, priority: number): void {
    const { task, tenant } = job;
    const { maxQueue, maxTenantQueue } = this.#limits;
    if (this.#queued >= maxQueue) {
      job.refuse(overloaded(task, { maxQueue }));
    } else if ((this.#waitingOf.get(tenant) ?? 0) >= maxTenantQueue) {
      job.refuse(overloaded(task, { maxTenantQueue, tenant }));
    } else {
      job.place = this.#waiting.add(job, priority, tenant);
      this.#count(tenant, 1);
      job.startWaiting();
    }
  }

  #count(tenant: string | undefined, change: number): void {
    const count = (this.#waitingOf.get(tenant) ?? 0) + change;
    if (count === 0) this.#waitingOf.delete(tenant);
    else this.#waitingOf.set(tenant, count);
  }

  #next(): Job | undefined {
    if (this.#returned.length > 0) return this.#returned.shift();
    const job = this.#waiting.take();
    if (job !== undefined) this.#count(job.tenant, -1);
    return job;
  }

  /** One that may be given a task, if there may be one. */
  #idleThread(): LeasedThread | undefined {
    let idle = this.#idle.pop();
    while (idle?.isIdle === false) idle = this.#idle.pop();
    if (idle !== undefined || this.#threads.size >= this.#limits.threads) return idle;
    const thread = new LeasedThread(this.#piscina, this.#owner);
    this.#threads.add(thread);
    return thread;
  }

  #give(thread: LeasedThread, job: Job): boolean {
    if (job.leftMs > 0) return thread.give(job);
    job.refuse(tooLate(job.task));
    return false;
  }

  #fill(thread: LeasedThread): void {
    this.#relieveOthers(thread);
    while (thread.hasRoom) {
      const job = this.#next();
      if (job === undefined) break;
      this.#give(thread, job);
    }
    if (thread.isIdle && this.#threads.has(thread)) this.#idle.push(thread);
  }

  /** What they were given ahead comes first, where this thread has nothing else, or what they do takes long after all. */
  #relieveOthers(thread: LeasedThread): void {
    this.#fills += 1;
    const isLast = this.#queued === 0;
    const mayBeStuck = this.#fills % FILLS_BETWEEN_LOOKS === 0;
    if (!isLast && !mayBeStuck && thread.isQuick) return;
    for (const other of this.#threads) {
      const isStuck = mayBeStuck && !other.hasAnsweredSince();
      if (other !== thread && other.hasAhead && (isLast || isStuck || !thread.isQuick)) other.returnAhead();
    }
  }

  #poll(): void {
    for (const thread of this.#threads) thread.poll();
  }

  #takeBack(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    for (const job of jobs) job.startWaiting();
    this.#returned.push(...jobs);
    this.#dispatch();
  }

  #forget(thread: LeasedThread): void {
    this.#threads.delete(thread);
    const place = this.#idle.indexOf(thread);
    if (place !== -1) this.#idle.splice(place, 1);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#queued > 0) {
      const thread = this.#idleThread();
      if (thread === undefined) return;
      this.#fill(thread);
    }
  }

  /** One that runs is stopped by ending its thread; piscina starts another when it is needed. */
  readonly #stop = (job: Job, reason: Reason): void => {
    const { place, thread } = job;
    if (thread !== undefined) {
      thread.end(job, reason);
      return;
    }
    if (place !== undefined && this.#waiting.remove(place)) this.#count(job.tenant, -1);
    this.#returned = this.#returned.filter((returned) => returned !== job);
    job.refuse(reason(false));
  };

  #failStarting(error: unknown): void {
    if (this.#piscina.threads.length >= this.#threads.size) return;
    for (const thread of this.#threads) thread.abort(() => error);
  }
}

/** Every option by name: piscina's defaults are unbounded, or shared between pools. */
function startPiscina(limits: Limits): Piscina<Lease> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Piscina<Lease>({
    filename: new URL(`./worker.${extension}`, import.meta.url).href,
    name: 'serve',
    minThreads: 0,
    maxThreads: limits.threads,
    idleTimeout: limits.idleMs,
    maxQueue: limits.threads,
    taskQueue: new TaskLine(),
    concurrentTasksPerWorker: 1,
    // With atomics a thread sleeps between tasks, and whatever its modules have open sleeps with it.
    atomics: 'disabled',
    resourceLimits: { maxOldGenerationSizeMb: limits.maxHeapMb },
    argv: [],
    execArgv: [],
    workerData: null,
    niceIncrement: platform() === 'linux' ? limits.niceness : 0,
    trackUnmanagedFds: true,
    closeTimeout: 5_000,
    recordTiming: false,
    stricterFIFO: true,
    workerHistogram: false,
  });
}
