/** The board of a real cluster: what is told goes over the transport, and is kept in a store for who comes later. */
import {
  type Clock,
  hasCode,
  keyToToken,
  type Logger,
  type Random,
  type Store,
  type Subscription,
  type Transport,
} from '@jaegis/core';
import type { BreakerBoard, BreakerNotice, ProbePlace } from './board.ts';

export interface StoreBoardOptions {
  /** Whose breakers these are. */
  readonly cluster: string;
  readonly transport: Pick<Transport, 'publish' | 'subscribe' | 'flush'>;
  readonly store: Store;
  /** Wall-clock times are compared between nodes: their clocks should differ by less than a wait. */
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What the store has of one name. */
interface BoardRecord {
  /** Until when it is open, and who found that; 0: it is closed. In ms since 1970. */
  readonly openUntil: number;
  /** How long that was when it was found, in ms. */
  readonly waitMs: number;
  readonly by: string;
  /** The places of probes that are taken, with when each is free again. */
  readonly places: readonly { readonly id: string; readonly until: number }[];
}

const empty: BoardRecord = { openUntil: 0, waitMs: 0, by: '', places: [] };
/** How often a record is tried to be changed while others change it too. */
const ATTEMPTS = 5;

/**
 * {@link BreakerBoard} on the ports of core: a subject for each breaker, and a key of the store for its state and the
 * places of its probes, changed by compare and set. A node that starts while a breaker is open hears of it from the store.
 */
export class StoreBoard implements BreakerBoard {
  readonly #options: StoreBoardOptions;

  constructor(options: StoreBoardOptions) {
    this.#options = options;
  }

  /** The store first: who begins to listen after the word was said finds it there. */
  publish({ name, by, state, waitMs }: BreakerNotice): void {
    const openUntil = state === 'open' ? this.#options.clock.now() + waitMs : 0;
    const say = () =>
      this.#options.transport.publish(this.#subjectOf(name), encode({ openUntil, waitMs, by, places: [] }));
    this.#change(name, (record) => ({ ...record, openUntil, waitMs, by }))
      .catch((error: unknown) => this.#unheard(name, error))
      .then(say)
      .catch((error: unknown) => this.#unheard(name, error));
  }

  watch(name: string, listener: (notice: BreakerNotice) => void): () => void {
    let isOver = false;
    const hear = (record: BoardRecord, isOld: boolean) => {
      const { openUntil, by } = record;
      const state = openUntil > 0 ? 'open' : 'closed';
      if (!isOver) listener({ name, by, state, waitMs: this.#leftOf(record), isOld });
    };
    // What the store has of a breaker that is not open says nothing of one that has opened meanwhile.
    const hearOpen = (record: BoardRecord) => {
      if (this.#leftOf(record) > 0) hear(record, true);
    };
    const subscription: Subscription = this.#options.transport.subscribe(this.#subjectOf(name), ({ data }) =>
      hear(decode(data), false),
    );
    const listening = this.#options.transport.flush();
    listening.then(() => this.#present(name)).then(hearOpen, (error: unknown) => this.#unheard(name, error));
    return () => {
      isOver = true;
      subscription.unsubscribe();
    };
  }

  async claim(name: string, most: number, leaseMs: number): Promise<ProbePlace | undefined> {
    const { clock, random } = this.#options;
    const id = random.id();
    const nowMs = clock.now();
    const until = nowMs + leaseMs;
    const record = await this.#change(name, (before) => {
      const places = before.places.filter((place) => place.until > nowMs);
      return places.length >= most ? undefined : { ...before, places: [...places, { id, until }] };
    }).catch((error: unknown) => {
      // Others were quicker each time. They can be reached, so nobody decides by itself.
      if (hasCode(error, 'wrong_sequence')) return undefined;
      throw error;
    });
    if (record === undefined) return undefined;
    return { release: () => this.#release(name, id) };
  }

  #release(name: string, id: string): void {
    this.#change(name, (record) => {
      const places = record.places.filter((place) => place.id !== id);
      return places.length === record.places.length ? undefined : { ...record, places };
    }).catch(() => {}); // its lease ends by itself
  }

  /** Somebody may have opened it before this node came, and the wait is not over. */
  async #present(name: string): Promise<BoardRecord> {
    const entry = await this.#options.store.get(keyOf(name));
    return entry === undefined ? empty : decode(entry.value);
  }

  /** @returns What it is now; undefined where nothing was to be changed. Rejects where the store cannot be reached. */
  async #change(
    name: string,
    change: (record: BoardRecord) => BoardRecord | undefined,
  ): Promise<BoardRecord | undefined> {
    const { store } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const entry = await store.get(keyOf(name));
      const changed = change(entry === undefined ? empty : decode(entry.value));
      if (changed === undefined) return undefined;
      try {
        await store.put(keyOf(name), encode(changed), { expectedRevision: entry?.revision ?? 0 });
        return changed;
      } catch (error) {
        if (attempt === ATTEMPTS || !hasCode(error, 'wrong_sequence')) throw error;
      }
    }
  }

  /** Of the wait: never longer than it was, however the clocks differ. */
  #leftOf({ openUntil, waitMs }: BoardRecord): number {
    return Math.min(waitMs, Math.max(0, openUntil - this.#options.clock.now()));
  }

  #subjectOf(name: string): string {
    return `jaegis.${this.#options.cluster}.breaker.${keyToToken(name)}`;
  }

  /** Each breaker decides by itself too. */
  #unheard(breaker: string, error: unknown): void {
    this.#options.logger.warn('what a breaker has found is not shared', { breaker, error });
  }
}

function keyOf(name: string): string {
  return `breaker.${keyToToken(name)}`;
}

function encode(record: BoardRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** Written by `encode` of a node of this cluster; whoever else may write there is trusted with it. */
function decode(data: Uint8Array): BoardRecord {
  return JSON.parse(new TextDecoder().decode(data)) as BoardRecord;
}
