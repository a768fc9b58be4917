/**
 * A bounded pool of threads on piscina. It holds the waiting line itself and gives piscina no more tasks than it has
 * threads, because piscina's own line is unbounded for tasks that can be aborted, and stalls when the thread of an
 * aborted task was the last one.
 */
import { availableParallelism } from 'node:os';
import {
  CancelledError,
  InvalidConfigError,
  type JaegisError,
  OverloadedError,
  type RunOptions,
  type WorkerPool,
  type WorkerPoolStats,
  type WorkerTask,
} from '@jaegis/core';
import { Piscina } from 'piscina';
import { faultOf, outputOf } from './fault.ts';
import { TaskLine } from './task-line.ts';
import type { WorkerRequest } from './worker.ts';

export interface PoolOptions {
  /** How many threads at most; they start when there is work. Default: one less than the machine has, at least 1. */
  readonly threads?: number;
  /** How many tasks may wait for a thread. Default 1024. */
  readonly maxQueue?: number;
  /** How long an idle thread is kept, in milliseconds. Default 10,000. */
  readonly idleMs?: number;
  /** JavaScript heap of one thread, in MiB; a task that needs more fails. Default 512. */
  readonly maxHeapMb?: number;
}

/** @throws InvalidConfigError for a limit that is not a whole number in its range. */
export function createPool(options: PoolOptions = {}): WorkerPool {
  return new PiscinaPool({
    threads: limit('threads', options.threads ?? Math.max(1, availableParallelism() - 1), 1),
    maxQueue: limit('maxQueue', options.maxQueue ?? 1024, 0),
    idleMs: limit('idleMs', options.idleMs ?? 10_000, 0),
    maxHeapMb: limit('maxHeapMb', options.maxHeapMb ?? 512, 16),
  });
}

function limit(name: keyof PoolOptions, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidConfigError(`${name} must be a whole number of at least ${least}, not ${value}.`, {
    data: { path: name, value, least },
  });
}

interface Job {
  readonly request: WorkerRequest;
  readonly abort: AbortController;
  readonly settle: (outcome: Promise<unknown>) => void;
}

class PiscinaPool implements WorkerPool {
  readonly #limits: Required<PoolOptions>;
  readonly #piscina: Piscina<WorkerRequest>;
  readonly #waiting: Job[] = [];
  readonly #running = new Set<Job>();
  #completed = 0;
  #closing: Promise<void> | undefined;

  constructor(limits: Required<PoolOptions>) {
    this.#limits = limits;
    this.#piscina = startPiscina(limits);
    // A thread that fails without a task failed to start, so some task would wait for it for ever.
    this.#piscina.on('error', (error) => this.#failRunning(error));
  }

  get stats(): WorkerPoolStats {
    return { threads: this.#piscina.threads.length, queued: this.#waiting.length, completed: this.#completed };
  }

  async run<Output>(task: WorkerTask, input: unknown, options: RunOptions = {}): Promise<Output> {
    const { signal } = options;
    if (this.#closing !== undefined) throw cancelled(task, 'the pool is closed');
    if (signal?.aborted) throw cancelled(task, 'it was aborted before it began', signal.reason);
    const isFull = this.#running.size >= this.#limits.threads && this.#waiting.length >= this.#limits.maxQueue;
    if (isFull) throw overloaded(task, this.#limits.maxQueue);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const job: Job = { request: { task, input }, abort: new AbortController(), settle: resolve };
    const onAbort = () => this.#cancel(job, cancelled(task, 'it was aborted', signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting.push(job);
    this.#dispatch();
    try {
      // The task declares its output; nothing here can check it.
      return (await promise) as Output;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const job of [...this.#waiting, ...this.#running]) {
      this.#cancel(job, cancelled(job.request.task, 'the pool was closed'));
    }
    await this.#piscina.destroy();
  }

  #dispatch(): void {
    while (this.#running.size < this.#limits.threads) {
      const job = this.#waiting.shift();
      if (job === undefined) return;
      this.#running.add(job);
      job.settle(this.#perform(job));
    }
  }

  async #perform(job: Job): Promise<unknown> {
    const { request, abort } = job;
    try {
      const output = outputOf(await this.#piscina.run(request, { signal: abort.signal }));
      this.#completed += 1;
      return output;
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : faultOf(error, request.task);
    } finally {
      this.#running.delete(job);
      this.#dispatch();
    }
  }

  #cancel(job: Job, reason: unknown): void {
    const place = this.#waiting.indexOf(job);
    if (place === -1) {
      job.abort.abort(reason);
    } else {
      this.#waiting.splice(place, 1);
      job.settle(Promise.reject(reason));
    }
  }

  #failRunning(error: unknown): void {
    if (this.#piscina.threads.length >= this.#running.size) return;
    for (const job of this.#running) job.abort.abort(error);
  }
}

/** Every option by name: piscina's defaults are unbounded, or shared between pools. */
function startPiscina(limits: Required<PoolOptions>): Piscina<WorkerRequest> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Piscina<WorkerRequest>({
    filename: new URL(`./worker.${extension}`, import.meta.url).href,
    name: 'runTask',
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
    niceIncrement: 0,
    trackUnmanagedFds: true,
    closeTimeout: 5_000,
    recordTiming: false,
    stricterFIFO: true,
    workerHistogram: false,
  });
}

function cancelled(task: WorkerTask, why: string, cause?: unknown): JaegisError {
  return new CancelledError(`The task ${task.name} was cancelled: ${why}.`, { cause, data: { ...task } });
}

function overloaded(task: WorkerTask, maxQueue: number): JaegisError {
  const message = `The task ${task.name} was not taken: maxQueue (${maxQueue}) tasks are waiting for a thread.`;
  return new OverloadedError(message, { data: { ...task, maxQueue } });
}
