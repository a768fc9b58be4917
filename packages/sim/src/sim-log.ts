/** A model of one JetStream stream: shared sequences, expected sequences, a bounded history of each subject. */
import { type JournalRecord, limits, OverloadedError, WrongSequenceError } from '@jaegis/core';
import { type Headers, storedBytes } from './message-size.ts';
import type { Purpose } from './purpose.ts';
import { subjectMatches } from './subject.ts';

export interface SimLogOptions {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Default `limits.turnHistory`. */
  readonly historyPerSubject?: number | undefined;
  readonly maxBytes?: number | undefined;
}

export interface SimAppend {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  readonly expectedSequence: number;
  readonly replaces: boolean;
  readonly timeMs: number;
  /** For errors. */
  readonly purpose: Purpose;
}

interface Kept extends JournalRecord {
  readonly bytes: number;
}

export class SimLog {
  readonly options: SimLogOptions;
  readonly #bySubject = new Map<string, Kept[]>();
  #historyPerSubject: number = limits.turnHistory;
  #maxBytes = Number.POSITIVE_INFINITY;
  #sequence = 0;
  #bytes = 0;

  constructor(options: SimLogOptions) {
    this.options = options;
    this.change(options);
  }

  /** What is not said stays as it is. */
  change({ historyPerSubject = this.#historyPerSubject, maxBytes = this.#maxBytes }: SimLogOptions): void {
    this.#historyPerSubject = historyPerSubject;
    this.#maxBytes = maxBytes;
    for (const records of this.#bySubject.values()) this.#drop(records, historyPerSubject);
  }

  get historyPerSubject(): number {
    return this.#historyPerSubject;
  }

  takes(subject: string): boolean {
    return this.options.subjects.some((filter) => subjectMatches(filter, subject));
  }

  append({ subject, data, headers, expectedSequence, replaces, timeMs, purpose }: SimAppend): number {
    const records = this.#bySubject.get(subject) ?? [];
    const present = records.at(-1)?.sequence ?? 0;
    if (present !== expectedSequence) {
      throw new WrongSequenceError(`Could not ${purpose.what}: wrong last sequence: ${present}.`, purpose);
    }
    const bytes = storedBytes(subject, data, headers);
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new OverloadedError(`Could not ${purpose.what}: maximum bytes exceeded; raise maxBytes.`, purpose);
    }
    this.#sequence += 1;
    records.push({ subject, sequence: this.#sequence, data: new Uint8Array(data), timeMs, bytes });
    this.#bytes += bytes;
    this.#bySubject.set(subject, records);
    this.#drop(records, replaces ? 1 : this.#historyPerSubject);
    return this.#sequence;
  }

  #drop(records: Kept[], kept: number): void {
    while (records.length > kept) this.#bytes -= records.shift()?.bytes ?? 0;
  }

  forgetLast(subject: string): void {
    this.#bytes -= this.#bySubject.get(subject)?.pop()?.bytes ?? 0;
  }

  last(subject: string): JournalRecord | undefined {
    const record = this.#bySubject.get(subject)?.at(-1);
    return record === undefined ? undefined : recordOf(record);
  }

  /** The first record from a sequence on that matches. */
  next(filter: string, from: number): JournalRecord | undefined {
    let first: Kept | undefined;
    for (const subject of this.subjects(filter)) {
      const found = this.#bySubject.get(subject)?.find(({ sequence }) => sequence >= from);
      if (found !== undefined && found.sequence < (first?.sequence ?? Number.POSITIVE_INFINITY)) first = found;
    }
    return first && recordOf(first);
  }

  /** The sequence of the newest record that matches; 0 when there is none. */
  newest(filter: string): number {
    return Math.max(0, ...this.subjects(filter).map((subject) => this.#bySubject.get(subject)?.at(-1)?.sequence ?? 0));
  }

  subjects(filter: string): string[] {
    return [...this.#bySubject.keys()].filter((subject) => subjectMatches(filter, subject)).sort();
  }
}

function recordOf({ bytes: _, ...record }: Kept): JournalRecord {
  return { ...record, data: new Uint8Array(record.data) };
}
