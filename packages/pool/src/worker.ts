/**
 * What runs in each thread: loads the module of a task and calls its function. Errors return as plain data, since an
 * Error that crosses a thread loses its code. Named by file in pool.ts; piscina calls `runTask`.
 */
import { type ErrorData, errorToData, InvalidDefinitionError, type WorkerTask } from '@jaegis/core';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { Errand, WorkerReply, WorkerRequest } from './errand.ts';
import { Moved } from './moved.ts';

type Work = (input: unknown) => unknown;

/** Modules by their URL. An import that is known costs more than a small task. None is forgotten: Node.js keeps them too. */
const loaded = new Map<string, Readonly<Record<string, unknown>>>();

/** A reply at once where all is known, since each promise in between costs a small task its part. */
export function runTask({ request }: Errand): unknown {
  if (request === undefined) return replyOf(undefined);
  const module = loaded.get(request.task.module);
  return module === undefined ? loadAndPerform(request) : perform(module, request);
}

async function loadAndPerform(request: WorkerRequest): Promise<unknown> {
  const { task } = request;
  try {
    const module = await import(task.module).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new InvalidDefinitionError(`Cannot load ${placeOf(task)}: ${why}`, { cause, data: { ...task } });
    });
    loaded.set(task.module, module);
    return await perform(module, request);
  } catch (error) {
    return failed(error);
  }
}

function perform(module: Readonly<Record<string, unknown>>, { task, input }: WorkerRequest): unknown {
  try {
    const output = workOf(module, task)(input);
    return isThenable(output) ? Promise.resolve(output).then(replyOf).catch(failed) : replyOf(output);
  } catch (error) {
    return failed(error);
  }
}

function workOf(module: Readonly<Record<string, unknown>>, task: WorkerTask): Work {
  const work = module[task.name];
  if (typeof work === 'function') return (input) => work(input);
  throw new InvalidDefinitionError(`Cannot find ${placeOf(task)}: it exports no such function.`, { data: { ...task } });
}

const placeOf = ({ module, name }: WorkerTask) => `the function ${name} of ${module}`;

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function replyOf(output: unknown): unknown {
  return output instanceof Moved ? withTransfer({ output: output.output }, output.buffers) : checked({ output });
}

function failed(error: unknown): WorkerReply {
  return { error: cloneable(errorToData(error)) };
}

/** What cannot be cloned must fail here: piscina would lose the thread over it, and with it the reason. */
function checked(reply: { output: unknown }): WorkerReply {
  const { output } = reply;
  // What is no object, function or symbol always can.
  if ((typeof output === 'object' && output !== null) || typeof output === 'function' || typeof output === 'symbol') {
    structuredClone(output);
  }
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
