/**
 * An append-only log of records, each under a subject. Real: one JetStream stream (`@jaegis/nats`); in memory:
 * `@jaegis/sim`.
 *
 * Obligations: sequences are shared by all subjects of the journal and grow. `append` succeeds only when the subject's
 * last sequence is the expected one; otherwise it rejects with `WrongSequenceError` and nothing is written. So of two
 * writers that expect the same sequence one wins, and the append is at once the commit and the fence. When the answer
 * is lost `append` rejects with `OutcomeUnknownError`, never with a failure: the caller reads {@link last} and looks.
 * When the journal cannot be reached or has no leader any call rejects with `StorageUnavailableError`, nothing was
 * written, and the same call may be repeated; when it is full `append` rejects with `OverloadedError`, and where the data
 * is more than the server takes at once with `NotSerializableError`, and nothing was written. `last` never returns a record older than one whose append this process saw succeed.
 */
export interface Journal {
  /** The newest records of each subject that are kept, as it was when the journal was opened; infinite where all are. */
  readonly historyPerSubject: number;
  append(subject: string, data: Uint8Array, options: AppendOptions): Promise<number>;
  /** The newest record of one subject; undefined when there is none. */
  last(subject: string): Promise<JournalRecord | undefined>;
  /**
   * All records whose subject matches, oldest first, up to the newest at the time of the call. One that is dropped
   * meanwhile may be left out.
   * @param after Only those after this sequence. Default: from the first.
   * @param upTo Only those up to this sequence, which exists or did: then the newest need not be looked up. Default: all.
   */
  history(filter: string, after?: number, upTo?: number): AsyncIterable<JournalRecord>;
  /** The subjects that match and hold at least one record, sorted. */
  subjects(filter: string): Promise<string[]>;
}

export interface AppendOptions {
  /** The sequence of the subject's newest record as the writer knows it; 0 when it has none. */
  readonly expectedSequence: number;
  /** Whether it replaces all records of its subject, in the same step. Default false. */
  readonly replaces?: boolean;
}

export interface JournalRecord {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** When the journal took it, in milliseconds since 1970, by the server's clock. */
  readonly timeMs: number;
}
