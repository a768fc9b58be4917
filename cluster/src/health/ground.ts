/** What the parts of agreeing have in common. */
import type { Clock, HealthSettings, Logger, Member, Observation, Random, View } from '@jaegis/core';
import type { Life } from './entries.ts';
import type { HealthLog } from './health-log.ts';
import type { Questions } from './questions.ts';
import type { wordsOf } from './words.ts';

/** How a node sees others; see `Watch`. */
export interface Observer {
  /** From now on the members of this view are seen as `self`. */
  follow(view: View, self: Life): void;
  /**
   * What is seen of the subjects of this node: those that are not well, and those that have just become so.
   * @param ownLatenessMs How late this look is itself.
   */
  look(nowMs: number, ownLatenessMs: number): readonly Observation[];
  /** Asks a member directly, whether it is a subject or not. Resolves within a moment, and never rejects. */
  observe(member: Life): Promise<Observation>;
  /** Whether enough of its subjects are heard to believe that this node sees a majority. */
  hearsMajority(nowMs: number): boolean;
}

export interface AgreeingSettings {
  /** The leader says that it leads this often, in ms. */
  readonly leadsMs: number;
  /** Without a word of the leader for so long, in ms, it is missed. */
  readonly leaderMissedMs: number;
  /** A member whose event loop was late by more, or whose connection was away for longer, verifies before it serves; in ms. */
  readonly leaseMs: number;
  /** A member that hears no majority for so long refuses, in ms. */
  readonly refuseMs: number;
  /** So long nothing may be reported of a member before it counts as alive again, in ms. */
  readonly calmMs: number;
}

export const defaultAgreeing: AgreeingSettings = {
  leadsMs: 250,
  leaderMissedMs: 700,
  leaseMs: 500,
  refuseMs: 1_900,
  calmMs: 2_000,
};

export interface Ground {
  readonly words: ReturnType<typeof wordsOf>;
  readonly log: HealthLog;
  readonly questions: Questions;
  readonly observer: Observer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: AgreeingSettings & HealthSettings;
  /** @throws CorruptRecordError */
  readonly decode: (data: Uint8Array) => unknown;
  /** The present life of this node. */
  readonly self: () => Member;
  /** Whether it is a member that knows what was committed: its word counts, also while it is alone and refuses. */
  readonly isSure: () => boolean;
  /** What it sees of its subjects at the moment, where that is not well. */
  readonly sights: () => readonly Observation[];
}
