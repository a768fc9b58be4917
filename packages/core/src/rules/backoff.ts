import type { RestartBackoff } from '../values/child-spec.ts';

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

/**
 * The wait before a restart, in ms, after `count` restarts before it: `minMs · factor^count`, at most `maxMs`, and then
 * up to `jitter` of it more by chance (`chance` in [0, 1)), so that it may exceed `maxMs`. As Pekko's backoff
 * supervisor has it. Finite for any count.
 */
export function restartDelay(count: number, chance: number, backoff: RestartBackoff): number {
  const { minMs, maxMs, factor = 2, jitter = 0.2 } = backoff;
  const grown = minMs === 0 ? 0 : minMs * factor ** count;
  return Math.min(maxMs, grown) * (1 + chance * jitter);
}

/** After how long without a crash the count of restarts begins anew, in ms. */
export function backoffResetMs({ minMs, maxMs, resetAfterMs }: RestartBackoff): number {
  return resetAfterMs ?? (minMs + maxMs) / 2;
}
