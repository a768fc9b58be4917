/**
 * Threads for work that would block the event loop. Real: piscina (`@jaegis/pool`).
 *
 * Obligations: a task that throws rejects with its own error (name, message and `code` kept, prototype not); a task
 * whose signal aborts, also while it runs, rejects with `CancelledError` and its thread is free again; a queue at its
 * limit refuses with `OverloadedError`; after `close`, and for tasks still queued then, `CancelledError`.
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
}

export interface WorkerPoolStats {
  readonly threads: number;
  readonly queued: number;
  readonly completed: number;
}
