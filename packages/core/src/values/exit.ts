import { type ErrorData, errorToData } from '../errors.ts';

/**
 * Why a process ended, as in OTP: `normal` when it was done, `shutdown` or `{ shutdown: info }` when it was told to,
 * `killed` when it could not refuse, `noproc` when it was not there, an error `node_down` when its node is gone; else what
 * it threw, or what an exit signal said.
 */
export type ExitReason = unknown;

/** An ordered end that says more than `shutdown`. */
export interface ShutdownExit {
  readonly shutdown: unknown;
}

/** Whether the end was in order: `normal`, `shutdown` or `{ shutdown: info }`. A transient child stays down then. */
export function isCleanExit(reason: ExitReason): boolean {
  return reason === 'normal' || reason === 'shutdown' || isShutdown(reason);
}

/** Never throws, whatever the reason is: also a proxy may have been thrown. */
export function isShutdown(reason: ExitReason): reason is ShutdownExit {
  if (typeof reason !== 'object' || reason === null) return false;
  try {
    return Object.hasOwn(reason, 'shutdown') && !(reason instanceof Error);
  } catch {
    return false;
  }
}

/** A reason as plain data, for inspection and reports. Never throws, whatever the reason is. */
export function exitToData(reason: ExitReason): string | ErrorData {
  if (typeof reason === 'string') return reason;
  if (!isShutdown(reason)) return errorToData(reason);
  return { name: 'Shutdown', message: errorToData(infoOf(reason)).message };
}

function infoOf(reason: ShutdownExit): unknown {
  try {
    return reason.shutdown;
  } catch {
    return 'a value that cannot be shown';
  }
}
