/** The journal and store ports as one node sees them: requests over its connection to the shared logs. */
import type { AppendOptions, Clock, Journal, JournalRecord, Store, StoreEntry } from '@jaegis/core';
import type { SimLog } from './sim-log.ts';
import type { SimLink } from './sim-network.ts';
import { type SimStorage, unavailable } from './sim-storage.ts';

export class SimJournal implements Journal {
  readonly #link: SimLink;
  readonly #storage: SimStorage;
  readonly #log: SimLog;
  readonly #clock: Clock;

  constructor(link: SimLink, storage: SimStorage, log: SimLog, clock: Clock) {
    this.#link = link;
    this.#storage = storage;
    this.#log = log;
    this.#clock = clock;
  }

  append(subject: string, data: Uint8Array, { expectedSequence }: AppendOptions): Promise<number> {
    const purpose = { what: `append to ${subject}`, data: { subject, expectedSequence } };
    const bytes = new Uint8Array(data);
    return this.#storage.request(this.#link, {
      ...purpose,
      isWrite: true,
      execute: () => {
        // To NATS a subject of no stream is one that nobody listens on.
        if (!this.#log.takes(subject)) throw unavailable(purpose, 'no leader answers');
        return this.#log.append(subject, bytes, expectedSequence, this.#clock.now());
      },
    });
  }

  last(subject: string): Promise<JournalRecord | undefined> {
    return this.#read(`read the newest record of ${subject}`, { subject }, () => this.#log.last(subject));
  }

  async *history(filter: string): AsyncIterable<JournalRecord> {
    yield* await this.#read(`read the records of ${filter}`, { filter }, () => this.#log.history(filter));
  }

  subjects(filter: string): Promise<string[]> {
    return this.#read(`list the subjects of ${filter}`, { filter }, () => this.#log.subjects(filter));
  }

  #read<Answer>(what: string, data: Record<string, unknown>, execute: () => Answer): Promise<Answer> {
    return this.#storage.request(this.#link, { what, data, isWrite: false, execute });
  }
}

/** A store is a journal whose subjects are its keys, as a bucket of NATS is. */
export class SimStore implements Store {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const record = await this.#journal.last(key);
    return record === undefined ? undefined : { value: record.data, revision: record.sequence };
  }

  put(key: string, value: Uint8Array, { expectedRevision }: { readonly expectedRevision: number }): Promise<number> {
    return this.#journal.append(key, value, { expectedSequence: expectedRevision });
  }
}
