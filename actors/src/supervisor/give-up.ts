import { type ExitReason, IntensityExceededError, type JaegisError } from '@jaegis/core';
import type { Kernel } from '../run/kernel.ts';
import type { SupervisorFlags } from './spec.ts';

/** Why a supervisor gives up, in the words of its own limit; observers are told. */
export function gaveUp(
  kernel: Kernel,
  path: string,
  { intensity, periodMs }: SupervisorFlags,
  child: string,
  cause: ExitReason,
): JaegisError {
  const error = new IntensityExceededError(
    `${path}: more than ${intensity} restarts in ${periodMs} ms; the last to end was "${child}".`,
    { cause, data: { child, intensity, periodMs } },
  );
  kernel.announce({
    type: 'supervisor_gave_up',
    address: `${kernel.node}${path}`,
    error: error.message,
    ...error.data,
  });
  return error;
}
