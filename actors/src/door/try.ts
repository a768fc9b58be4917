import type { Clock, Waiter } from '@jaegis/core';
import { Ask, type ReplyTo } from '../run/ask.ts';
import type { AskTry } from '../run/ask-policy.ts';

/** One try of an ask that a policy stands around: to the actor it is the ask itself, under the same id. */
export class Try extends Ask {
  readonly #whole: Ask;
  readonly #deadlineMs: number;
  readonly #clock: Clock;

  constructor(whole: Ask, call: AskTry, clock: Clock, replyTo: ReplyTo) {
    super(whole.message, replyTo, whole.id);
    this.#whole = whole;
    this.#clock = clock;
    this.#deadlineMs = call.deadlineMs;
    this.isFresh = whole.isFresh;
    whole.isFresh = false; // to another try
    this.sender = whole.sender;
    this.from = whole.from;
    this.cause = whole; // which is what its asker waits for
    this.limitMs = this.leftMs();
  }

  /** The policy sees to that it ends in time. */
  override leftMs(): number | undefined {
    if (this.#deadlineMs === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, this.#deadlineMs - this.#clock.monotonic());
  }

  /** It is the whole that somebody waits for. */
  override takeUp(by: Waiter): void {
    super.takeUp(by);
    this.#whole.to = by;
  }

  override putOff(): void {
    super.putOff();
    this.#whole.to = undefined;
  }
}
