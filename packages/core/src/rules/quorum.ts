/**
 * Who may decide on whom. A change needs the agreement of a majority of the members that are not accused in it, so that one
 * sick watcher condemns nobody, and a lone survivor can go on. That this is safe rests on the log it is written to, which
 * takes one writer's entry at a time, never on the counting.
 */
import type { Observation, Sight } from '../values/health.ts';
import type { NodeId } from '../values/node-id.ts';
import type { View } from '../values/view.ts';

/** The fewest of so many that are more than the others. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** Whether a majority of the members that are not accused said yes. Where nobody is left to ask, nobody need be. */
export function isAgreed(view: View, accused: ReadonlySet<NodeId>, yes: ReadonlySet<NodeId>): boolean {
  const voters = view.members.filter(({ id }) => !accused.has(id));
  if (voters.length === 0) return true;
  return voters.filter(({ id }) => yes.has(id)).length >= majorityOf(voters.length);
}

/** How many watchers' reports on a member count for something; see {@link watermarksOf}. */
export interface Watermarks {
  /** From so many on it is suspect; fewer are taken for the watcher's own trouble. */
  readonly low: number;
  /** From so many on a change of the view is proposed. */
  readonly high: number;
}

/** The low and the high watermark of Rapid (Suresh and others 2018), of so many watchers that are well themselves. */
export function watermarksOf(watchers: number): Watermarks {
  return { low: Math.max(1, Math.ceil(watchers / 4)), high: majorityOf(Math.max(1, watchers)) };
}

/** Silence of half of the view or more must have lasted so long, in ms: the one who hears nothing may be the deaf one. */
export const massSilenceMs = 2_000;

/**
 * Whether those that are accused together have been silent for long enough. The server's word needs no waiting, and
 * neither does the silence of few.
 *
 * @param accused What is seen of each.
 */
export function isLongEnough(members: number, accused: readonly Pick<Observation, 'sees' | 'silentMs'>[]): boolean {
  const silent = accused.filter(({ sees }) => sees === 'silent');
  return silent.length * 2 < members || silent.every(({ silentMs }) => silentMs >= massSilenceMs);
}

/**
 * Silence of all members, in ms, after which one that is none of them takes them for dead where the servers do not say so. A
 * long time: they may all be well, and the newcomer the one that nobody hears.
 */
export const foundingSilenceMs = 30_000;

/** Whether nobody is left who could admit a newcomer. @param seen What it sees of each member. */
export function isNobodyLeft(seen: readonly Pick<Observation, 'sees' | 'silentMs'>[]): boolean {
  return seen.every(({ sees, silentMs }) => sees === 'gone' || (sees === 'silent' && silentMs >= foundingSilenceMs));
}

const WEIGHTS: Readonly<Record<Sight, number>> = { alive: 0, not_ready: 1, stalled: 2, cut_off: 3, silent: 4, gone: 5 };

/** What says most, of what was seen of one member. */
export function worstOf<O extends Pick<Observation, 'sees'>>(seen: readonly O[]): O | undefined {
  return seen.reduce<O | undefined>(
    (worst, each) => (worst === undefined || WEIGHTS[each.sees] > WEIGHTS[worst.sees] ? each : worst),
    undefined,
  );
}
