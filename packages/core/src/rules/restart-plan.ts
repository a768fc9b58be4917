import type { RestartType } from '../values/child-spec.ts';
import { type ExitReason, isCleanExit } from '../values/exit.ts';

/** `restart`: start it again. `keep`: it stays in the list, stopped. `remove`: forget it. */
export type RestartPlan = 'restart' | 'keep' | 'remove';

/** What becomes of a child that ended by itself (OTP supervisor, restart types). */
export function restartPlan(type: RestartType, reason: ExitReason): RestartPlan {
  if (type === 'temporary') return 'remove';
  if (type === 'transient') return isCleanExit(reason) ? 'keep' : 'restart';
  return 'restart';
}
