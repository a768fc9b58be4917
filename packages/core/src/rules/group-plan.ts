import { invariant } from '../invariant.ts';
import type { Strategy } from '../values/child-spec.ts';

export interface GroupPlan {
  /** Whom to stop first, in this order: the last one started first. Not the one that failed, which has ended. */
  readonly stop: readonly string[];
  /** Whom to start then, in the order of their first start, the one that failed among them. */
  readonly start: readonly string[];
}

/**
 * Who is restarted together when one child is (OTP supervisor, strategies). The same rule serves a restart that failed:
 * asked again with the child that did not start, rest_for_one leaves those before it alone and one_for_all does not.
 *
 * @param ids all children in the order of their start; temporary ones are stopped too, but the supervisor starts none.
 */
export function groupPlan(strategy: Strategy, ids: readonly string[], failedId: string): GroupPlan {
  if (strategy === 'one_for_one' || strategy === 'simple_one_for_one') return { stop: [], start: [failedId] };
  const index = ids.indexOf(failedId);
  invariant(index !== -1, `The child "${failedId}" that failed is among the children of its supervisor.`);
  const start = strategy === 'one_for_all' ? ids : ids.slice(index);
  return { stop: start.filter((id) => id !== failedId).reverse(), start };
}
