import {
  type Codec,
  emptyView,
  hasCode,
  type Journal,
  type JournalRecord,
  type Logger,
  type Subscription,
  type View,
} from '@jaegis/core';
import { Listeners } from '../listeners.ts';
import { type Change, entryFrom, type HealthEntry, type HealthTable, type Life } from './entries.ts';
import { applied, emptyTable, viewOf } from './health-table.ts';

export interface HealthLogOptions {
  readonly subject: string;
  readonly journal: Journal;
  readonly codec: Codec;
  readonly logger: Logger;
}

/** An entry as its writer tells it to all. */
export interface ToldEntry {
  readonly sequence: number;
  /** The sequence of the entry before it. */
  readonly previous: number;
  readonly entry: HealthEntry;
}

export type TableListener = (table: HealthTable, previous: HealthTable, entry: HealthEntry) => void;

/**
 * The health log in its journal, and the table that it makes. Each entry is appended with the sequence of the one before it:
 * a writer that has not read them all is refused, so of two leaders one writes.
 */
export class HealthLog {
  readonly #options: HealthLogOptions;
  readonly #listeners = new Listeners<Parameters<TableListener>>();
  #table = emptyTable;
  #view: View = emptyView;
  #reading: Promise<void> | undefined;
  /** Entries that the newest snapshot does not replace. */
  #sinceSnapshot = 0;

  constructor(options: HealthLogOptions) {
    this.#options = options;
  }

  get table(): HealthTable {
    return this.#table;
  }

  get view(): View {
    return this.#view;
  }

  get sinceSnapshot(): number {
    return this.#sinceSnapshot;
  }

  /** Calls back after each entry. */
  onEntry(listener: TableListener): Subscription {
    return this.#listeners.add(listener);
  }

  /** Reads what was written since. @throws StorageUnavailableError */
  catchUp(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * Writes one entry after the newest that this node has read. It is committed when this resolves.
   *
   * @throws WrongSequenceError when somebody else wrote, which is read by then; StorageUnavailableError when it was not
   * written, also when that came to light only by reading.
   */
  async append(change: Change, written: { term: number; by: Life; atMs: number }): Promise<ToldEntry> {
    const { journal, codec, subject } = this.#options;
    const entry = { ...written, ...change };
    const data = codec.encode(entry);
    const previous = this.#table.index;
    try {
      const replaces = entry.kind === 'snapshot';
      const sequence = await journal.append(subject, data, { expectedSequence: previous, replaces });
      this.#apply(sequence, entry);
      return { sequence, previous, entry };
    } catch (error) {
      if (hasCode(error, 'outcome_unknown')) return this.#recognised(data, entry, previous, error);
      if (hasCode(error, 'wrong_sequence')) await this.#fresh();
      throw error;
    }
  }

  /** Takes in an entry that its writer told. False where entries before it are missing: they are to be read. */
  receive({ sequence, previous, entry }: ToldEntry): boolean {
    if (sequence <= this.#table.index) return true;
    if (previous !== this.#table.index) return false;
    this.#apply(sequence, entry);
    return true;
  }

  /** The answer was lost: whether it was written, the log says. */
  async #recognised(data: Uint8Array, entry: HealthEntry, previous: number, error: unknown): Promise<ToldEntry> {
    const { journal, subject } = this.#options;
    for await (const record of journal.history(subject, previous)) {
      this.#take(record);
      if (isSame(record.data, data)) return { sequence: record.sequence, previous, entry };
    }
    throw error;
  }

  /** What is being read already may have begun before. */
  async #fresh(): Promise<void> {
    await this.#reading?.catch(() => {});
    await this.catchUp();
  }

  async #read(): Promise<void> {
    const { journal, subject } = this.#options;
    for await (const record of journal.history(subject, this.#table.index)) this.#take(record);
  }

  /** A record that is damaged, or that anybody put there, is passed over: nobody could join or leave any more. */
  #take({ sequence, data }: JournalRecord): void {
    if (sequence <= this.#table.index) return;
    try {
      this.#apply(sequence, entryFrom(this.#options.codec.decode(data)));
    } catch (error) {
      this.#options.logger.error('an entry of the health log cannot be read and is passed over', { sequence, error });
      this.#table = { ...this.#table, index: sequence };
    }
  }

  #apply(sequence: number, entry: HealthEntry): void {
    const before = this.#table;
    if (sequence <= before.index) return;
    this.#table = applied(before, entry, sequence);
    this.#sinceSnapshot = entry.kind === 'snapshot' ? 0 : this.#sinceSnapshot + 1;
    if (this.#table.epoch !== before.epoch) this.#view = viewOf(this.#table);
    try {
      this.#listeners.call(this.#table, before, entry);
    } catch (error) {
      this.#options.logger.error('a listener to the health of the cluster threw', { error });
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
