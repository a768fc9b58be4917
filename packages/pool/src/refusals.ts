/** Why a task does not run, or not to its end. */
import {
  CancelledError,
  InvalidConfigError,
  type JaegisError,
  OperationTimeoutError,
  OverloadedError,
  type WorkerTask,
} from '@jaegis/core';

export function cancelled(task: WorkerTask, why: string, cause?: unknown): JaegisError {
  return new CancelledError(`The task ${task.name} was cancelled: ${why}.`, { cause, data: { ...task } });
}

export function overloaded(task: WorkerTask, limit: Readonly<Record<string, unknown>>): JaegisError {
  const [name, value] = Object.entries(limit)[0] ?? [];
  const message = `The task ${task.name} was not taken: ${name} (${value}) tasks are waiting for a thread.`;
  return new OverloadedError(message, { data: { ...task, ...limit } });
}

/** Its time was up while it waited. */
export function tooLate(task: WorkerTask): JaegisError {
  const message = `The task ${task.name} did not begin: its deadline passed while it waited for a thread.`;
  return new OverloadedError(message, { data: { ...task, why: 'deadline' } });
}

/** Its time was up while it ran. */
export function timedOut(task: WorkerTask, ranMs: number): JaegisError {
  const message = `The task ${task.name} was stopped after ${Math.round(ranMs)} ms, which is all the time it had.`;
  return new OperationTimeoutError(message, { data: { ...task, ranMs } });
}

export function badTime(name: string, value: unknown): JaegisError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new InvalidConfigError(`${name} must be a number above 0, not ${shown}.`, { data: { path: name, value } });
}

export function noTask(): JaegisError {
  const message =
    'A task must be { module, name }: the file URL of a module and the name of a function that it exports. ' +
    'A function itself cannot cross threads.';
  return new InvalidConfigError(message, { data: { path: 'task' } });
}

export function noClock(): JaegisError {
  const message = 'A task with timeoutMs or deadlineMs needs a pool with a clock.';
  return new InvalidConfigError(message, { data: { path: 'clock' } });
}
