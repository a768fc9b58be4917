import {
  backoffDelay,
  type Clock,
  type EntityId,
  formatEntityId,
  hasCode,
  type Journal,
  type Logger,
  type Member,
  type Random,
  sleep,
  type View,
} from '@jaegis/core';
import { entityOfSubject, shardOfSubject, shardsOf, turnSubjects } from './placement.ts';

export interface AwakeningOptions {
  readonly cluster: string;
  readonly journal: Pick<Journal, 'subjects'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Activates the entity if it has work to go on with. */
  readonly wake: (entity: EntityId) => Promise<void>;
}

const RETRY = { firstMs: 50, maxMs: 2_000 };
/** Of an election, and of a connection that is lost: they pass. */
const AGAIN = ['storage_unavailable', 'outcome_unknown', 'transport_unavailable'] as const;
/** Entities that are looked at at once. */
const AT_ONCE = 8;

/**
 * Entities that this node did not own before go on here without waiting for a message. Views change when something has
 * died, and then storage may be away for a while: what could not be looked at is looked at again, until the next view.
 */
export class Awakening {
  readonly #options: AwakeningOptions;
  /** Shards that became ours and the entities of which were not all looked at since. */
  readonly #owed = new Set<number>();
  #owned: ReadonlySet<number> = new Set();
  #running = new AbortController();

  constructor(options: AwakeningOptions) {
    this.#options = options;
  }

  /** Looks at the entities that came to this member with the view, or before and not yet looked at. */
  begin(self: Member, view: View): void {
    this.stop();
    const owned = shardsOf(self, view);
    for (const shard of owned) if (!this.#owned.has(shard)) this.#owed.add(shard);
    for (const shard of this.#owed) if (!owned.has(shard)) this.#owed.delete(shard);
    this.#owned = owned;
    this.#running = new AbortController();
    if (this.#owed.size > 0) void this.#run(this.#running.signal);
  }

  /** What this node owned has ended: when it serves again, all of it is to be looked at. */
  lose(): void {
    this.stop();
    this.#owned = new Set();
    this.#owed.clear();
  }

  stop(): void {
    this.#running.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { journal, cluster } = this.#options;
    const subjects = await this.#untilDone('the entities of this node', signal, () =>
      journal.subjects(turnSubjects(cluster)),
    );
    const owed = (subjects ?? []).filter((subject) => this.#owed.has(shardOfSubject(subject)));
    // One iterator for all: each takes the next.
    const rest = owed.values();
    const some = async () => {
      for (const subject of rest) await this.#wake(subject, signal);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
    if (!signal.aborted) this.#owed.clear();
  }

  async #wake(subject: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const entity = this.#entityOf(subject);
    if (entity) await this.#untilDone(formatEntityId(entity), signal, () => this.#options.wake(entity));
  }

  #entityOf(subject: string): EntityId | undefined {
    try {
      return entityOfSubject(subject);
    } catch (error) {
      this.#options.logger.error('turns of no entity are in the stream', { subject, error });
      return undefined;
    }
  }

  /** Undefined when it cannot be done, or not before the next view. */
  async #untilDone<Result>(what: string, signal: AbortSignal, act: () => Promise<Result>): Promise<Result | undefined> {
    const { clock, random, logger } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await act();
      } catch (error) {
        const isPassing = AGAIN.some((code) => hasCode(error, code));
        if (attempt === 1 || !isPassing) logger.warn(`could not look whether ${what} had work`, { error });
        if (!isPassing) return undefined;
        await sleep(clock, backoffDelay(attempt, random.next(), RETRY), signal);
      }
    }
    return undefined;
  }
}
