/** Which turns replace the history before them. Pure; asked by the log of an entity's turns at each append. */
import type { HistoryLimits } from '../run/kernel-options.ts';

export interface TurnTimes {
  readonly turn: number;
  readonly nowMs: number;
  /** When the turn before it was written; undefined for the first. */
  readonly beforeMs: number | undefined;
}

/** Every n-th turn, and the first in each period of time: both can be told without looking at what is kept. */
export function replacesHistory({ turns, ms }: HistoryLimits, { turn, nowMs, beforeMs }: TurnTimes): boolean {
  if (beforeMs === undefined) return false;
  if (turns !== undefined && turn % turns === 0) return true;
  return ms !== undefined && Math.floor(nowMs / ms) !== Math.floor(beforeMs / ms);
}
