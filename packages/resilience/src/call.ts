/** One call that a policy guards, on its way through the parts of the policy. */
import { CancelledError, hasCode, type JaegisError } from '@jaegis/core';
import type { PartEvent } from './services.ts';

/** What is guarded. It is given what it needs to stop early and to tell others how long it has. */
export type Operation<Result> = (call: CallInfo) => Result | PromiseLike<Result>;

/** What an operation is told of the call that it does. */
export interface CallInfo {
  /** Counts the tries from 1. */
  readonly attempt: number;
  /** Aborts when nobody waits for the result any more: a timeout, the caller, a faster hedge. */
  readonly signal: AbortSignal;
  /** When its time is up, of the monotonic clock, in ms; infinite where it has no limit. */
  readonly deadlineMs: number;
}

/** What whoever calls may say. */
export interface CallOptions {
  /** The caller gives up. */
  readonly signal?: AbortSignal | undefined;
  /** For bulkheads and shedding: 0 is the most urgent, 9 the least. Default 5. */
  readonly priority?: number | undefined;
  /** For whom: shares of bulkheads and breakers of their own go by it. Default: nobody in particular. */
  readonly tenant?: string | undefined;
  /** When it must be done, of the monotonic clock, in ms: what is left of the caller's own time. Default: no limit. */
  readonly deadlineMs?: number | undefined;
}

/** The least urgent. */
export const LEAST_URGENT = 9;
const USUAL = 5;
const NOTHING: CallOptions = {};

export class Call implements CallInfo {
  attempt: number;
  deadlineMs: number;
  readonly operation: Operation<unknown>;
  readonly priority: number;
  readonly tenant: string | undefined;
  /** What it is aborted with, once it is. */
  reason: unknown;
  /** Which fallback gave the result, from 1; 0 is the operation itself. */
  answeredBy = 0;
  #isAborted = false;
  readonly #parent: Call | undefined;
  readonly #given: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #onAbort: Set<() => void> | undefined;
  #stopListening: (() => void) | undefined;
  #cancellation: JaegisError | undefined;

  /** @param parent Gives what the options do not say. */
  constructor(operation: Operation<unknown>, options: CallOptions = NOTHING, parent?: Call) {
    this.operation = operation;
    this.attempt = parent?.attempt ?? 1;
    this.deadlineMs = options.deadlineMs ?? parent?.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.priority = options.priority ?? parent?.priority ?? USUAL;
    this.tenant = options.tenant ?? parent?.tenant;
    this.#parent = parent;
    this.#given = options.signal;
  }

  /** Made when it is first asked for: most operations never look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.onAbort(() => this.#controller?.abort(this.reason));
    }
    return this.#controller.signal;
  }

  /**
   * A try or a hedge of this call, which ends when this one does, and may end before. Whoever makes it calls its
   * {@link settle} when it is over.
   */
  fork(): Call {
    return new Call(this.operation, NOTHING, this);
  }

  /** Whether nobody waits for it any more. Those above it are asked, since it may not listen to them yet. */
  get isAborted(): boolean {
    if (this.#isAborted) return true;
    if (this.#parent?.isAborted) this.abort(this.#parent.reason);
    else if (this.#given?.aborted) this.abort(this.#given.reason);
    return this.#isAborted;
  }

  /**
   * What it ends with once it is aborted, the same for its forks: the error of the timeout that has ended it, or else a
   * CancelledError with the reason as its cause.
   */
  get endedBy(): unknown {
    const reason = this.isAborted ? this.reason : undefined;
    if (hasCode(reason, 'operation_timeout')) return reason;
    const parent = this.#parent;
    if (parent?.isAborted && parent.reason === reason) return parent.endedBy;
    this.#cancellation ??= new CancelledError('The call was cancelled.', { cause: reason });
    return this.#cancellation;
  }

  /** Nobody waits for it any more. */
  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.reason = reason;
    const listeners = this.#onAbort;
    this.settle();
    if (listeners !== undefined) for (const listener of listeners) listener();
  }

  /** Calls back once when it is aborted, at once where it is already. @returns Takes the listener back. */
  onAbort(listener: () => void): () => void {
    if (this.#onAbort === undefined && !this.isAborted) this.#listen();
    if (this.isAborted) {
      listener();
      return () => {};
    }
    this.#onAbort ??= new Set();
    this.#onAbort.add(listener);
    return () => void this.#onAbort?.delete(listener);
  }

  /** It is over: nothing is listened to any more. */
  settle(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#onAbort = undefined;
  }

  /** Only once somebody wants to know. */
  #listen(): void {
    const signal = this.#given;
    if (this.#parent !== undefined) {
      const parent = this.#parent;
      this.#stopListening = parent.onAbort(() => this.abort(parent.reason));
    } else if (signal !== undefined) {
      const abort = () => this.abort(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#stopListening = () => signal.removeEventListener('abort', abort);
    }
  }
}

/** What is inside a part: the next one, and in the end the operation. */
export type Inner = (call: Call) => Promise<unknown>;

/** One part of a policy: it runs what is inside it, or does not. */
export interface Part {
  /** For events, errors and inspection: `breaker`, `retry`... */
  readonly name: string;
  run(call: Call, inner: Inner): Promise<unknown>;
  /** Its state, as plain data. */
  inspect?(): unknown;
  /** For a part that several policies share: each tells its events as its own. @returns Takes the listener back. */
  listen?(listener: (event: PartEvent) => void): () => void;
  /** What of it is worth keeping over a restart, as plain data. */
  export?(): unknown;
  /**
   * Goes on from what `export` gave.
   * @param agoMs How long ago that was. @throws InvalidConfigError where it is no such thing.
   */
  import?(state: unknown, agoMs: number): void;
}
