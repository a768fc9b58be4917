/** The journal and store ports as one node sees them: requests over its connection to the shared logs. */
import {
  type AppendOptions,
  assertSubject,
  type Clock,
  type Journal,
  type JournalRecord,
  type Store,
  type StoreEntry,
} from '@jaegis/core';
import { assertFits } from './message-size.ts';
import type { Purpose } from './purpose.ts';
import type { SimLink } from './sim-link.ts';
import type { SimAppend, SimLog } from './sim-log.ts';
import { type SimStorage, unavailable } from './sim-storage.ts';

/** One log over one node's connection. */
export interface SimLogAccess {
  readonly link: SimLink;
  readonly storage: SimStorage;
  readonly log: SimLog;
  readonly clock: Clock;
  /** Of one record, in bytes. */
  readonly maxPayload: number;
}

export class SimJournal implements Journal {
  readonly historyPerSubject: number;
  readonly #access: SimLogAccess;

  constructor(access: SimLogAccess) {
    this.#access = access;
    this.historyPerSubject = access.log.historyPerSubject;
  }

  async append(
    subject: string,
    data: Uint8Array,
    { expectedSequence, replaces = false }: AppendOptions,
  ): Promise<number> {
    assertSubject(subject);
    const purpose = { what: `append to ${subject}`, data: { subject, expectedSequence } };
    return append(this.#access, { subject, data, expectedSequence, replaces, purpose });
  }

  last(subject: string): Promise<JournalRecord | undefined> {
    const purpose = { what: `read the newest record of ${subject}`, data: { subject } };
    return read(this.#access, purpose, (log) => log.last(subject));
  }

  /** One request for each record, as on a real server: what goes meanwhile is not given. */
  async *history(filter: string, after = 0, upTo?: number): AsyncIterable<JournalRecord> {
    const purpose = { what: `read the records of ${filter}`, data: { filter } };
    const end = upTo ?? (await read(this.#access, purpose, (log) => log.newest(filter)));
    for (let from = after + 1; from <= end; ) {
      const found = await read(this.#access, purpose, (log) => log.next(filter, from));
      if (found === undefined || found.sequence > end) return;
      yield found;
      from = found.sequence + 1;
    }
  }

  subjects(filter: string): Promise<string[]> {
    const purpose = { what: `list the subjects of ${filter}`, data: { filter } };
    return read(this.#access, purpose, (log) => log.subjects(filter));
  }
}

/** As a bucket of NATS is: a log whose subjects are the keys. */
export class SimStore implements Store {
  readonly #access: SimLogAccess;

  constructor(access: SimLogAccess) {
    this.#access = access;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const record = await read(this.#access, { what: `read ${key}`, data: { key } }, (log) => log.last(key));
    return record === undefined ? undefined : { value: record.data, revision: record.sequence };
  }

  async put(key: string, value: Uint8Array, options: { readonly expectedRevision: number }): Promise<number> {
    assertSubject(key);
    const { expectedRevision } = options;
    const purpose = { what: `put ${key}`, data: { key, expectedRevision } };
    return append(this.#access, {
      subject: key,
      data: value,
      expectedSequence: expectedRevision,
      replaces: false,
      purpose,
    });
  }
}

async function append(
  { link, storage, log, clock, maxPayload }: SimLogAccess,
  { subject, data, expectedSequence, replaces, purpose }: Omit<SimAppend, 'timeMs' | 'headers'>,
): Promise<number> {
  const copy = new Uint8Array(data);
  const headers = {
    'Nats-Expected-Last-Subject-Sequence': String(expectedSequence),
    ...(replaces ? { 'Nats-Rollup': 'sub' } : {}),
  };
  assertFits(maxPayload, purpose, data, headers);
  return storage.request(link, {
    ...purpose,
    stream: log.options.name,
    isWrite: true,
    execute: () => {
      // To NATS a subject of no stream is one that nobody listens on.
      if (!log.takes(subject)) throw unavailable(purpose, 'no leader answers');
      const timeMs = clock.now();
      const sequence = log.append({ subject, data: copy, headers, expectedSequence, replaces, timeMs, purpose });
      storage.written({ stream: log.options.name, by: link.node, subject, sequence, data: copy, timeMs });
      return sequence;
    },
  });
}

function read<Answer>(
  { link, storage, log }: SimLogAccess,
  purpose: Purpose,
  look: (log: SimLog) => Answer,
): Promise<Answer> {
  return storage.request(link, { ...purpose, stream: log.options.name, isWrite: false, execute: () => look(log) });
}
