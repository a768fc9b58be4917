import type { Clock, Timer } from '@jaegis/core';
import { type ApiError, JetStreamApiError } from '@nats-io/jetstream';
import { createInbox, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { type Link, LinkLostError, leaveNow } from '../connection/link.ts';
import { NotServedError } from './errors.ts';

export interface AppendsOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number;
  /** Answers arrive below this subject. Default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
}

/** What JetStream answers to a message that it keeps. */
export interface Appended {
  readonly sequence: number;
  /** It had a message with this id already. */
  readonly isRepeated: boolean;
}

interface Answer {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: ApiError;
}

interface Pending {
  readonly subject: string;
  readonly dueMs: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

/** So much is written to the socket at once: the server begins while the others are made. */
const promptBytes = 4 * 1024;

/**
 * Messages that JetStream answers, to one subject for all, told apart by number, with one timer. A request of nats.js
 * (3.4) has a timer and three promises of its own, and makes an error with its stack even where it was answered:
 * half as long again as this, and more.
 */
export class Appends {
  readonly #options: AppendsOptions;
  readonly #replyBase: string;
  /** By number; the oldest, which is due first, comes first. */
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  /** Since the last write that was not left to the end of the turn. */
  #unsentBytes = 0;
  #subscription: Subscription | undefined;
  #timer: Timer | undefined;

  constructor(options: AppendsOptions) {
    this.#options = options;
    const { link, inboxPrefix } = options;
    this.#replyBase = `${createInbox(inboxPrefix)}.`;
    link.onStatus((status) => {
      if (status !== 'connected') this.#failAll(new LinkLostError(`The link is ${status}.`));
    });
    link.refusals.onPublish(({ subject, error }) => this.#fail(error, (pending) => pending.subject === subject));
  }

  /**
   * Rejects with JetStreamApiError, NotServedError, LinkLostError, an error of nats.js for what it cannot send, or that of
   * a refusal; with another error when no answer came in time.
   */
  append(subject: string, data: Uint8Array, headers: MsgHdrs): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#subscription ??= this.#subscribe();
      const { link, clock, timeoutMs } = this.#options;
      const number = ++this.#last;
      link.connection.publish(subject, data, { headers, reply: `${this.#replyBase}${number.toString(36)}` });
      this.#unsentBytes += data.length;
      if (this.#unsentBytes >= promptBytes) {
        this.#unsentBytes = 0;
        leaveNow(link.connection);
      }
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
      const { seq, duplicate = false, error } = message.json<Answer>();
      if (error !== undefined) pending.reject(new JetStreamApiError(error));
      else if (seq === undefined) pending.reject(new Error('The answer holds no sequence.'));
      else pending.resolve({ sequence: seq, isRepeated: duplicate });
    } catch (cause) {
      pending.reject(new Error('The answer cannot be read.', { cause }));
    }
  }

  #failAll(error: Error): void {
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#fail(error, () => true);
  }

  #fail(error: Error, isMeant: (pending: Pending) => boolean): void {
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
