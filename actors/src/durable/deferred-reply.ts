import { type Answered, isDurableMessageId } from '@jaegis/core';
import type { ReplyHandle } from '../run/reply-handle.ts';

/** @param answered What is to be known of it in case that it is asked again. */
export type OnceWritten = (settle: () => void, answered: Answered | undefined) => void;

/** An ask that its entity answers later, as the handler has it: the answer leaves once what led to it is written. */
export class DeferredReply implements ReplyHandle {
  readonly #ask: ReplyHandle;
  readonly #onceWritten: OnceWritten;
  #isAnswered = false;

  /** @param onceWritten Calls back when all that was handled so far is written, and not at all where that fails. */
  constructor(ask: ReplyHandle, onceWritten: OnceWritten) {
    this.#ask = ask;
    this.#onceWritten = onceWritten;
  }

  get isOpen(): boolean {
    return !this.#isAnswered && this.#ask.isOpen;
  }

  reply(value: unknown): void {
    const id = idOf(this.#ask);
    this.#settle(() => this.#ask.reply(value), id === undefined ? undefined : { id, reply: value });
  }

  fail(error: unknown): void {
    this.#settle(() => this.#ask.fail(error), undefined);
  }

  #settle(settle: () => void, answered: Answered | undefined): void {
    if (!this.isOpen) return;
    this.#isAnswered = true;
    this.#onceWritten(settle, answered);
  }
}

function idOf(ask: ReplyHandle): string | undefined {
  return 'id' in ask && typeof ask.id === 'string' && !isDurableMessageId(ask.id) ? ask.id : undefined;
}
