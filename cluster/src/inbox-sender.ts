import { encodeInboxMessage, inboxMessageId, type Message, type SendOptions } from '@jaegis/actors';
import {
  backoffDelay,
  type Clock,
  type Codec,
  type EntityId,
  hasCode,
  type InboxStream,
  InvalidConfigError,
  limits,
  type Random,
  sleep,
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
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: InboxSenderOptions) {
    this.#options = options;
  }

  /** @throws as {@link EntityRef.send}. */
  async send(entity: EntityId, message: Message, options: SendOptions): Promise<void> {
    const { codec, random, clock, cluster } = this.#options;
    const { id = random.id(), timeoutMs = limits.askTimeoutMs } = options;
    if (typeof id !== 'string' || id === '') throw invalid('id', id, 'a text that is not empty');
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) throw invalid('timeoutMs', timeoutMs, 'a number from 0');
    const isFresh = options.id === undefined;
    const encoded = (mayRepeat: boolean) => encodeInboxMessage(codec, message, this.#options.node, mayRepeat);
    const first = encoded(!isFresh);
    const subject = inboxSubject(cluster, entity);
    const before = this.#last.get(subject);
    const ends = clock.monotonic() + timeoutMs;
    const put = async () => {
      await before;
      await this.#put({ subject, id: inboxMessageId(entity, id), first, again: () => encoded(true), ends });
    };
    const putting = put();
    const settled = putting.catch(() => {});
    this.#last.set(subject, settled);
    void settled.then(() => {
      if (this.#last.get(subject) === settled) this.#last.delete(subject);
    });
    return putting;
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

function invalid(path: string, value: unknown, what: string): Error {
  return new InvalidConfigError(`send: ${path} is ${JSON.stringify(value)}; it must be ${what}.`, { data: { path } });
}
