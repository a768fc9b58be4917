import {
  backoffDelay,
  type Clock,
  type Codec,
  CorruptRecordError,
  FencedError,
  hasCode,
  type Journal,
  type JournalRecord,
  type Random,
  sleep,
  type TurnRecord,
} from '@jaegis/core';

export interface TurnLogOptions {
  readonly subject: string;
  readonly journal: Journal;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
}

const RETRY = { firstMs: 20, maxMs: 1_000 };

/**
 * One entity's turns in the journal. The append with the expected sequence is at once the commit and the fence: when
 * somebody else has written, this writer is stale and says so.
 */
export class TurnLog {
  readonly #options: TurnLogOptions;
  #sequence = 0;

  constructor(options: TurnLogOptions) {
    this.#options = options;
  }

  /** The newest turn, or undefined; from then on appends expect it to be the newest. */
  async load(signal: AbortSignal): Promise<TurnRecord | undefined> {
    const record = await this.#retry(signal, () => this.#options.journal.last(this.#options.subject));
    this.#sequence = record?.sequence ?? 0;
    return record && decodeTurn(this.#options.codec, record);
  }

  /**
   * Commits a turn; retried until it is known to be written or not.
   * @throws FencedError when another writer came first.
   */
  async append(turn: TurnRecord, signal: AbortSignal): Promise<void> {
    const { journal, codec, subject } = this.#options;
    const bytes = codec.encode(turn);
    this.#sequence = await this.#retry(signal, async () => {
      try {
        return await journal.append(subject, bytes, { expectedSequence: this.#sequence });
      } catch (error) {
        if (!hasCode(error, 'outcome_unknown') && !hasCode(error, 'wrong_sequence')) throw error;
        return await this.#ownSequence(turn, error);
      }
    });
  }

  /** The record may be ours although the answer was lost: then the newest turn bears our writer's name. */
  async #ownSequence(turn: TurnRecord, error: unknown): Promise<number> {
    const { journal, codec, subject } = this.#options;
    const record = await journal.last(subject);
    if (record && decodeTurn(codec, record).writer === turn.writer) return record.sequence;
    if ((record?.sequence ?? 0) === this.#sequence) throw error; // not written: try again
    throw new FencedError(`${subject}: turn ${turn.turn} was refused, another writer came first.`, { cause: error });
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

/** @throws CorruptRecordError when the bytes are no turn of a format that we know. */
export function decodeTurn(codec: Codec, record: JournalRecord): TurnRecord {
  const value = codec.decode(record.data);
  if (typeof value === 'object' && value !== null && 'format' in value && value.format === 1) {
    return value as TurnRecord; // written by us in this format
  }
  throw new CorruptRecordError(`${record.subject}, sequence ${record.sequence}: no turn record of format 1.`, {
    data: { subject: record.subject, sequence: record.sequence },
  });
}
