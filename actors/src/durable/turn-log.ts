import {
  type Answered,
  backoffDelay,
  type Clock,
  type Codec,
  CorruptRecordError,
  errorMessage,
  FencedError,
  hasCode,
  type Journal,
  type JournalRecord,
  NotSerializableError,
  type Random,
  sleep,
  type TurnRecord,
} from '@jaegis/core';
import type { HistoryLimits } from '../run/kernel-options.ts';
import type { Mishaps, MissingRecord } from './mishaps.ts';
import { replacesHistory } from './retention.ts';
import { decodeTurn, encodeTurn } from './turn-record.ts';

/** Where an entity goes on. */
export interface LoadedTurn {
  readonly turn: TurnRecord;
  /** What is wrong with the records after it, the oldest first; none as a rule. */
  readonly corrupt: readonly unknown[];
  /** How many turns after it are lost: their records are damaged or missing. */
  readonly lost: number;
}

export interface TurnLogOptions {
  readonly subject: string;
  readonly journal: Journal;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: the journal's own bound alone. */
  readonly history?: HistoryLimits | undefined;
  /** Where a record that turns out to be missing is remembered for the next activation. Default: nowhere. */
  readonly mishaps?: Mishaps | undefined;
}

/** An attempt that the servers do not answer lasts long by itself; one without a connection ends at once, and that is soon back. */
const RETRY = { firstMs: 20, maxMs: 300 };

/**
 * One entity's turns in the journal. The append with the expected sequence is at once the commit and the fence: when
 * somebody else has written, this writer is stale and says so.
 */
export class TurnLog {
  readonly #options: TurnLogOptions;
  #sequence = 0;
  /** Of the newest record that there was when this was loaded. */
  #loaded = 0;
  /** When the newest turn was written. */
  #beforeMs: number | undefined;

  constructor(options: TurnLogOptions) {
    this.#options = options;
  }

  /** How many turns of an entity are kept. */
  get keptTurns(): number {
    return this.#options.journal.historyPerSubject;
  }

  /**
   * The newest turn, or undefined; from then on appends expect it to be the newest.
   * @throws CorruptRecordError where nothing can be read of what there was: nothing is begun anew over a past.
   */
  async load(signal: AbortSignal): Promise<LoadedTurn | undefined> {
    const { journal, subject } = this.#options;
    return this.#retry(signal, async () => {
      const record = await journal.last(subject);
      this.#sequence = this.#loaded = record?.sequence ?? 0;
      this.#beforeMs = record?.timeMs;
      const missing = this.#missingAfter(record);
      if (record === undefined) {
        if (missing === undefined) return undefined;
        throw missing.error;
      }
      const found = await this.#readable(record);
      if (missing === undefined) return found;
      const { turn, corrupt, lost } = found;
      const lostTurns = Math.max(lost, missing.turn - turn.turn);
      return { turn, corrupt: [...corrupt, missing.error], lost: lostTurns };
    });
  }

  /** What is known to have been there after the newest record that is there now. */
  #missingAfter(newest: JournalRecord | undefined): MissingRecord | undefined {
    const missing = this.#options.mishaps?.missing;
    return missing !== undefined && missing.sequence > (newest?.sequence ?? 0) ? missing : undefined;
  }

  async #readable(record: JournalRecord): Promise<LoadedTurn> {
    try {
      const turn = decodeTurn(this.#options.codec, record);
      return { turn, corrupt: [], lost: 0 };
    } catch (error) {
      if (!hasCode(error, 'corrupt_record')) throw error;
      return await this.#lastGood(error);
    }
  }

  /**
   * The newest of the turns that are kept which can be read. What cannot stays where it is, and the next turn follows it.
   * @throws the first error when there is none: an entity is never begun anew because its past cannot be read.
   */
  async #lastGood(first: unknown): Promise<LoadedTurn> {
    const { journal, codec, subject } = this.#options;
    let turn: TurnRecord | undefined;
    let corrupt: unknown[] = [];
    for await (const record of journal.history(subject)) {
      try {
        turn = decodeTurn(codec, record);
        corrupt = [];
      } catch (error) {
        if (!hasCode(error, 'corrupt_record')) throw error;
        corrupt.push(error);
      }
    }
    if (turn === undefined) throw first;
    return { turn, corrupt, lost: corrupt.length };
  }

  /** What the turns that are kept have answered, up to the newest one when this was loaded, the oldest first; some twice. */
  async answered(signal: AbortSignal): Promise<readonly Answered[]> {
    const { journal, codec, subject } = this.#options;
    return this.#retry(signal, async () => {
      const answered: Answered[] = [];
      for await (const record of journal.history(subject, 0, this.#loaded)) {
        try {
          answered.push(...decodeTurn(codec, record).answered);
        } catch (error) {
          if (!hasCode(error, 'corrupt_record')) throw error;
        }
      }
      return answered;
    });
  }

  /** Whether this turn, if it is written now, is to drop all before it. */
  replaces(turn: number): boolean {
    const { history, clock } = this.#options;
    return history !== undefined && replacesHistory(history, { turn, nowMs: clock.now(), beforeMs: this.#beforeMs });
  }

  /**
   * Commits a turn; retried until it is known to be written or not.
   * @param replaces Whether it drops the turns before it, as {@link replaces} says.
   * @throws FencedError when another writer came first; NotSerializableError for a turn that cannot be carried, or is too
   * large: nothing of it was written.
   */
  async append(turn: TurnRecord, signal: AbortSignal, replaces = false): Promise<void> {
    const { journal, codec, subject } = this.#options;
    const bytes = encoded(codec, turn);
    const nowMs = this.#options.clock.now();
    this.#sequence = await this.#retry(signal, async () => {
      try {
        return await journal.append(subject, bytes, { expectedSequence: this.#sequence, replaces });
      } catch (error) {
        if (!hasCode(error, 'outcome_unknown') && !hasCode(error, 'wrong_sequence')) throw error;
        return await this.#ownSequence(turn, error);
      }
    });
    this.#beforeMs = nowMs;
    if (this.#options.mishaps) this.#options.mishaps.missing = undefined;
  }

  /** The record may be ours although the answer was lost: then the newest turn is this one, of our writer. */
  async #ownSequence(turn: TurnRecord, error: unknown): Promise<number> {
    const { journal, codec, subject, mishaps } = this.#options;
    const record = await journal.last(subject);
    if (record && isSame(decodeTurn(codec, record), turn)) return record.sequence;
    const newest = record?.sequence ?? 0;
    if (newest === this.#sequence) throw error; // not written: try again
    if (newest < this.#sequence) {
      const missing = this.#missing(turn.turn - 1, newest, error);
      if (mishaps) mishaps.missing = missing;
      throw missing.error;
    }
    throw new FencedError(`${subject}: turn ${turn.turn} was refused, another writer came first.`, { cause: error });
  }

  #missing(turn: number, newest: number, cause: unknown): MissingRecord {
    const { subject } = this.#options;
    const sequence = this.#sequence;
    const error = new CorruptRecordError(
      `The record ${sequence} of ${subject}, turn ${turn}, is missing; the newest is ${newest}.`,
      { cause, data: { subject, sequence, turn, newest } },
    );
    return { sequence, turn, error };
  }

  async #retry<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const { clock, random } = this.#options;
    for (let count = 1; ; count++) {
      try {
        return await attempt();
      } catch (error) {
        const again = ['outcome_unknown', 'storage_unavailable', 'transport_unavailable', 'wrong_sequence'] as const;
        if (signal.aborted || !again.some((code) => hasCode(error, code))) throw error;
        await sleep(clock, backoffDelay(count, random.next(), RETRY), signal);
      }
    }
  }
}

/** Of the same activation: another one that came to the same turn is another writer. */
function isSame(a: TurnRecord, b: TurnRecord): boolean {
  return a.writer === b.writer && a.turn === b.turn;
}

/** Whatever the values of a turn do when they are looked at: it cannot be carried. */
function encoded(codec: Codec, turn: TurnRecord): Uint8Array {
  try {
    return encodeTurn(codec, turn);
  } catch (error) {
    if (hasCode(error, 'not_serializable')) throw error;
    throw new NotSerializableError(`Turn ${turn.turn} cannot be carried: ${errorMessage(error)}`, { cause: error });
  }
}
