import {
  AskTimeoutError,
  CancelledError,
  type DeadlineLane,
  type Deadlines,
  type Expiring,
  removeWait,
  type WaitEdge,
  type Waiter,
} from '@jaegis/core';
import type { Message } from './protocol.ts';
import type { ReplyHandle } from './reply-handle.ts';

/** Where the answer to an ask goes. */
export interface ReplyTo {
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/** What waits in a mailbox: a tell is the message itself, so that the fastest path allocates nothing. */
export type Item = Message | Ask;

let asks = 0;

/** Grows from ask to ask of this process, whether it stays here or leaves for another node. */
export function nextSequence(): number {
  return ++asks;
}

/**
 * A message that is answered, in the mailbox and until its answer. It settles once: with a reply, an error, the end of
 * its time or its cancellation; whatever comes later is dropped.
 */
export class Ask implements ReplyHandle, Expiring, WaitEdge {
  message: Message;
  /** Of a durable message, or given by the asker. */
  readonly id: string | undefined;
  readonly #replyTo: ReplyTo;
  /** Answered through its handle, not when its handler ends. */
  isDeferred = false;
  isOpen = true;
  /** Its id was made for it and is new; see {@link DeliveryInfo}. */
  isFresh = false;
  /** Who asks, for the record of an entity: an address, or the name of a node. Undefined: not known. */
  sender: string | undefined = undefined;
  /** The actor that waits for the answer, if it is one of this node and asked through its context. */
  from: Waiter | undefined = undefined;
  to: Waiter | undefined = undefined;
  /** The ask that the asker was handling: the chain that re-entrance and deadlines follow. */
  cause: Ask | undefined = undefined;
  readonly sequence: number;
  waiting = false;
  nextWait: WaitEdge | undefined = undefined;
  previousWait: WaitEdge | undefined = undefined;
  /** How long it may take, in ms; undefined where its asker sees to that. */
  limitMs: number | undefined = undefined;
  dueMs = 0;
  earlier: Expiring | undefined = undefined;
  later: Expiring | undefined = undefined;
  lane: DeadlineLane | undefined = undefined;
  #deadlines: Deadlines | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #target: { readonly address: string } | undefined = undefined;
  #onSettled: (() => void) | undefined = undefined;

  constructor(message: Message, replyTo: ReplyTo, id: string | undefined) {
    this.message = message;
    this.#replyTo = replyTo;
    this.id = id;
    this.sequence = nextSequence();
  }

  /** Aborts when the asker has given up. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (!this.isOpen) this.#controller.abort();
    return this.#controller.signal;
  }

  /** The same ask with its payload as the schema made it. */
  withMessage(message: Message): this {
    this.message = message;
    return this;
  }

  /** Its answer comes from this actor from now on, when its handler ends. */
  takeUp(by: Waiter): void {
    this.isDeferred = false;
    this.to = by;
  }

  /** Its answer may come from anywhere, whenever. */
  putOff(): void {
    this.isDeferred = true;
    this.to = undefined;
  }

  /** For whoever keeps something on its behalf. */
  onceSettled(listener: () => void): void {
    const before = this.#onSettled;
    this.#onSettled = before
      ? () => {
          before();
          listener();
        }
      : listener;
  }

  /** Its time runs from now, if it has any. */
  startTime(deadlines: Deadlines, target: { readonly address: string }): void {
    if (this.limitMs === undefined || this.limitMs === Number.POSITIVE_INFINITY || !this.isOpen) return;
    this.#deadlines = deadlines;
    this.#target = target;
    deadlines.add(this, this.limitMs);
  }

  /** Milliseconds that are left of its time, at a time of the monotonic clock. Undefined: it has no limit. */
  leftMs(now: () => number): number | undefined {
    return this.lane ? Math.max(0, this.dueMs - now()) : this.limitMs;
  }

  expire(): void {
    this.#giveUp(new AskTimeoutError(`${this.#target?.address} did not answer "${this.message.type}" in time.`));
  }

  cancelWith(signal: AbortSignal): void {
    const cancel = () => this.cancel();
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    this.onceSettled(() => signal.removeEventListener('abort', cancel));
  }

  cancel(): void {
    this.#giveUp(new CancelledError(`The ask "${this.message.type}" was cancelled.`));
  }

  reply(value: unknown): void {
    if (!this.isOpen) return;
    this.#settle();
    this.#replyTo.resolve(value);
  }

  fail(error: unknown): void {
    if (!this.isOpen) return;
    this.#settle();
    this.#replyTo.reject(error);
  }

  #giveUp(error: Error): void {
    this.fail(error);
    this.#controller?.abort(error);
  }

  #settle(): void {
    this.isOpen = false;
    if (this.waiting) removeWait(this);
    this.#deadlines?.remove(this);
    this.#onSettled?.();
  }
}
