import type { EntityId, Random, Slots } from '@jaegis/core';
import type { Traces } from '../run/traces.ts';
import type { Mishaps } from './mishaps.ts';
import type { Outbox } from './outbox.ts';
import type { TimerSchedules } from './timers.ts';
import type { TurnLog } from './turn-log.ts';

/** What one entity needs to be durable. */
export interface Durability {
  readonly entity: EntityId;
  readonly log: TurnLog;
  /** Bounds what is read at once. */
  readonly loads: Slots;
  readonly outbox: Outbox;
  /** @param signal Aborts when the activation ends. */
  readonly schedules: (signal: AbortSignal) => TimerSchedules;
  readonly node: string;
  /** Whether the state in memory may be shown: another node may have gone on with the entity. */
  readonly serves: () => boolean;
  readonly traces: Traces;
  readonly random: Random;
  readonly mishaps: Mishaps;
  /** Four characters that name the time for which this node has owned the entity without a break. */
  readonly tenure: string;
  /** Settles when the activation before this one has ended, here or elsewhere. */
  readonly predecessor: Promise<unknown>;
}
