import type { Clock, Timer } from '@jaegis/core';
import { type ApiError, JetStreamApiError } from '@nats-io/jetstream';
import { createInbox, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { type Link, LinkLostError } from '../connection/link.ts';
import { NotServedError } from './errors.ts';

export interface RequestsOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number;
  /** Answers arrive below this subject. Default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
}

interface Pending<Answer> {
  readonly subject: string;
  readonly dueMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Requests that JetStream answers with one message, to one subject for all, told apart by number, with one timer. A
 * request of nats.js (3.4) has a timer and three promises of its own, and makes an error with its stack even where it was
 * answered: half as long again as this, and more.
 */
export class Requests<Answer> {
  readonly #options: RequestsOptions;
  readonly #read: (message: Msg) => Answer;
  readonly #replyBase: string;
  /** By number; the oldest, which is due first, comes first. */
  readonly #pending = new Map<number, Pending<Answer>>();
  #last = 0;
  #subscription: Subscription | undefined;
  #timer: Timer | undefined;

  /** @param read What an answer says. What it throws rejects the request. */
  constructor(options: RequestsOptions, read: (message: Msg) => Answer) {
    this.#options = options;
    this.#read = read;
    const { link, inboxPrefix } = options;
    this.#replyBase = `${createInbox(inboxPrefix)}.`;
    link.onStatus((status) => {
      if (status !== 'connected') this.#failAll(new LinkLostError(`The link is ${status}.`));
    });
    link.refusals.onPublish(({ subject, error }) => this.#fail(error, (pending) => pending.subject === subject));
  }

  /**
   * Rejects with NotServedError, LinkLostError, an error of nats.js for what it cannot send, or that of a refusal; with
   * another error when no answer came in time.
   */
  send(subject: string, data: Uint8Array | string, headers?: MsgHdrs): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#subscription ??= this.#subscribe();
      const { link, clock, timeoutMs } = this.#options;
      const number = ++this.#last;
      const reply = `${this.#replyBase}${number.toString(36)}`;
      link.connection.publish(subject, data, headers === undefined ? { reply } : { headers, reply });
      this.#pending.set(number, { subject, dueMs: clock.monotonic() + timeoutMs, resolve, reject });
      this.#timer ??= clock.setTimer(timeoutMs, this.#onTime);
    });
  }

  #subscribe(): Subscription {
    const { connection } = this.#options.link;
    return connection.subscribe(`${this.#replyBase}*`, {
      callback: (failure, message) => {
        if (failure === null) this.#settle(message);
        else this.#refused(failure);
      },
    });
  }

  /** The server does not permit to hear its answers: the next one asks again, another connection may be permitted. */
  #refused(failure: Error): void {
    this.#subscription = undefined;
    this.#failAll(failure);
  }

  #settle(message: Msg): void {
    const number = Number.parseInt(message.subject.slice(this.#replyBase.length), 36);
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    this.#pending.delete(number);
    if (message.data.length === 0 && message.headers?.code === 503) {
      pending.reject(new NotServedError(pending.subject));
      return;
    }
    try {
      pending.resolve(this.#read(message));
    } catch (error) {
      pending.reject(error);
    }
  }

  #failAll(error: Error): void {
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#fail(error, () => true);
  }

  #fail(error: Error, isMeant: (pending: Pending<Answer>) => boolean): void {
    for (const [number, pending] of this.#pending) {
      if (!isMeant(pending)) continue;
      this.#pending.delete(number);
      pending.reject(error);
    }
  }

  /** Not touched while answers come: it looks again when the oldest that waits then is due. */
  readonly #onTime = (): void => {
    this.#timer = undefined;
    const { clock, timeoutMs } = this.#options;
    const nowMs = clock.monotonic();
    this.#fail(new Error(`no answer in ${timeoutMs} ms`), ({ dueMs }) => dueMs <= nowMs);
    const [oldest] = this.#pending.values();
    if (oldest !== undefined) this.#timer = clock.setTimer(oldest.dueMs - nowMs, this.#onTime);
  };
}

/** What JetStream says as JSON. @throws JetStreamApiError that it says instead. */
export function answerOf<Answer extends { readonly error?: ApiError }>(message: Msg): Omit<Answer, 'error'> {
  const answer = parsed<Answer>(message);
  if (answer.error !== undefined) throw new JetStreamApiError(answer.error);
  return answer;
}

function parsed<Answer>(message: Msg): Answer {
  try {
    return message.json<Answer>();
  } catch (cause) {
    throw new Error('The answer cannot be read.', { cause });
  }
}
