/**
 * A bounded pool of threads on piscina. It holds the waiting line itself, because piscina's own line is unbounded for
 * tasks that can be aborted, knows no tenants, and stalls when the thread of an aborted task was the last one. Piscina has
 * as many tasks as threads, and as many tickets for tasks that are chosen when a thread is free.
 */
import { availableParallelism, platform } from 'node:os';
import {
  type Clock,
  FairQueue,
  InvalidConfigError,
  type RunOptions,
  type WorkerPool,
  type WorkerPoolStats,
  type WorkerTask,
} from '@jaegis/core';
import { Piscina } from 'piscina';
import type { Errand, WorkerReply } from './errand.ts';
import { faultOf, outputOf } from './fault.ts';
import { Job } from './job.ts';
import { cancelled, overloaded } from './refusals.ts';
import { TaskLine } from './task-line.ts';
import { Ticket } from './ticket.ts';

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
}

type Limits = Required<Omit<PoolOptions, 'clock'>>;

/** The priority of tasks that have none. */
const USUAL = 5;

/** @throws InvalidConfigError for a limit that is not a whole number in its range. */
export function createPool(options: PoolOptions = {}): WorkerPool {
  const maxQueue = limit('maxQueue', options.maxQueue ?? 1024, 0);
  const limits = {
    threads: limit('threads', options.threads ?? Math.max(1, availableParallelism() - 1), 1),
    maxQueue,
    maxTenantQueue: limit('maxTenantQueue', options.maxTenantQueue ?? maxQueue, 0),
    idleMs: limit('idleMs', options.idleMs ?? 10_000, 0),
    maxHeapMb: limit('maxHeapMb', options.maxHeapMb ?? 512, 16),
    niceness: limit('niceness', options.niceness ?? 10, 0, 19),
  };
  return new PiscinaPool(limits, options.clock);
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
  readonly #piscina: Piscina<Errand>;
  readonly #line = new TaskLine();
  readonly #waiting = new FairQueue<Job>();
  /** How many of each tenant wait, of those of whom any do. */
  readonly #waitingOf = new Map<string | undefined, number>();
  readonly #running = new Set<Job>();
  /** What piscina has that is nobody's yet: a thread takes the next of them when it has done its task. */
  readonly #tickets = new Set<Ticket>();
  /** How many of those that run wait for their thread to start. */
  #starting = 0;
  #completed = 0;
  #closing: Promise<void> | undefined;

  constructor(limits: Limits, clock: Clock | undefined) {
    this.#limits = limits;
    this.#clock = clock;
    this.#piscina = startPiscina(limits, this.#line);
    // A thread that fails without a task failed to start, so some task would wait for it for ever.
    this.#piscina.on('error', (error) => this.#failRunning(error));
  }

  get stats(): WorkerPoolStats {
    return { threads: this.#piscina.threads.length, queued: this.#waiting.size, completed: this.#completed };
  }

  async run<Output>(task: WorkerTask, input: unknown, options: RunOptions = {}): Promise<Output> {
    const { signal, tenant, priority = USUAL } = options;
    if (this.#closing !== undefined) throw cancelled(task, 'the pool is closed');
    if (signal?.aborted) throw cancelled(task, 'it was aborted before it began', signal.reason);
    const job = new Job({ task, input }, options, this.#clock);
    this.#checkRoom(job);
    job.place = this.#waiting.add(job, priority, tenant);
    this.#count(tenant, 1);
    job.startWaiting((reason) => this.#stop(job, reason));
    this.#dispatch();
    // The task declares its output; nothing here can check it.
    return (await (signal === undefined ? job.outcome : this.#abortable(job, signal))) as Output;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const reason = ({ request }: Job) => cancelled(request.task, 'the pool was closed');
    for (let job = this.#next(); job !== undefined; job = this.#next()) job.refuse(reason(job));
    for (const job of this.#running) job.stop?.abort(reason(job));
    this.#returnTickets();
    await this.#piscina.destroy();
  }

  async #abortable(job: Job, signal: AbortSignal): Promise<unknown> {
    const onAbort = () => this.#stop(job, cancelled(job.request.task, 'it was aborted', signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await job.outcome;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #checkRoom({ request, tenant }: Job): void {
    if (this.#running.size < this.#limits.threads) return;
    const { maxQueue, maxTenantQueue } = this.#limits;
    if (this.#waiting.size >= maxQueue) throw overloaded(request.task, { maxQueue });
    const isFull = (this.#waitingOf.get(tenant) ?? 0) >= maxTenantQueue;
    if (isFull) throw overloaded(request.task, { maxTenantQueue, tenant });
  }

  #count(tenant: string | undefined, change: number): void {
    const count = (this.#waitingOf.get(tenant) ?? 0) + change;
    if (count === 0) this.#waitingOf.delete(tenant);
    else this.#waitingOf.set(tenant, count);
  }

  #next(): Job | undefined {
    const job = this.#waiting.take();
    if (job !== undefined) this.#count(job.tenant, -1);
    return job;
  }

  #dispatch(): void {
    const { threads } = this.#limits;
    if (this.#waiting.size === 0) return;
    if (this.#running.size < threads) this.#returnTickets();
    while (this.#running.size < threads) {
      const ticket = new Ticket(this.#onSend);
      this.#take(ticket);
      if (ticket.job === undefined) return;
      this.#starting += 1;
      void this.#perform(ticket);
    }
    // piscina would give a thread that starts the last of all that wait for it.
    this.#line.isJoined = true;
    while (this.#starting === 0 && this.#tickets.size < Math.min(threads, this.#waiting.size)) {
      const ticket = new Ticket(this.#onSend);
      this.#tickets.add(ticket);
      void this.#perform(ticket);
    }
    this.#line.isJoined = false;
  }

  readonly #onSend = (ticket: Ticket): void => {
    ticket.isSent = true;
    if (ticket.job === undefined) this.#take(ticket);
    else this.#starting -= 1;
  };

  /** It becomes that of the next one, if there is one. */
  #take(ticket: Ticket): void {
    this.#tickets.delete(ticket);
    for (let job = this.#next(); job !== undefined; job = this.#next()) {
      if (!job.startRunning(ticket.stop)) continue;
      ticket.job = job;
      this.#running.add(job);
      return;
    }
  }

  /** A thread is missing, and for what waits in its line piscina would start none. */
  #returnTickets(): void {
    for (const { stop } of this.#tickets) stop.abort(undefined);
    this.#tickets.clear();
  }

  async #perform(ticket: Ticket): Promise<void> {
    const { errand, stop } = ticket;
    try {
      const reply: WorkerReply = await this.#piscina.run(errand, { signal: stop });
      const output = outputOf(reply);
      this.#completed += ticket.job === undefined ? 0 : 1;
      this.#end(ticket);
      ticket.job?.settle(output);
    } catch (error) {
      this.#end(ticket);
      const { job } = ticket;
      job?.fail(stop.aborted ? stop.reason : faultOf(error, job.request.task));
    }
  }

  /** Before the outcome is told, so that its thread has the next task already. */
  #end({ job, isSent }: Ticket): void {
    if (job !== undefined) {
      job.end();
      this.#running.delete(job);
      if (!isSent) this.#starting -= 1;
    }
    this.#dispatch();
  }

  /** One that runs is stopped by ending its thread; piscina starts another when it is needed. */
  #stop(job: Job, reason: unknown): void {
    if (job.place !== undefined && this.#waiting.remove(job.place)) {
      this.#count(job.tenant, -1);
      job.refuse(reason);
    } else {
      job.stop?.abort(reason);
    }
  }

  #failRunning(error: unknown): void {
    if (this.#piscina.threads.length >= this.#running.size) return;
    this.#returnTickets();
    for (const job of this.#running) job.stop?.abort(error);
  }
}

/** Every option by name: piscina's defaults are unbounded, or shared between pools. */
function startPiscina(limits: Limits, taskQueue: TaskLine): Piscina<Errand> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Piscina<Errand>({
    filename: new URL(`./worker.${extension}`, import.meta.url).href,
    name: 'runTask',
    minThreads: 0,
    maxThreads: limits.threads,
    idleTimeout: limits.idleMs,
    maxQueue: 2 * limits.threads,
    taskQueue,
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
