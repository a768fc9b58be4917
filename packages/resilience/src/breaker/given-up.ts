import { hasCode } from '@jaegis/core';
import type { Call } from '../call.ts';

/**
 * Whether a call ended since nobody wanted its result any more, which says nothing of what it called: the caller's
 * signal, a faster hedge. A time limit is no such thing.
 */
export function isGivenUp(error: unknown, call: Call): boolean {
  if (hasCode(error, 'cancelled')) return true;
  const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
  if (name === 'AbortError') return true;
  if (name === 'TimeoutError' || hasCode(error, 'operation_timeout') || hasCode(error, 'ask_timeout')) return false;
  // A signal may abort with anything. The call knows of its signal once somebody has asked for it.
  return (call.isAborted || call.signal.aborted) && call.reason === error;
}
