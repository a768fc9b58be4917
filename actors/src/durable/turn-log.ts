import {
  type Answered,
  backoffDelay,
  type Clock,
  type Codec,
  FencedError,
  hasCode,
  type Journal,
  type Random,
  sleep,
  type TurnRecord,
} from '@jaegis/core';
import { decodeTurn, encodeTurn } from './turn-record.ts';

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

  /** The asks that the turns which are kept have answered, the oldest first. */
  async answered(signal: AbortSignal): Promise<readonly Answered[]> {
    const { journal, codec, subject } = this.#options;
    return this.#retry(signal, async () => {
      const answered: Answered[] = [];
      for await (const record of journal.history(subject)) answered.push(...decodeTurn(codec, record).answered);
      return answered;
    });
  }

  /**
   * Commits a turn; retried until it is known to be written or not.
   * @throws FencedError when another writer came first.
   */
  async append(turn: TurnRecord, signal: AbortSignal): Promise<void> {
    const { journal, codec, subject } = this.#options;
    const bytes = encodeTurn(codec, turn);
    this.#sequence = await this.#retry(signal, async () => {
      try {
        return await journal.append(subject, bytes, { expectedSequence: this.#sequence });
      } catch (error) {
        if (!hasCode(error, 'outcome_unknown') && !hasCode(error, 'wrong_sequence')) throw error;
        return await this.#ownSequence(turn, error);
      }
    });
  }

  /** The record may be ours although the answer was lost: then the newest turn is this one, of our writer. */
  async #ownSequence(turn: TurnRecord, error: unknown): Promise<number> {
    const { journal, codec, subject } = this.#options;
    const record = await journal.last(subject);
    if (record && isSame(decodeTurn(codec, record), turn)) return record.sequence;
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

/** Of the same activation: another one that came to the same turn is another writer. */
function isSame(a: TurnRecord, b: TurnRecord): boolean {
  return a.writer === b.writer && a.turn === b.turn;
}
