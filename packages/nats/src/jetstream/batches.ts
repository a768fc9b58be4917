/**
 * Many records for one request: DIRECT.GET with `batch`, which any replica of the stream answers from what it has. It may
 * lack the newest ones, never one between two that it gives. nats.js has such requests too (3.4), each with a
 * subscription and a time limit of 5 s of its own, and without an end where the server that answers is lost meanwhile.
 */
import type { Clock, JournalRecord } from '@jaegis/core';
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import { type Link, LinkLostError } from '../connection/link.ts';
import { plainBytes } from '../plain-bytes.ts';
import { NotServedError } from './errors.ts';

export interface BatchesOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** How long the next record of an answer may take, in ms. */
  readonly timeoutMs: number;
  /** Answers arrive below this subject. Default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
}

/** Those whose subject matches, from this sequence on. */
export interface BatchQuery {
  readonly filter: string;
  readonly from: number;
  readonly count: number;
  /** The first one comes whatever its size. */
  readonly maxBytes: number;
}

interface Pending {
  readonly subject: string;
  readonly records: JournalRecord[];
  dueMs: number;
  readonly resolve: (records: JournalRecord[]) => void;
  readonly reject: (error: Error) => void;
}

/** Of an answer that has no record: there is none, or all were sent. */
const NO_RESULTS = 404;
const END_OF_BATCH = 204;
const NO_RESPONDERS = 503;
const LOOK_MS = 100;

export class Batches {
  readonly #options: BatchesOptions;
  readonly #replyBase: string;
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #subscription: Subscription | undefined;
  #isWatched = false;

  constructor(options: BatchesOptions) {
    this.#options = options;
    const { link, inboxPrefix } = options;
    this.#replyBase = `${createInbox(inboxPrefix)}.`;
    link.onStatus((status) => {
      if (status !== 'connected') this.#fail(new LinkLostError(`The link is ${status}.`), () => true);
    });
    link.refusals.onPublish(({ subject, error }) => this.#fail(error, (pending) => pending.subject === subject));
  }

  /**
   * As many as came, oldest first; none where there is none. Rejects with NotServedError, LinkLostError or that of a
   * refusal; with another error when no answer came in time, or one that is not of this form.
   */
  read(stream: string, { filter, from, count, maxBytes }: BatchQuery): Promise<JournalRecord[]> {
    return new Promise((resolve, reject) => {
      this.#subscription ??= this.#subscribe();
      const { link, clock, timeoutMs } = this.#options;
      const number = ++this.#last;
      const subject = `$JS.API.DIRECT.GET.${stream}`;
      const query = JSON.stringify({ seq: from, next_by_subj: filter, batch: count, max_bytes: maxBytes });
      link.connection.publish(subject, query, { reply: `${this.#replyBase}${number.toString(36)}` });
      this.#pending.set(number, { subject, records: [], dueMs: clock.monotonic() + timeoutMs, resolve, reject });
      this.#watch();
    });
  }

  #subscribe(): Subscription {
    const { connection } = this.#options.link;
    return connection.subscribe(`${this.#replyBase}*`, {
      callback: (failure, message) => {
        if (failure === null) this.#take(message);
        else this.#refused(failure);
      },
    });
  }

  /** The server does not permit to hear its answers: the next one asks again, another connection may be permitted. */
  #refused(failure: Error): void {
    this.#subscription = undefined;
    this.#fail(failure, () => true);
  }

  #take(message: Msg): void {
    const number = Number.parseInt(message.subject.slice(this.#replyBase.length), 36);
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    const code = message.headers?.code ?? 0;
    if (code === 0) {
      const record = recordOf(message);
      if (record === undefined) this.#end(number, () => pending.reject(new Error('The answer is no record.')));
      else pending.records.push(record);
      pending.dueMs = this.#options.clock.monotonic() + this.#options.timeoutMs;
    } else if (code === END_OF_BATCH || code === NO_RESULTS) {
      this.#end(number, () => pending.resolve(pending.records));
    } else {
      const isNotServed = code === NO_RESPONDERS && message.data.length === 0;
      const error = isNotServed
        ? new NotServedError(pending.subject)
        : new Error(`The server said ${code} ${message.headers?.description ?? ''}.`);
      this.#end(number, () => pending.reject(error));
    }
  }

  #end(number: number, settle: () => void): void {
    this.#pending.delete(number);
    settle();
  }

  #fail(error: Error, isMeant: (pending: Pending) => boolean): void {
    for (const [number, pending] of this.#pending) {
      if (isMeant(pending)) this.#end(number, () => pending.reject(error));
    }
  }

  /** One timer while something is under way. */
  #watch(): void {
    if (this.#isWatched || this.#pending.size === 0) return;
    this.#isWatched = true;
    this.#options.clock.setTimer(LOOK_MS, () => {
      const nowMs = this.#options.clock.monotonic();
      this.#isWatched = false;
      this.#fail(new Error(`no answer in ${this.#options.timeoutMs} ms`), ({ dueMs }) => dueMs <= nowMs);
      this.#watch();
    });
  }
}

function recordOf({ headers, data }: Msg): JournalRecord | undefined {
  const subject = headers?.get('Nats-Subject') ?? '';
  const sequence = Number(headers?.get('Nats-Sequence'));
  const timeMs = Date.parse(headers?.get('Nats-Time-Stamp') ?? '');
  if (subject === '' || !Number.isSafeInteger(sequence) || Number.isNaN(timeMs)) return undefined;
  return { subject, sequence, data: plainBytes(data), timeMs };
}
