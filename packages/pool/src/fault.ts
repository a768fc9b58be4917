/**
 * The one place where what piscina and the worker entry report becomes what the WorkerPool port promises. Called by
 * the pool for each task that did not end with an output.
 */
import {
  errorFromData,
  JaegisError,
  NotSerializableError,
  WorkerExitedError,
  WorkerOutOfMemoryError,
  type WorkerTask,
} from '@jaegis/core';
import type { WorkerReply } from './errand.ts';

/** The output; throws what the task itself threw. */
export function outputOf(reply: NonNullable<WorkerReply>): unknown {
  if ('error' in reply) throw errorFromData(reply.error);
  return reply.output;
}

export function faultOf(error: unknown, task: WorkerTask): unknown {
  if (error instanceof JaegisError || !(error instanceof Error)) return error;
  if (error.name === 'DataCloneError') {
    const message = `The input or the output of ${task.name} in ${task.module} cannot cross threads: ${error.message}`;
    return new NotSerializableError(message, { cause: error, data: { ...task } });
  }
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const message = `The task ${task.name} in ${task.module} needed more memory than its thread may have.`;
    return new WorkerOutOfMemoryError(message, { cause: error, data: { ...task } });
  }
  // piscina gives this error no code.
  if (error.message.startsWith('worker exited with code')) {
    const message = `The thread ended while it did the task ${task.name} in ${task.module}: ${error.message}.`;
    return new WorkerExitedError(message, { cause: error, data: { ...task } });
  }
  return error;
}
