/** A model of one JetStream stream: shared sequences, expected sequences, a bounded history of each subject. */
import { type JournalRecord, limits, OverloadedError, WrongSequenceError } from '@jaegis/core';
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
  readonly expectedSequence: number;
  readonly replaces: boolean;
  readonly timeMs: number;
  /** For errors. */
  readonly purpose: Purpose;
}

/** What a request was for, in the words of its error. */
export interface Purpose {
  /** `append to a.b`. */
  readonly what: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class SimLog {
  readonly options: SimLogOptions;
  readonly #bySubject = new Map<string, JournalRecord[]>();
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

  takes(subject: string): boolean {
    return this.options.subjects.some((filter) => subjectMatches(filter, subject));
  }

  append({ subject, data, expectedSequence, replaces, timeMs, purpose }: SimAppend): number {
    const records = this.#bySubject.get(subject) ?? [];
    const present = records.at(-1)?.sequence ?? 0;
    if (present !== expectedSequence) {
      throw new WrongSequenceError(`Could not ${purpose.what}: wrong last sequence: ${present}.`, purpose);
    }
    if (this.#bytes + data.length > this.#maxBytes) {
      throw new OverloadedError(`Could not ${purpose.what}: maximum bytes exceeded; raise maxBytes.`, purpose);
    }
    this.#sequence += 1;
    records.push({ subject, sequence: this.#sequence, data: new Uint8Array(data), timeMs });
    this.#bytes += data.length;
    this.#bySubject.set(subject, records);
    this.#drop(records, replaces ? 1 : this.#historyPerSubject);
    return this.#sequence;
  }

  #drop(records: JournalRecord[], kept: number): void {
    while (records.length > kept) this.#bytes -= records.shift()?.data.length ?? 0;
  }

  forgetLast(subject: string): void {
    this.#bytes -= this.#bySubject.get(subject)?.pop()?.data.length ?? 0;
  }

  last(subject: string): JournalRecord | undefined {
    const record = this.#bySubject.get(subject)?.at(-1);
    return record === undefined ? undefined : copyOf(record);
  }

  history(filter: string): JournalRecord[] {
    return this.subjects(filter)
      .flatMap((subject) => this.#bySubject.get(subject) ?? [])
      .sort((a, b) => a.sequence - b.sequence)
      .map(copyOf);
  }

  subjects(filter: string): string[] {
    return [...this.#bySubject.keys()].filter((subject) => subjectMatches(filter, subject)).sort();
  }
}

function copyOf(record: JournalRecord): JournalRecord {
  return { ...record, data: new Uint8Array(record.data) };
}
