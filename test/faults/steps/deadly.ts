/** Ports that kill their process with SIGKILL right before or right after one of the awaits of the turn path. */
import type { Codec, InboxMessage, InboxStream, Journal, JournalRecord, Transport } from '@jaegis/core';
import { isBookedReply } from './app.ts';

/** `rollup` is an append that replaces the turns before it; `answers`, what asks with a key were answered before. */
export const steps = [
  'load',
  'answers',
  'consume',
  'schedule',
  'append',
  'rollup',
  'reply',
  'outbox',
  'unschedule',
  'ack',
] as const;
export type Step = (typeof steps)[number];
export type Moment = 'before' | 'after';

/** Where, and at which time that it comes by. */
export interface Death {
  readonly step: Step;
  readonly moment: Moment;
  readonly occurrence: number;
}

export class Deadly {
  readonly #death: Death;
  #seen = 0;
  /** A reply is encoded and has not left. */
  #isReplying = false;

  constructor(death: Death) {
    this.#death = death;
  }

  journal(inner: Journal): Journal {
    return {
      historyPerSubject: inner.historyPerSubject,
      append: (subject, data, options) =>
        this.#around(options.replaces ? 'rollup' : 'append', () => inner.append(subject, data, options)),
      last: (subject) => this.#around('load', () => inner.last(subject)),
      history: (...range) => this.#answers(inner.history(...range)),
      subjects: (filter) => inner.subjects(filter),
    };
  }

  inbox(inner: InboxStream): InboxStream {
    return {
      duplicateWindowMs: inner.duplicateWindowMs,
      put: (subject, data, options) => inner.put(subject, data, options),
      read: (subject, from, limit) => inner.read(subject, from, limit),
      kept: (filter) => inner.kept(filter),
      feed: (filters, signal) => this.#feed(inner.feed(filters, signal)),
      remove: (subject, upTo) => this.#around('ack', () => inner.remove(subject, upTo)),
      schedule: (subject, data, options) => this.#around('schedule', () => inner.schedule(subject, data, options)),
      unschedule: (subject) => this.#around('unschedule', () => inner.unschedule(subject)),
    };
  }

  /** What leaves for the asker's subject is not always a reply: it may only say what has arrived. */
  codec(inner: Codec): Codec {
    return {
      encode: (value) => {
        if (isBookedReply(value)) this.#isReplying = true;
        return inner.encode(value);
      },
      decode: (bytes) => inner.decode(bytes),
    };
  }

  /** @param other The node that the outbox has messages for. */
  transport(inner: Transport, cluster: string, other: string): Transport {
    const stepOf = (subject: string): Step | undefined => {
      if (subject.startsWith(`jaegis.${cluster}.reply.`)) return this.#isReplying ? 'reply' : undefined;
      return subject.startsWith(`jaegis.${cluster}.node.${other}.`) ? 'outbox' : undefined;
    };
    const publish: Transport['publish'] = (subject, data, options) => {
      const step = stepOf(subject);
      if (step === undefined) {
        inner.publish(subject, data, options);
        return;
      }
      if (step === 'reply') this.#isReplying = false;
      this.#pass(step, 'before');
      inner.publish(subject, data, options);
      // What was published is on its way, as it is when a process dies a moment later.
      void inner.flush().then(() => this.#pass(step, 'after'));
    };
    return new Proxy(inner, {
      get: (target, name) => {
        if (name === 'publish') return publish;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  async *#feed(inner: AsyncIterable<InboxMessage>): AsyncIterable<InboxMessage> {
    for await (const message of inner) {
      this.#pass('consume', 'before');
      yield message;
      this.#pass('consume', 'after');
    }
  }

  async *#answers(inner: AsyncIterable<JournalRecord>): AsyncIterable<JournalRecord> {
    this.#pass('answers', 'before');
    yield* inner;
    this.#pass('answers', 'after');
  }

  async #around<Result>(step: Step, act: () => Promise<Result>): Promise<Result> {
    this.#pass(step, 'before');
    const result = await act();
    this.#pass(step, 'after');
    return result;
  }

  #pass(step: Step, moment: Moment): void {
    if (step !== this.#death.step || moment !== this.#death.moment) return;
    if (++this.#seen === this.#death.occurrence) process.kill(process.pid, 'SIGKILL');
  }
}
