/** What one node makes of the signs of life of another: pure, and the settings with their defaults. */
import type { Beat } from '../ports/heart.ts';
import type { Observation, Sight } from '../values/health.ts';
import type { PhiSettings } from './phi-accrual.ts';

/** All times in ms. Silence counts only while the watcher could have heard something. */
export interface HealthSettings {
  /** How often every node says that it lives. Default 100. */
  readonly beatMs: number;
  /** Silence after which a node is asked directly: that costs a message, and betrays a dead process at once. Default 150. */
  readonly askAfterMs: number;
  /** How long an answer to a direct question is waited for. Default 150. */
  readonly answerMs: number;
  /** Silence that is never held against a node, whatever phi says. Default 600. */
  readonly silentAfterMs: number;
  /** Silence that always is. Default 2,000. */
  readonly silentAtMostMs: number;
  /** The phi from which silence counts, between the two; see `phi-accrual.ts`. Default 8. */
  readonly phi: number;
  /** How long an event loop stands still before the node counts as stalled. Default 300. */
  readonly stalledAfterMs: number;
  /** How long what a node sends over the connection of its actors does not arrive before it counts as cut off. Default 1,500. */
  readonly cutOffAfterMs: number;
  /** How long a node shows no trouble before it is called alive again; each relapse soon after doubles it. Default 1,000. */
  readonly steadyMs: number;
  /** How long an event loop may stand still before what the node owns is served elsewhere. Default 10,000. */
  readonly stallBoundMs: number;
}

export const defaultHealth: HealthSettings = {
  beatMs: 100,
  askAfterMs: 150,
  answerMs: 150,
  silentAfterMs: 600,
  silentAtMostMs: 2_000,
  phi: 8,
  stalledAfterMs: 300,
  cutOffAfterMs: 1_500,
  steadyMs: 1_000,
  stallBoundMs: 10_000,
};

/**
 * For beats that come this often. On a quiet machine phi is 8 at 525 ms of silence, so that the floor decides; with
 * beats that deviate by 100 ms, at 860 ms.
 */
export function phiSettings({ beatMs, phi }: HealthSettings): PhiSettings {
  return {
    threshold: phi,
    maxSamples: 256,
    minStdDevMs: beatMs * 0.4,
    acceptablePauseMs: beatMs * 2,
    firstEstimateMs: beatMs,
  };
}

export interface Signs {
  readonly silentMs: number;
  readonly phi: number;
  /** The server says that nobody listens at its address. */
  readonly isGone: boolean;
  /** Its last, if any. */
  readonly beat: Pick<Beat, 'loopMs' | 'pathMs' | 'ready'> | undefined;
}

/** The gravest that the signs say. A loop that stands still sends nothing over the actors' connection either. */
export function sightOf({ silentMs, phi, isGone, beat }: Signs, settings: HealthSettings): Sight {
  if (isGone) return 'gone';
  const isUnlikely = silentMs >= settings.silentAfterMs && phi >= settings.phi;
  if (isUnlikely || silentMs >= settings.silentAtMostMs) return 'silent';
  if (beat === undefined) return 'alive';
  if (beat.loopMs >= settings.stalledAfterMs) return 'stalled';
  if (beat.pathMs >= settings.cutOffAfterMs) return 'cut_off';
  return beat.ready ? 'alive' : 'not_ready';
}

/**
 * Whether a watcher's observation is reason enough to propose that what the node owns be served elsewhere. One that only
 * lasts because the node has not been well for long enough is not, and neither is a stall within its bound.
 */
export function condemns({ sees, silentMs, loopMs, pathMs }: Observation, settings: HealthSettings): boolean {
  if (sees === 'gone') return true;
  if (sees === 'silent') return silentMs >= settings.silentAfterMs;
  if (sees === 'stalled') return (loopMs ?? 0) >= settings.stallBoundMs;
  return sees === 'cut_off' && (pathMs ?? 0) >= settings.cutOffAfterMs;
}
