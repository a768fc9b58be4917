import { InvalidConfigError, limits } from '@jaegis/core';
import type { AskOptions } from './ref.ts';

/** How long an ask may take, in ms. @throws InvalidConfigError */
export function askTimeout(options: AskOptions<unknown> | undefined): number {
  const timeoutMs: unknown = options?.timeoutMs;
  if (timeoutMs === undefined) return limits.askTimeoutMs;
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs;
  throw new InvalidConfigError(`ask: timeoutMs is ${String(timeoutMs)}; it must be a number from 0.`, {
    data: { path: 'timeoutMs' },
  });
}
