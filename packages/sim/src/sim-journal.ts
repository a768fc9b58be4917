/** The journal and store ports as one node sees them: requests over its connection to the shared logs. */
import {
  type AppendOptions,
  assertSubject,
  type Clock,
  type Journal,
  type JournalRecord,
  NotSerializableError,
  type Store,
  type StoreEntry,
} from '@jaegis/core';
import type { Purpose, SimAppend, SimLog } from './sim-log.ts';
import type { SimLink } from './sim-network.ts';
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
  readonly #access: SimLogAccess;

  constructor(access: SimLogAccess) {
    this.#access = access;
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

  async *history(filter: string, after = 0): AsyncIterable<JournalRecord> {
    const purpose = { what: `read the records of ${filter}`, data: { filter } };
    yield* await read(this.#access, purpose, (log) => log.history(filter).filter(({ sequence }) => sequence > after));
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

function append(
  { link, storage, log, clock, maxPayload }: SimLogAccess,
  { subject, data, expectedSequence, replaces, purpose }: Omit<SimAppend, 'timeMs'>,
): Promise<number> {
  if (data.length > maxPayload) {
    const why = `${data.length} bytes are more than the server takes, ${maxPayload}`;
    return Promise.reject(new NotSerializableError(`Could not ${purpose.what}: ${why}.`, purpose));
  }
  const copy = new Uint8Array(data);
  return storage.request(link, {
    ...purpose,
    isWrite: true,
    execute: () => {
      // To NATS a subject of no stream is one that nobody listens on.
      if (!log.takes(subject)) throw unavailable(purpose, 'no leader answers');
      return log.append({ subject, data: copy, expectedSequence, replaces, timeMs: clock.now(), purpose });
    },
  });
}

function read<Answer>(
  { link, storage, log }: SimLogAccess,
  purpose: Purpose,
  look: (log: SimLog) => Answer,
): Promise<Answer> {
  return storage.request(link, { ...purpose, isWrite: false, execute: () => look(log) });
}
