import type { ReplyHandle } from '../run/reply-handle.ts';

/** An ask that its entity answers later, as the handler has it: the answer leaves once what led to it is written. */
export class DeferredReply implements ReplyHandle {
  readonly #ask: ReplyHandle;
  readonly #onceWritten: (settle: () => void) => void;
  #isAnswered = false;

  /** @param onceWritten Calls back when all that was handled so far is written, and not at all where that fails. */
  constructor(ask: ReplyHandle, onceWritten: (settle: () => void) => void) {
    this.#ask = ask;
    this.#onceWritten = onceWritten;
  }

  get isOpen(): boolean {
    return !this.#isAnswered && this.#ask.isOpen;
  }

  reply(value: unknown): void {
    this.#settle(() => this.#ask.reply(value));
  }

  fail(error: unknown): void {
    this.#settle(() => this.#ask.fail(error));
  }

  #settle(settle: () => void): void {
    if (!this.isOpen) return;
    this.#isAnswered = true;
    this.#onceWritten(settle);
  }
}
