import {
  backoffDelay,
  type Clock,
  type Codec,
  CorruptRecordError,
  emptyView,
  hasCode,
  type Journal,
  type JournalRecord,
  type Logger,
  type Member,
  type Random,
  sleep,
  type View,
} from '@jaegis/core';

export interface ViewLogOptions {
  readonly subject: string;
  readonly journal: Journal;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const RETRY = { firstMs: 10, maxMs: 500 };
const AGAIN = ['wrong_sequence', 'outcome_unknown', 'storage_unavailable', 'transport_unavailable'] as const;

/**
 * The views in their journal. Each is appended with the sequence of the one before it (compare and append), so of one
 * epoch there is one view, whoever proposed it.
 */
export class ViewLog {
  readonly #options: ViewLogOptions;

  constructor(options: ViewLogOptions) {
    this.#options = options;
  }

  /** @throws StorageUnavailableError */
  async read(): Promise<{ view: View; sequence: number }> {
    const { journal, logger, subject } = this.#options;
    const record = await journal.last(subject);
    if (!record) return { view: emptyView, sequence: 0 };
    const { sequence } = record;
    try {
      return { view: this.#viewIn(record), sequence };
    } catch (error) {
      logger.error('the newest view cannot be read; the members of the last good one hold', { sequence, error });
      return { view: await this.#lastGood(sequence), sequence };
    }
  }

  /**
   * A record that is damaged or that anybody put there is passed over: nobody could join or leave any more. The epoch is
   * above that of any view that was lost, since each was one record.
   */
  async #lastGood(sequence: number): Promise<View> {
    const { journal, subject } = this.#options;
    let { members } = emptyView;
    for await (const record of journal.history(subject)) {
      try {
        ({ members } = this.#viewIn(record));
      } catch {
        // As the newest one.
      }
    }
    return { epoch: sequence, members };
  }

  /** @throws CorruptRecordError */
  #viewIn({ data }: JournalRecord): View {
    return viewFrom(this.#options.codec.decode(data));
  }

  /**
   * Appends what `decide` makes of the newest view, again when another node was first; `undefined` leaves it as it is.
   * Resolves with the newest view. Retries until the signal aborts.
   */
  async change(decide: (view: View) => View | undefined, signal: AbortSignal): Promise<View> {
    const { journal, codec, clock, random, subject } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        const { view, sequence } = await this.read();
        const next = decide(view);
        if (!next) return view;
        await journal.append(subject, codec.encode(next), { expectedSequence: sequence });
        return next;
      } catch (error) {
        if (signal.aborted || !AGAIN.some((code) => hasCode(error, code))) throw error;
        await sleep(clock, backoffDelay(attempt, random.next(), RETRY), signal);
        if (signal.aborted) throw error;
      }
    }
  }
}

/** A view that comes from outside this process. @throws CorruptRecordError when it is none. */
export function viewFrom(value: unknown): View {
  if (isView(value)) return value;
  throw new CorruptRecordError('Not a view: expected { epoch, members: { id, incarnation }[] }.');
}

function isView(value: unknown): value is View {
  if (typeof value !== 'object' || value === null || !('epoch' in value) || !('members' in value)) return false;
  const { epoch, members } = value;
  return Number.isSafeInteger(epoch) && Array.isArray(members) && members.every(isMember);
}

export function isMember(value: unknown): value is Member {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('incarnation' in value)) return false;
  return typeof value.id === 'string' && typeof value.incarnation === 'string';
}
