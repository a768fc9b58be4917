/**
 * Threads for work that would block the event loop. Real: piscina (`@jaegis/pool`).
 *
 * Obligations: a task that throws rejects with its own error (name, message and `code` kept, prototype not); a task
 * whose signal aborts, also while it runs, rejects with `CancelledError` and its thread is free again; a queue at its
 * limit refuses with `OverloadedError`; after `close`, and for tasks still queued then, `CancelledError`. Tasks wait by
 * priority, within one by turns among tenants, within a tenant by arrival. A task that runs longer than it may rejects
 * with `OperationTimeoutError` and is stopped, however it blocks; one whose deadline passes while it waits never begins
 * and rejects with `OverloadedError`; one that needs more memory than a thread has, with `WorkerOutOfMemoryError`. None of
 * them harms another task. Where there is a budget of bytes, a task that does not fit rejects with `OverloadedError`.
 */
export interface WorkerPool {
  run<Output>(task: WorkerTask, input: unknown, options?: RunOptions): Promise<Output>;
  readonly stats: WorkerPoolStats;
  /** Stops the threads; tasks still running reject. */
  close(): Promise<void>;
}

export interface WorkerTask {
  /** The module that holds the function, as a file URL: `new URL('./kernel.ts', import.meta.url).href`. */
  readonly module: string;
  /** The name of the exported function: `(input) => output`, async or not. */
  readonly name: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** 0 is the most urgent, 9 the least. Default 5. */
  readonly priority?: number | undefined;
  /** For whom: those of a priority that wait take turns by it. Default: nobody in particular, who is one of them. */
  readonly tenant?: string | undefined;
  /** What it holds while it waits and runs, in bytes, where its pool has a budget. Default: about as much as its input. */
  readonly bytes?: number | undefined;
  /** How long it may run, in ms, with the start of its thread, without what it waits before. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** When it must be done, of the monotonic clock, in ms, with what it waits. Default: no limit. */
  readonly deadlineMs?: number | undefined;
}

export interface WorkerPoolStats {
  readonly threads: number;
  readonly queued: number;
  readonly completed: number;
}
