import type { RestartLimit } from '../values/child-spec.ts';

export interface IntensityVerdict {
  readonly verdict: 'restart' | 'give-up';
  /** The restart times to keep for the next question, oldest first. */
  readonly restarts: readonly number[];
}

/**
 * Whether one more restart now is within the limit. As OTP's supervisor counts: a restart counts while it is at most
 * `periodMs` old, and more than `intensity` of them are too many. Never keeps more than `intensity + 1` times.
 */
export function restartIntensity(restarts: readonly number[], nowMs: number, limit: RestartLimit): IntensityVerdict {
  const counted = [...restarts.filter((time) => nowMs - time <= limit.periodMs), nowMs];
  if (counted.length > limit.intensity) return { verdict: 'give-up', restarts: counted };
  return { verdict: 'restart', restarts: counted };
}
