import {
  backoffDelay,
  type Clock,
  type EntityId,
  formatEntityId,
  hasCode,
  type Journal,
  type Logger,
  type Random,
  sleep,
} from '@jaegis/core';
import type { Needs } from './needs.ts';
import { entityOfSubject, turnSubjects } from './placement.ts';

export interface AwakeningOptions {
  readonly cluster: string;
  readonly journal: Pick<Journal, 'subjects'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly needs: Needs;
  /** Entities that are to be active although nothing has come for them. */
  readonly eager: readonly EntityId[];
  /** Whether it is active already, and need not be looked at. */
  readonly isAwake: (entity: EntityId) => boolean;
  /** Activates the entity if it has work to go on with, or is one of those. */
  readonly wake: (entity: EntityId) => Promise<void>;
  /** Resolves when the former owner of the plot has let go of it. Undefined: it has. */
  readonly handedOver: (plot: string) => Promise<void> | undefined;
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
  /** Plots that became ours and the entities of which were not all looked at since. */
  readonly #owed = new Set<string>();
  #owned: ReadonlySet<string> = new Set();
  #running = new AbortController();
  #done: Promise<unknown> = Promise.resolve();

  constructor(options: AwakeningOptions) {
    this.#options = options;
  }

  /** Looks at the entities of plots that came to this member with the view, or before and not yet looked at. */
  begin(owned: ReadonlySet<string>): void {
    if (owned.size + this.#owned.size === 0) return; // of a member without weight, with each view
    this.stop();
    for (const plot of owned) if (!this.#owned.has(plot)) this.#owed.add(plot);
    for (const plot of this.#owed) if (!owned.has(plot)) this.#owed.delete(plot);
    this.#owned = owned;
    this.#running = new AbortController();
    const { signal } = this.#running;
    const [here, elsewhere] = this.#parts();
    this.#done = Promise.all([this.#run(here, signal), this.#handedOver(elsewhere, signal)]);
  }

  /** Resolves when all that came is looked at, or the next view has come. */
  async settled(): Promise<void> {
    await this.#done;
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

  /** Those that nobody has any more, and those that their former owners may still be at work on. */
  #parts(): [Set<string>, Set<string>] {
    const [here, elsewhere] = [new Set<string>(), new Set<string>()];
    for (const plot of this.#owed) (this.#options.handedOver(plot) === undefined ? here : elsewhere).add(plot);
    return [here, elsewhere];
  }

  async #handedOver(plots: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    await Promise.all(new Set([...plots].map((plot) => this.#options.handedOver(plot))));
    await this.#run(plots, signal);
  }

  async #run(plots: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    if (plots.size === 0 || signal.aborted) return;
    const { journal, cluster, needs, eager, isAwake } = this.#options;
    const first = eager.filter((entity) => plots.has(needs.plotOf(entity)));
    await Promise.all(first.map((entity) => this.#wake(entity, signal)));
    const subjects = await this.#untilDone('the entities of this node', signal, () =>
      journal.subjects(turnSubjects(cluster)),
    );
    const owed = (subjects ?? []).filter((subject) => plots.has(needs.plotOfSubject(subject) ?? ''));
    // One iterator for all: each takes the next.
    const rest = owed.values();
    const some = async () => {
      for (const subject of rest) {
        const entity = this.#entityOf(subject);
        if (entity && !isAwake(entity)) await this.#wake(entity, signal);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
    if (!signal.aborted) for (const plot of plots) this.#owed.delete(plot);
  }

  async #wake(entity: EntityId, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await this.#untilDone(formatEntityId(entity), signal, () => this.#options.wake(entity));
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
