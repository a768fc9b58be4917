/** Functions of specs may hang; who waits for them may not. Used by supervisors for their specs and for their children. */
import { type Clock, StartTimeoutError } from '@jaegis/core';

export interface Awaited<T> {
  /** Rejects with `start_timeout`, with what the function failed with, or with what it was aborted with. */
  readonly promise: Promise<T>;
  abort(reason: unknown): void;
}

export function inTime<T>(clock: Clock, made: Promise<T>, timeoutMs: number, address: string): Awaited<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const late = () => reject(new StartTimeoutError(`${address} did not start in ${timeoutMs} ms.`));
  const timer = clock.setTimer(timeoutMs, late);
  made.then(resolve, reject);
  return { promise: promise.finally(() => clock.clearTimer(timer)), abort: reject };
}
