import type { RestartType } from '../values/child-spec.ts';
import type { Exit } from '../values/exit.ts';

/** `restart`: start it again. `keep`: it stays in the list, stopped. `remove`: forget it. */
export type RestartPlan = 'restart' | 'keep' | 'remove';

/** What one_for_one does with a child that ended by itself (OTP supervisor, restart types). */
export function restartPlan(type: RestartType, exit: Exit): RestartPlan {
  if (type === 'temporary') return 'remove';
  if (type === 'transient') return exit.kind === 'crash' ? 'restart' : 'keep';
  return 'restart';
}
