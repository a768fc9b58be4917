/** What crosses between the pool and its threads. */
import type { ErrorData, WorkerTask } from '@jaegis/core';

export interface WorkerRequest {
  readonly task: WorkerTask;
  readonly input: unknown;
}

/** Without a request there is nothing to do any more. */
export interface Errand {
  readonly request: WorkerRequest | undefined;
}

export type WorkerReply = { readonly output: unknown } | { readonly error: ErrorData };
