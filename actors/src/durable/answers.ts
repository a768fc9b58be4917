import { type Answered, isKeyedAskId, limits, roughSize, type TurnRecord } from '@jaegis/core';
import { nothingPast, PastAsks } from './past-asks.ts';

export interface AnswersOptions {
  /** The asks that the turns which are kept have answered, the oldest first. */
  readonly load: () => Promise<readonly Answered[]>;
  /** Of those the newest; undefined where there was none. */
  readonly newest: Pick<TurnRecord, 'turn' | 'answered' | 'past'> | undefined;
  /** How many turns of the entity are kept. */
  readonly keptTurns: number;
  /** In ms, of the monotonic clock. */
  readonly now: () => number;
}

/** An answer that was just given. */
export interface Fresh extends Answered {
  /** How long its ask may be repeated by itself, in ms. Default `limits.recentAskMs`. */
  readonly limitMs?: number | undefined;
}

/** What an ask was answered; or it was to be answered later, and was not yet. */
export type Known = Omit<Answered, 'id'>;

interface Recent extends Known {
  readonly untilMs: number;
}

/**
 * What an entity's asks were answered, by id, so that one that is repeated is answered the same and has no second
 * effect; and the ids of the `send`s that it has consumed, which servers that are started again do not know any more. What
 * came before the entity was activated here is read from the turns that are kept, when it is first needed: where the marks
 * in the newest record do not say that an id is new.
 *
 * Asks with a key are kept apart from those without, and from sends: however many of those come, they push no key out.
 */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #keyed = new Map<string, Known>();
  /** Without a key: repeated by their askers' nodes, and only while their time lasts. */
  readonly #recent = new Map<string, Recent>();
  readonly #sent = new Map<string, Recent>();
  readonly #past: PastAsks;
  #isLoaded: boolean;

  constructor(options: AnswersOptions) {
    this.#options = options;
    const { newest, keptTurns } = options;
    this.#isLoaded = newest === undefined;
    this.#past = new PastAsks(newest === undefined || newest.turn === 1 ? nothingPast : newest.past, keptTurns);
    if (newest === undefined) return;
    this.add(newest.answered);
    this.wrote(newest.answered, false);
  }

  /** Undefined: all is known. Else: when it is. */
  known(): Promise<void> | undefined {
    return this.#isLoaded ? undefined : this.#read();
  }

  /** The same of the answer to one ask, or of one send. */
  knows(id: string): Promise<void> | undefined {
    return this.#isLoaded || this.#has(id) || !this.#past.mayHave(id) ? undefined : this.#read();
  }

  /** A turn is written that says so. @param replaces It has dropped those before it. */
  wrote(answered: readonly Answered[], replaces: boolean): void {
    this.#past.add(
      answered.map(({ id }) => id),
      replaces,
    );
  }

  /**
   * The record of the next turn with what tells a new owner of the turns before it: marks of what they have answered.
   * @param replaces It drops them: the answers themselves go along, so that an ask which is repeated has one effect.
   */
  goWith(record: TurnRecord, replaces: boolean): TurnRecord | Promise<TurnRecord> {
    if (replaces) return this.#carriedWith(record);
    // Of the first turn it is nothing, as its reader knows.
    const past = record.turn === 1 ? undefined : this.#past.bytes;
    return past === undefined ? record : { ...record, past };
  }

  async #carriedWith(record: TurnRecord): Promise<TurnRecord> {
    await this.known();
    return { ...record, answered: [...this.carried, ...record.answered], past: nothingPast };
  }

  hasSent(id: string): boolean {
    return this.#sent.has(idOfSend(id));
  }

  get(id: string): Known | undefined {
    return (isKeyedAskId(id) ? this.#keyed : this.#recent).get(id);
  }

  add(answered: readonly Fresh[]): void {
    if (answered.length === 0) return;
    const now = this.#options.now();
    for (const { id, reply, isOwed, limitMs = limits.recentAskMs } of answered) {
      const known = isOwed ? { reply, isOwed } : { reply };
      if (isKeyedAskId(id)) this.#keyed.set(id, known);
      else if (isSendId(id)) this.#sent.set(id, { reply: undefined, untilMs: now + limits.recentSendMs });
      else this.#recent.set(id, { ...known, untilMs: now + limitMs });
    }
    this.#forgetOldest(now);
  }

  /** Those that a turn takes along which drops the ones before it: the newest that it has room for, the oldest first. */
  get carried(): Answered[] {
    const now = this.#options.now();
    const keyed = lastOf(this.#keyed).map(([id, known]) => answeredAs(id, known));
    const recent = [this.#sent, this.#recent].map((all) =>
      lastOf(all).flatMap(([id, known]) => (known.untilMs > now ? [answeredAs(id, known)] : [])),
    );
    return [keyed, ...recent].flatMap((answered) => newestOf(answered, carriedMost));
  }

  #has(id: string): boolean {
    return isSendId(id) ? this.#sent.has(id) : this.get(id) !== undefined;
  }

  async #read(): Promise<void> {
    const before = await this.#options.load();
    if (this.#isLoaded) return; // two asks may wait for it
    const [keyed, recent, sent] = [[...this.#keyed], [...this.#recent], [...this.#sent]];
    for (const all of [this.#keyed, this.#recent, this.#sent]) all.clear();
    this.add(before);
    for (const [id, known] of keyed) this.#keyed.set(id, known);
    for (const [id, entry] of recent) this.#recent.set(id, entry);
    for (const [id, entry] of sent) this.#sent.set(id, entry);
    this.#isLoaded = true;
    this.#forgetOldest(this.#options.now());
  }

  #forgetOldest(now: number): void {
    for (const id of this.#keyed.keys()) {
      if (this.#keyed.size <= limits.idempotencyKeys) break;
      this.#keyed.delete(id);
    }
    forgetOld(this.#recent, limits.recentAsks, now);
    forgetOld(this.#sent, limits.recentSends, now);
  }
}

function answeredAs(id: string, { reply, isOwed }: Known): Answered {
  return isOwed ? { id, reply, isOwed } : { id, reply };
}

function forgetOld(all: Map<string, Recent>, most: number, now: number): void {
  for (const [id, { untilMs }] of all) {
    if (all.size <= most && untilMs > now) break;
    all.delete(id);
  }
}

const SEND = '@';
const carriedMost = { count: limits.carriedAnswers, bytes: limits.carriedAnswerBytes };

function lastOf<T>(all: ReadonlyMap<string, T>): [string, T][] {
  return [...all.entries().drop(Math.max(0, all.size - carriedMost.count))];
}

/** The newest answers of a list, as many as the bounds allow, in the order of the list. Bytes are rough. */
export function newestOf(
  answered: readonly Answered[],
  most: { readonly count: number; readonly bytes: number },
): readonly Answered[] {
  let bytes = 0;
  const oldest = answered.findLastIndex(({ id, reply }, index) => {
    bytes += id.length + roughSize(reply, most.bytes);
    return bytes > most.bytes || answered.length - index > most.count;
  });
  return answered.slice(oldest + 1);
}

/** Among the ids of asks, none of which ends so. */
export function idOfSend(id: string): string {
  return `${id}${SEND}`;
}

function isSendId(id: string): boolean {
  return id.endsWith(SEND);
}
