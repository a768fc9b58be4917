import { type Answered, isKeyedAskId, limits } from '@jaegis/core';
import { roughSize } from './rough-size.ts';

export interface AnswersOptions {
  /** The asks that the turns which are kept have answered, the oldest first. */
  readonly load: () => Promise<readonly Answered[]>;
  /** There are no turns to read. */
  readonly isNew: boolean;
  /** In ms, of the monotonic clock. */
  readonly now: () => number;
}

/** An answer that was just given. */
export interface Fresh extends Answered {
  /** How long its ask may be repeated by itself, in ms. Default `limits.recentAskMs`. */
  readonly limitMs?: number | undefined;
}

interface Recent {
  readonly reply: unknown;
  readonly untilMs: number;
}

/**
 * What an entity's asks were answered, by id, so that one that is repeated is answered the same and has no second
 * effect. What came before the entity was activated here is read from the turns that are kept, when it is first needed.
 *
 * Asks with a key are kept apart from those without: however many of those come, they push no key out.
 */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #keyed = new Map<string, unknown>();
  /** Without a key: repeated by their askers' nodes, and only while their time lasts. */
  readonly #recent = new Map<string, Recent>();
  #isLoaded: boolean;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#isLoaded = options.isNew;
  }

  /** Undefined: all is known. Else: when it is. */
  known(): Promise<void> | undefined {
    return this.#isLoaded ? undefined : this.#read();
  }

  get(id: string): { readonly reply: unknown } | undefined {
    if (!isKeyedAskId(id)) return this.#recent.get(id);
    const reply = this.#keyed.get(id);
    return reply !== undefined || this.#keyed.has(id) ? { reply } : undefined;
  }

  add(answered: readonly Fresh[]): void {
    if (answered.length === 0) return;
    const now = this.#options.now();
    for (const { id, reply, limitMs = limits.recentAskMs } of answered) {
      if (isKeyedAskId(id)) this.#keyed.set(id, reply);
      else this.#recent.set(id, { reply, untilMs: now + limitMs });
    }
    this.#forgetOldest(now);
  }

  /** Those that a turn takes along which drops the ones before it: the newest that it has room for, the oldest first. */
  get carried(): Answered[] {
    const now = this.#options.now();
    const keyed = lastOf(this.#keyed).map(([id, reply]) => ({ id, reply }));
    const recent = lastOf(this.#recent).flatMap(([id, { reply, untilMs }]) => (untilMs > now ? [{ id, reply }] : []));
    return [...newestOf(keyed, carriedMost), ...newestOf(recent, carriedMost)];
  }

  async #read(): Promise<void> {
    const before = await this.#options.load();
    if (this.#isLoaded) return; // two asks may wait for it
    const [keyed, recent] = [[...this.#keyed], [...this.#recent]];
    this.#keyed.clear();
    this.#recent.clear();
    this.add(before);
    for (const [id, reply] of keyed) this.#keyed.set(id, reply);
    for (const [id, entry] of recent) this.#recent.set(id, entry);
    this.#isLoaded = true;
    this.#forgetOldest(this.#options.now());
  }

  #forgetOldest(now: number): void {
    for (const id of this.#keyed.keys()) {
      if (this.#keyed.size <= limits.idempotencyKeys) break;
      this.#keyed.delete(id);
    }
    for (const [id, { untilMs }] of this.#recent) {
      if (this.#recent.size <= limits.recentAsks && untilMs > now) break;
      this.#recent.delete(id);
    }
  }
}

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
