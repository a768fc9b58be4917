/**
 * What runs in each thread: loads the module of a task and calls its function. Errors return as plain data, since an
 * Error that crosses a thread loses its code. Named by file in pool.ts; piscina calls `runTask`.
 */
import { type ErrorData, errorToData, InvalidDefinitionError, type WorkerTask } from '@jaegis/core';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { Moved } from './moved.ts';

export interface WorkerRequest {
  readonly task: WorkerTask;
  readonly input: unknown;
}

export type WorkerReply = { readonly output: unknown } | { readonly error: ErrorData };

export async function runTask({ task, input }: WorkerRequest): Promise<unknown> {
  try {
    const work = await load(task);
    const output = await work(input);
    return output instanceof Moved ? withTransfer({ output: output.output }, output.buffers) : checked({ output });
  } catch (error) {
    return { error: cloneable(errorToData(error)) } satisfies WorkerReply;
  }
}

async function load(task: WorkerTask): Promise<(input: unknown) => unknown> {
  const place = `the function ${task.name} of ${task.module}`;
  const module = await import(task.module).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidDefinitionError(`Cannot load ${place}: ${why}`, { cause, data: { ...task } });
  });
  const work: unknown = module[task.name];
  if (typeof work === 'function') return (input) => work(input);
  throw new InvalidDefinitionError(`Cannot find ${place}: it exports no such function.`, { data: { ...task } });
}

/** What cannot be cloned must fail here: piscina would lose the thread over it, and with it the reason. */
function checked(reply: { output: unknown }): WorkerReply {
  structuredClone(reply.output);
  return reply;
}

function withTransfer(reply: WorkerReply, buffers: readonly ArrayBuffer[]): unknown {
  return move({ [transferableSymbol]: buffers, [valueSymbol]: reply });
}

/** The data of an error may hold what cannot cross; then the error crosses without it. */
function cloneable(error: ErrorData): ErrorData {
  try {
    return structuredClone(error);
  } catch {
    const { data: _, cause, ...rest } = error;
    return cause === undefined ? rest : { ...rest, cause: cloneable(cause) };
  }
}
