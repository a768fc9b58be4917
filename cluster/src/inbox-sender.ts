import { encodeInboxMessage, inboxMessageId, type Message, type SendOptions } from '@jaegis/actors';
import {
  backoffDelay,
  type Clock,
  type Codec,
  type EntityId,
  formatEntityId,
  hasCode,
  type InboxStream,
  InvalidConfigError,
  limits,
  OverloadedError,
  type Random,
  StorageUnavailableError,
  sleep,
  type TraceContext,
} from '@jaegis/core';
import { inboxSubject } from './placement.ts';

export interface InboxSenderOptions {
  readonly cluster: string;
  /** Of this node, for the records of entities. */
  readonly node: string;
  readonly inbox: InboxStream;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
}

/** The messages to one entity that are not known to be kept yet. */
interface Line {
  count: number;
  /** Settles when the last of them is. */
  before: Promise<void> | undefined;
}

const RETRY = { firstMs: 20, maxMs: 500 };
const AGAIN = ['outcome_unknown', 'storage_unavailable', 'transport_unavailable'] as const;

interface Putting {
  readonly subject: string;
  readonly id: string;
  readonly first: Uint8Array;
  /** The message once it may be there already. */
  readonly again: () => Uint8Array;
  /** When it is given up, by the monotonic clock. */
  readonly ends: number;
}

/** Puts messages into the inboxes of entities, again under the same id until it is known that they are kept. */
export class InboxSender {
  readonly #options: InboxSenderOptions;
  /** By receiver: what was sent to it before, so that a message that is repeated does not fall behind the next. */
  readonly #lines = new Map<string, Line>();
  #bytes = 0;

  constructor(options: InboxSenderOptions) {
    this.#options = options;
  }

  /**
   * @param trace What it is a part of.
   * @throws as {@link EntityRef.send}.
   */
  async send(entity: EntityId, message: Message, options: SendOptions, trace?: TraceContext): Promise<void> {
    const { codec, random, clock, cluster } = this.#options;
    const { id = random.id(), timeoutMs = limits.askTimeoutMs } = options;
    if (typeof id !== 'string' || id === '') throw invalid('id', id, 'a text that is not empty');
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) throw invalid('timeoutMs', timeoutMs, 'a number from 0');
    const isFresh = options.id === undefined;
    const { node: sender } = this.#options;
    const encoded = (mayRepeat: boolean) => encodeInboxMessage(codec, message, { sender, mayRepeat, trace });
    const first = encoded(!isFresh);
    const subject = inboxSubject(cluster, entity);
    this.#assertRoom(entity, subject, first);
    const line = this.#enter(subject, first);
    const { before } = line;
    const ends = clock.monotonic() + timeoutMs;
    const put = async () => {
      await before;
      if (before !== undefined && clock.monotonic() > ends) throw neverTried(entity);
      await this.#put({ subject, id: inboxMessageId(entity, id), first, again: () => encoded(true), ends });
    };
    const putting = put();
    line.before = putting.then(
      () => this.#leave(subject, first),
      () => this.#leave(subject, first),
    );
    return putting;
  }

  #assertRoom(entity: EntityId, subject: string, data: Uint8Array): void {
    const waiting = this.#lines.get(subject)?.count ?? 0;
    if (waiting >= limits.sendsWaiting) throw full(`${waiting} messages to ${formatEntityId(entity)}`, 'sendsWaiting');
    if (this.#bytes === 0 || this.#bytes + data.length <= limits.sendBytesWaiting) return;
    throw full(`${this.#bytes} bytes of messages`, 'sendBytesWaiting');
  }

  #enter(subject: string, data: Uint8Array): Line {
    const line = this.#lines.get(subject) ?? { count: 0, before: undefined };
    this.#lines.set(subject, line);
    line.count++;
    this.#bytes += data.length;
    return line;
  }

  #leave(subject: string, data: Uint8Array): void {
    this.#bytes -= data.length;
    const line = this.#lines.get(subject);
    if (line !== undefined && --line.count === 0) this.#lines.delete(subject);
  }

  async #put({ subject, id, first, again, ends }: Putting): Promise<void> {
    const { inbox, clock, random } = this.#options;
    let isUnknown: unknown;
    for (let attempt = 1; ; attempt++) {
      try {
        await inbox.put(subject, isUnknown === undefined ? first : again(), { id });
        return;
      } catch (error) {
        if (hasCode(error, 'outcome_unknown')) isUnknown = error;
        const isOver = clock.monotonic() >= ends;
        if (isOver || !AGAIN.some((code) => hasCode(error, code))) throw isUnknown ?? error;
        await sleep(clock, Math.min(backoffDelay(attempt, random.next(), RETRY), ends - clock.monotonic()));
      }
    }
  }
}

function full(what: string, option: 'sendsWaiting' | 'sendBytesWaiting'): Error {
  const limit = limits[option];
  return new OverloadedError(`${what} wait to be put into inboxes already.`, { data: { limit, option } });
}

function neverTried(entity: EntityId): Error {
  return new StorageUnavailableError(
    `The time of a message to ${formatEntityId(entity)} was up before those sent before it were kept. It was not sent.`,
  );
}

function invalid(path: string, value: unknown, what: string): Error {
  return new InvalidConfigError(`send: ${path} is ${JSON.stringify(value)}; it must be ${what}.`, { data: { path } });
}
