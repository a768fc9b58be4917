/** The inbox port as one node sees it: requests over its connection to the shared stream, and a feed that follows it. */
import {
  assertSubject,
  type InboxMessage,
  type InboxReceipt,
  type InboxStream,
  type PutOptions,
  type ScheduleOptions,
} from '@jaegis/core';
import { assertFits, type Headers } from './message-size.ts';
import type { Purpose } from './purpose.ts';
import type { SimInboxLog, SimPut } from './sim-inbox-log.ts';
import type { SimLink } from './sim-link.ts';
import { type SimStorage, unavailable } from './sim-storage.ts';

/** One inbox stream over one node's connection. */
export interface SimInboxAccess {
  readonly link: SimLink;
  readonly storage: SimStorage;
  readonly log: SimInboxLog;
  readonly maxPayload: number;
}

export class SimInbox implements InboxStream {
  readonly #access: SimInboxAccess;

  constructor(access: SimInboxAccess) {
    this.#access = access;
  }

  get duplicateWindowMs(): number {
    return this.#access.log.options.duplicateWindowMs;
  }

  async put(subject: string, data: Uint8Array, { id }: PutOptions): Promise<InboxReceipt> {
    assertSubject(subject);
    const purpose = { what: `put to ${subject}`, data: { subject, id } };
    const put = this.#putting(subject, data, purpose, { 'Nats-Msg-Id': id });
    return this.#write(subject, purpose, (log) => log.put(put, id));
  }

  async read(subject: string, from: number, limit: number): Promise<readonly InboxMessage[]> {
    assertSubject(subject);
    const { storage, link, log } = this.#access;
    const purpose = { what: `read the messages of ${subject}`, data: { subject, from } };
    const stream = log.options.name;
    const execute = () => log.read(subject, from, limit);
    return storage.request(link, { ...purpose, stream, isWrite: false, execute });
  }

  /** One request for each message, as on a real server: what goes meanwhile is not given. */
  async *kept(filter: string): AsyncIterable<InboxMessage> {
    const { storage, link, log } = this.#access;
    const purpose = { what: `read the messages of ${filter}`, data: { filter } };
    const stream = log.options.name;
    const read = <Answer>(execute: () => Answer) =>
      storage.request(link, { ...purpose, stream, isWrite: false, execute });
    const newest = await read(() => log.newest(filter));
    for (let from = 1; from <= newest; ) {
      const found = await read(() => log.next(filter, from));
      if (found === undefined || found.sequence > newest) return;
      yield found;
      from = found.sequence + 1;
    }
  }

  feed(filters: readonly string[], signal: AbortSignal): AsyncIterable<InboxMessage> {
    return follow(this.#access, filters, signal);
  }

  async remove(subject: string, upTo: number): Promise<void> {
    assertSubject(subject);
    const purpose = { what: `take messages off ${subject}`, data: { subject, upTo } };
    await this.#write(subject, purpose, (log) => log.remove(subject, upTo));
  }

  async schedule(subject: string, data: Uint8Array, options: ScheduleOptions): Promise<void> {
    assertSubject(subject);
    assertSubject(options.target);
    const purpose = { what: `schedule ${subject}`, data: { subject, ...options } };
    const at = `@at ${new Date(options.atMs).toISOString()}`;
    const put = this.#putting(subject, data, purpose, { 'Nats-Schedule': at, 'Nats-Schedule-Target': options.target });
    await this.#write(subject, purpose, (log) => log.schedule(put, options));
  }

  async unschedule(subject: string): Promise<void> {
    assertSubject(subject);
    const purpose = { what: `unschedule ${subject}`, data: { subject } };
    await this.#write(subject, purpose, (log) => log.unschedule(subject));
  }

  #putting(subject: string, data: Uint8Array, purpose: Purpose, headers: Headers): SimPut {
    assertFits(this.#access.maxPayload, purpose, data, headers);
    return { subject, data: new Uint8Array(data), headers, purpose };
  }

  #write<Answer>(subject: string, purpose: Purpose, act: (log: SimInboxLog) => Answer): Promise<Answer> {
    const { storage, link, log } = this.#access;
    return storage.request(link, {
      ...purpose,
      stream: log.options.name,
      isWrite: true,
      execute: () => {
        // To NATS a subject of no stream is one that nobody listens on.
        if (!log.takes(subject)) throw unavailable(purpose, 'no leader answers');
        return act(log);
      },
    });
  }
}

/** A consumer: what it has sent down a connection that broke, it sends again on the next one. */
async function* follow(
  { link, log, storage }: SimInboxAccess,
  filters: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<InboxMessage> {
  let given = 0;
  let sent = 0;
  const arrived: InboxMessage[] = [];
  let wake = () => {};
  const send = () => {
    if (link.state !== 'connected' || !storage.hasLeader(log.options.name)) return;
    for (const message of log.after(sent, filters)) {
      sent = message.sequence;
      link.down.carry(() => {
        arrived.push(message);
        wake();
      });
    }
  };
  const stops = [
    log.follow(send),
    storage.onElection(send),
    link.onChange(() => {
      if (link.state === 'connected') sent = arrived.at(-1)?.sequence ?? given;
      send();
      wake();
    }),
  ];
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  send();
  try {
    while (!signal.aborted && link.state !== 'closed') {
      const message = arrived.shift();
      if (message !== undefined) {
        given = message.sequence;
        yield message;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    for (const stop of stops) stop();
    signal.removeEventListener('abort', onAbort);
  }
}
