/** How the command ends, as scripts may rely on it: by the code of the error, see docs/operation.md. */
import { type ErrorCode, hasCode } from 'jaegis';

export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3, missing: 4, late: 5, denied: 6 } as const;

const byCode: Partial<Record<ErrorCode, number>> = {
  invalid_config: exitCodes.usage,
  invalid_definition: exitCodes.usage,
  invalid_message: exitCodes.usage,
  connect_failed: exitCodes.unreachable,
  cluster_unavailable: exitCodes.unreachable,
  no_such_cluster: exitCodes.unreachable,
  storage_unavailable: exitCodes.unreachable,
  jetstream_disabled: exitCodes.unreachable,
  transport_closed: exitCodes.unreachable,
  transport_unavailable: exitCodes.unreachable,
  no_such_actor: exitCodes.missing,
  no_such_policy: exitCodes.missing,
  node_down: exitCodes.missing,
  turn_not_kept: exitCodes.missing,
  ask_timeout: exitCodes.late,
  outcome_unknown: exitCodes.late,
  permission_denied: exitCodes.denied,
};

export function exitCodeFor(error: unknown): number {
  const known = Object.entries(byCode).find(([code]) => hasCode(error, code as ErrorCode)); // the keys are codes
  return known?.[1] ?? exitCodes.failed;
}
