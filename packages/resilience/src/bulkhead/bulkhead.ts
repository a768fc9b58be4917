/** At most so many calls at once, so that what is slow fills its own slots and not the whole process. */
import { type Clock, Deadlines, hasCode, InvalidConfigError } from '@jaegis/core';
import type { Call, Inner, Part } from '../call.ts';
import { checkOptions, namesOf } from '../known-options.ts';
import { Listeners } from '../listeners.ts';
import type { PartEvent, Services } from '../services.ts';
import { positive, whole } from './checked.ts';
import type { AdaptiveLimit } from './limits/adaptive-limit.ts';
import type { Refusal } from './refusal.ts';
import { abortedBy, refused } from './refusals.ts';
import { OneLine, type Partition, type Room } from './room.ts';
import { checkShares, Shares, type SharesOptions, type ShareView } from './shares.ts';
import { Shedding, type SheddingOptions } from './shedding.ts';
import { Waiter } from './waiter.ts';

export interface BulkheadOptions {
  /** For errors and inspection. Default `bulkhead`. */
  readonly name?: string | undefined;
  /** How many calls may be under way at once, or what learns it. */
  readonly limit: number | AdaptiveLimit;
  /**
   * How many more may wait for their turn; with shares, of each tenant. Default 0: beyond the limit a call is refused at
   * once, since a line only hides for a while that there is too much.
   */
  readonly maxQueue?: number | undefined;
  /** How long one may wait at most, in ms; its own deadline may be earlier. Default 1,000. */
  readonly queueMs?: number | undefined;
  /** Guaranteed parts of the limit for tenants. Default: all are equal. */
  readonly shares?: SharesOptions | undefined;
  /** Refuses the less urgent first, and the old ones of a line that is too long. Default: by the limit and arrival only. */
  readonly shedding?: SheddingOptions | undefined;
}

const names = namesOf<BulkheadOptions>({
  name: true,
  limit: true,
  maxQueue: true,
  queueMs: true,
  shares: true,
  shedding: true,
});

/** What it may share with others: one timer for all that wait equally long. */
export type BulkheadServices = Pick<Services, 'deadlines'>;

/** What may be changed while it works. */
export type BulkheadTuning = Partial<Omit<BulkheadOptions, 'name'>>;

export interface BulkheadStats {
  readonly limit: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Calls that it did not let begin, since it was made. */
  readonly refused: number;
  /** The tenants that have shares at the moment. */
  readonly shares?: readonly ShareView[];
}

/**
 * A bulkhead (the word is Nygard's, "Release It!"): beyond `limit` calls wait, 0 to 9 by their priority and then by
 * arrival; beyond `maxQueue` they fail with OverloadedError (`data`: `bulkhead`, `limit`, `queued` and `why`). A call
 * that is aborted gives its place in the line up at once; one whose time is up is refused without having begun.
 */
export class Bulkhead implements Part {
  readonly name: string;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #listeners = new Listeners<PartEvent>();
  readonly #room: Room<Waiter>;
  readonly #shares: Shares<Waiter> | undefined;
  readonly #shedding: Shedding | undefined;
  #adaptive: AdaptiveLimit | undefined;
  #queueMs: number;
  #refused = 0;

  /** @throws InvalidConfigError for an option out of its range, whose `data.path` begins with `bulkhead`. */
  constructor(clock: Clock, options: BulkheadOptions, services: BulkheadServices = {}) {
    checkOptions('bulkhead', options, names);
    const { name = 'bulkhead', limit, maxQueue = 0, queueMs = 1_000, shares, shedding } = options;
    this.name = name;
    this.#clock = clock;
    this.#deadlines = services.deadlines ?? new Deadlines(clock);
    this.#adaptive = typeof limit === 'number' ? undefined : limit;
    this.#queueMs = positive('bulkhead.queueMs', queueMs);
    this.#shedding = shedding && new Shedding(shedding, 'bulkhead.shedding');
    const most = whole('bulkhead.limit', mostOf(limit), 1);
    const places = whole('bulkhead.maxQueue', maxQueue, 0);
    const delay = () => this.#shedding?.standingDelay();
    this.#shares =
      shares && new Shares<Waiter>(shares, { clock, limit: most, maxQueue: places, delay }, 'bulkhead.shares');
    this.#room = this.#shares ?? new OneLine<Waiter>(most, places, delay());
  }

  get stats(): BulkheadStats {
    const { limit, inFlight, queued } = this.#room;
    const state = { limit, inFlight, queued, refused: this.#refused };
    return this.#shares === undefined ? state : { ...state, shares: this.#shares.views };
  }

  /** Told of each call that it does not let begin. @returns Takes the listener back. */
  listen(listener: (event: PartEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** As {@link stats}: it is what its policy shows. */
  inspect(): BulkheadStats {
    return this.stats;
  }

  /** @throws OverloadedError where the call did not begin; what it was aborted with; else as `inner`. */
  async run(call: Call, inner: Inner): Promise<unknown> {
    const room = this.#room;
    const partition = room.partition(call.tenant);
    if (!this.#begin(call, partition)) await this.#turn(call, partition);
    const { inFlight } = room;
    const startMs = this.#adaptive === undefined ? 0 : this.#clock.monotonic();
    try {
      const result = await inner(call);
      this.#learn(startMs, inFlight, false);
      return result;
    } catch (error) {
      // How long it takes to fail says nothing about the load, unless that is why.
      if (isDrop(error)) this.#learn(startMs, inFlight, true);
      throw error;
    } finally {
      room.end(partition);
      if (room.queued > 0) this.#letBegin();
    }
  }

  /**
   * Takes effect at once. What is under way goes on where the limit is lowered; who waits already keeps its place and its
   * time. Shares and shedding that are there take other options; they can be neither added nor taken away.
   *
   * @throws InvalidConfigError as the constructor; nothing is changed then.
   */
  tune(options: BulkheadTuning): void {
    checkOptions('bulkhead', options, names);
    const { limit, maxQueue = this.#room.maxQueue, queueMs = this.#queueMs, shares, shedding } = options;
    const most = whole('bulkhead.limit', limit === undefined ? this.#room.limit : mostOf(limit), 1);
    whole('bulkhead.maxQueue', maxQueue, 0);
    positive('bulkhead.queueMs', queueMs);
    this.#tuneFairness(shares, shedding);
    this.#queueMs = queueMs;
    this.#room.maxQueue = maxQueue;
    if (limit !== undefined) this.#adaptive = typeof limit === 'number' ? undefined : limit;
    this.#room.limit = most;
    this.#letBegin();
  }

  #tuneFairness(shares: SharesOptions | undefined, shedding: SheddingOptions | undefined): void {
    if (shares !== undefined && this.#shares === undefined) throw fixedOption('shares');
    if (shedding !== undefined && this.#shedding === undefined) throw fixedOption('shedding');
    if (shares !== undefined) checkShares(shares, 'bulkhead.shares');
    if (shedding !== undefined) this.#shedding?.tune(shedding, 'bulkhead.shedding');
    if (shares !== undefined) this.#shares?.tune(shares, 'bulkhead.shares');
  }

  #begin(call: Call, partition: Partition<Waiter>): boolean {
    const { inFlight, limit } = this.#room;
    if (this.#shedding?.admits(call.priority, inFlight, limit) === false) throw this.#refusal('shed');
    return this.#room.begin(partition);
  }

  /** Resolves when its turn has come: it has its slot then. */
  async #turn(call: Call, partition: Partition<Waiter>): Promise<void> {
    const nowMs = this.#clock.monotonic();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leftMs = call.deadlineMs - nowMs;
    const why = leftMs <= this.#queueMs ? 'deadline' : 'waited';
    const expire = () => this.#giveUp(waiter, this.#refusal(why));
    const waiter = new Waiter(call, partition, nowMs, { begin: resolve, fail: reject, expire });
    if (leftMs <= 0) throw this.#refusal('deadline');
    if (!this.#room.wait(waiter)) throw this.#refusal('full');
    if (leftMs < Number.POSITIVE_INFINITY || this.#queueMs < Number.POSITIVE_INFINITY) {
      this.#deadlines.add(waiter, Math.min(this.#queueMs, leftMs));
    }
    // What was kept for another tenant may be lent by now.
    if (this.#shares !== undefined) this.#letBegin();
    const listenNoMore = call.onAbort(() => this.#giveUp(waiter, abortedBy(call, this.name)));
    try {
      await promise;
    } finally {
      listenNoMore();
    }
    if (!call.isAborted) return;
    // In between its turn had come.
    this.#room.end(partition);
    this.#letBegin();
    throw abortedBy(call, this.name);
  }

  #letBegin(): void {
    const room = this.#room;
    const nowMs = this.#clock.monotonic();
    for (let waiter = room.next(nowMs, this.#shed); waiter !== undefined; waiter = room.next(nowMs, this.#shed)) {
      const isLate = waiter.dueMs <= nowMs;
      this.#deadlines.remove(waiter);
      if (!isLate) {
        waiter.begin();
        continue;
      }
      // Its timer is due and has not fired yet.
      room.end(waiter.partition);
      waiter.expire();
    }
  }

  readonly #shed = (waiter: Waiter): void => {
    this.#deadlines.remove(waiter);
    waiter.fail(this.#refusal('shed'));
  };

  /** It waits no more, if it still did. */
  #giveUp(waiter: Waiter, error: unknown): void {
    this.#deadlines.remove(waiter);
    this.#room.leave(waiter);
    waiter.fail(error);
  }

  #refusal(why: Refusal): unknown {
    const { limit, queued } = this.#room;
    this.#refused += 1;
    if (!this.#listeners.isEmpty) this.#listeners.tell({ type: 'overloaded', part: 'bulkhead', why });
    return refused(why, { bulkhead: this.name, limit, queued });
  }

  #learn(startMs: number, inFlight: number, didDrop: boolean): void {
    if (this.#adaptive === undefined) return;
    const limit = this.#adaptive.onSample(this.#clock.monotonic() - startMs, inFlight, didDrop);
    if (limit !== this.#room.limit) this.#room.limit = Math.max(1, limit);
  }
}

/** What it allows at the moment; anything where it was given what is no limit. */
function mostOf(limit: number | AdaptiveLimit): unknown {
  return typeof limit === 'object' && limit !== null && 'onSample' in limit ? limit.limit : limit;
}

/** Calls under way are counted by them. */
export function fixedOption(name: 'shares' | 'shedding'): Error {
  const path = `bulkhead.${name}`;
  return new InvalidConfigError(`${path} can be neither added nor taken away while the bulkhead works.`, {
    data: { path },
  });
}

function isDrop(error: unknown): boolean {
  return hasCode(error, 'overloaded') || hasCode(error, 'operation_timeout') || hasCode(error, 'ask_timeout');
}
