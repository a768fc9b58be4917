import { hasCode, JaegisError, type Retry } from '@jaegis/core';

/** Whether repeating may help, as its error says. Errors of others say nothing: they may be repeated, after a pause. */
export function retryOf(error: unknown): Retry {
  if (error instanceof JaegisError) return error.retry;
  return hasCode(error, 'cancelled') ? 'never' : 'later';
}

/** What the error asks to be waited before the same call is repeated, in ms; 0 where it does not. */
export function retryAfterMs(error: unknown): number {
  if (!(error instanceof JaegisError)) return 0;
  const afterMs = error.data.retryAfterMs;
  return typeof afterMs === 'number' && afterMs > 0 ? afterMs : 0;
}
