import type { BreakerWindow } from '@jaegis/core';
import type { OpenReason } from './events.ts';
import type { BreakerSettings } from './settings.ts';

/** A call that failed, was slow, or both. */
export interface BadCall {
  readonly isFailure: boolean;
  readonly isSlow: boolean;
  readonly error: unknown;
}

/**
 * Which threshold is reached with the last call counted, if any. Only a bad call may reach one: a good one that makes up
 * the minimum number of calls opens nothing.
 */
export function reached(
  window: BreakerWindow,
  settings: BreakerSettings,
  nowMs: number,
  { isFailure, isSlow, error }: BadCall,
): OpenReason | undefined {
  if (isFailure && settings.failures !== Number.POSITIVE_INFINITY) {
    const failures = window.failures(nowMs, settings.failureBuckets);
    if (failures >= settings.failures) return { kind: 'failures', failures, error };
  }
  const { failureRate, slowRate, minimumCalls } = settings;
  if (failureRate > 1 && slowRate > 1) return undefined;
  const calls = window.calls(nowMs);
  if (calls < minimumCalls) return undefined;
  const failed = isFailure ? window.failures(nowMs) / calls : 0;
  if (isFailure && failed >= failureRate) return { kind: 'failure_rate', rate: failed, calls, error };
  const slow = isSlow ? window.slow(nowMs) / calls : 0;
  return isSlow && slow >= slowRate ? { kind: 'slow_rate', rate: slow, calls } : undefined;
}
