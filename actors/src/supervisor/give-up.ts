import { type ExitReason, IntensityExceededError, type JaegisError } from '@jaegis/core';
import type { SupervisorFlags } from './spec.ts';

/** Why a supervisor gives up, in the words of its own limit. */
export function gaveUp(
  path: string,
  { intensity, periodMs }: SupervisorFlags,
  child: string,
  cause: ExitReason,
): JaegisError {
  return new IntensityExceededError(
    `${path}: more than ${intensity} restarts in ${periodMs} ms; the last to end was "${child}".`,
    { cause, data: { child, intensity, periodMs } },
  );
}
