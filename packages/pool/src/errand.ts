/** What crosses between the pool and its threads. */
import type { MessagePort } from 'node:worker_threads';
import type { ErrorData, WorkerTask } from '@jaegis/core';

/** A thread for many tasks, which come on the port and are done in that order. */
export interface Lease {
  readonly port: MessagePort;
  /** {@link FIELDS} numbers that both sides see. */
  readonly shared: Int32Array;
}

/** How many tasks may be at a thread at once: the one it does, and more where tasks are small. */
export const MOST_GIVEN = 4;

/** Messages sent to the thread; it is woken by a change. */
export const SENT = 0;
/** Messages it has answered. */
export const ANSWERED = 1;
/** How long a task of it took lately, in microseconds: long ones at once, short ones little by little. */
export const USUAL_US = 2;
/** From here on the claims, see {@link OFFERED}. */
export const CLAIMS = 3;
export const FIELDS = CLAIMS + MOST_GIVEN;

/** States of a claim: whoever changes it first has the task, the thread to do it, or the pool to do otherwise. */
export const OFFERED = 0;
export const CLAIMED = 1;
export const WITHDRAWN = 2;

export interface WorkerRequest {
  /** Whose claim it is, of those at the thread. */
  readonly claim: number;
  readonly task: WorkerTask;
  readonly input: unknown;
}

/** Null for a task that was withdrawn. */
export type WorkerReply = { readonly output: unknown } | { readonly error: ErrorData } | null;
