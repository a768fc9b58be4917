/**
 * What runs in each thread: loads the module of a task and calls its function. Errors return as plain data, since an
 * Error that crosses a thread loses its code. Named by file in pool.ts; piscina calls `serve`.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type ErrorData, errorToData, InvalidDefinitionError, type WorkerTask } from '@jaegis/core';
import {
  ANSWERED,
  CLAIMED,
  CLAIMS,
  type Lease,
  OFFERED,
  SENT,
  USUAL_US,
  type WorkerReply,
  type WorkerRequest,
} from './errand.ts';
import { Moved } from './moved.ts';

type Work = (input: unknown) => unknown;

/** What a task ended with, and what of it moves. */
interface Answer {
  readonly reply: WorkerReply;
  readonly buffers?: readonly ArrayBuffer[];
}

/**
 * How long the thread waits for tasks, and does them, without a turn of its event loop, in ms: one that sleeps until it is
 * told is there sooner than one that waits for events. Timers and connections of its modules wait as long at most.
 */
const TURN_MS = 1;
/** How long it is kept without a task, in ms: to have it again costs as much as some tasks, and it keeps the process alive. */
const LINGER_MS = 50;

/** What is left of the usual time of a task after a shorter one. */
const FADING = 0.75;
/** More than it takes for a task to count as long. */
const MOST_US = 1_000_000;

/** Modules by their URL. An import that is known costs more than a small task. None is forgotten: Node.js keeps them too. */
const loaded = new Map<string, Readonly<Record<string, unknown>>>();

/** Does one task after the other until none has come for a while. */
export function serve(lease: Lease): Promise<void> {
  return new Promise((resolve) => new Service(lease, resolve));
}

class Service {
  readonly #port: MessagePort;
  readonly #shared: Int32Array;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #nextTurn: NodeJS.Immediate | undefined;
  /** For the end of a task that is asynchronous. */
  #isWaiting = false;
  /** What has come since, and is not claimed yet. */
  readonly #heard: WorkerRequest[] = [];
  #isOver = false;

  constructor({ port, shared }: Lease, onEnd: () => void) {
    this.#port = port;
    this.#shared = shared;
    this.#onEnd = onEnd;
    port.on('message', (request: WorkerRequest) => {
      if (this.#isWaiting || this.#heard.length > 0) this.#heard.push(request);
      else this.#do(request);
    });
    this.#linger();
  }

  /** It, and what comes after it in this turn. */
  #do(first: WorkerRequest, endsMs = performance.now() + TURN_MS): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    clearImmediate(this.#nextTurn);
    for (let request: WorkerRequest | undefined = first; request !== undefined; request = this.#next(endsMs)) {
      const beganMs = performance.now();
      const answer = this.#claims(request) ? answerTo(request) : { reply: null };
      if (answer instanceof Promise) {
        this.#isWaiting = true;
        void answer.then((late) => {
          this.#isWaiting = false;
          this.#answer(late, beganMs);
          this.#yield();
        });
        return;
      }
      this.#answer(answer, beganMs);
    }
    this.#yield();
  }

  #claims({ claim }: WorkerRequest): boolean {
    return Atomics.compareExchange(this.#shared, CLAIMS + claim, OFFERED, CLAIMED) === OFFERED;
  }

  /** Lets the event loop have its turn, without waiting for events: the next task is probably on its way. */
  #yield(): void {
    this.#nextTurn = setImmediate(() => {
      const endsMs = performance.now() + TURN_MS;
      const request = this.#next(endsMs);
      if (request === undefined) this.#linger();
      else this.#do(request, endsMs);
    });
  }

  #next(endsMs: number): WorkerRequest | undefined {
    for (;;) {
      const sent = Atomics.load(this.#shared, SENT);
      const leftMs = endsMs - performance.now();
      if (leftMs <= 0) return undefined;
      const request = this.#heard.shift() ?? receiveMessageOnPort(this.#port)?.message;
      if (request !== undefined) return request;
      Atomics.wait(this.#shared, SENT, sent, leftMs);
    }
  }

  #answer({ reply, buffers }: Answer, beganMs: number): void {
    const tookUs = Math.min(MOST_US, (performance.now() - beganMs) * 1_000);
    const usualUs = Atomics.load(this.#shared, USUAL_US) * FADING;
    Atomics.store(this.#shared, USUAL_US, Math.max(usualUs, tookUs));
    try {
      this.#port.postMessage(reply, buffers ?? []);
    } catch (error) {
      this.#port.postMessage(failed(error).reply);
    }
    Atomics.add(this.#shared, ANSWERED, 1);
  }

  #linger(): void {
    this.#timer = setTimeout(() => {
      // Where the thread was busy elsewhere its time is up before it has heard.
      const received = receiveMessageOnPort(this.#port);
      if (received !== undefined) return this.#do(received.message);
      this.#isOver = true;
      this.#port.close();
      this.#onEnd();
    }, LINGER_MS);
  }
}

/** At once where all is known, since each promise in between costs a small task its part. */
function answerTo(request: WorkerRequest): Answer | Promise<Answer> {
  const module = loaded.get(request.task.module);
  return module === undefined ? loadAndPerform(request) : perform(module, request);
}

async function loadAndPerform(request: WorkerRequest): Promise<Answer> {
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

function perform(module: Readonly<Record<string, unknown>>, { task, input }: WorkerRequest): Answer | Promise<Answer> {
  try {
    const output = workOf(module, task)(input);
    return isThenable(output) ? Promise.resolve(output).then(answerOf).catch(failed) : answerOf(output);
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

function answerOf(output: unknown): Answer {
  return output instanceof Moved
    ? { reply: { output: output.output }, buffers: output.buffers }
    : { reply: { output } };
}

function failed(error: unknown): Answer {
  return { reply: { error: cloneable(errorToData(error)) } };
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
