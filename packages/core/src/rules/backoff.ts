/** How long to wait between tries, in ms. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The wait before try `attempt` (1 is the first retry): doubles from `firstMs` up to `maxMs`, with equal jitter, half
 * of it fixed and half by chance (`chance` in [0, 1)), so that retries of many do not fall together.
 */
export function backoffDelay(attempt: number, chance: number, backoff: Backoff): number {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * chance;
}
