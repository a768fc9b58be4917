/**
 * Time, as everything above the adapters sees it. The real clock lives in `@jaegis/node`, a virtual one in
 * `@jaegis/sim`.
 *
 * Obligations: `monotonic` never goes back; timers fire in the order of their due time, and in the order they were set
 * where those are equal; a cleared timer never fires, also when it was already due; a timer that sets itself again sees
 * the time it was due, not a later one.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. It may jump. */
  now(): number;
  /** Milliseconds, fractional, from an arbitrary start. For measuring and for deadlines inside one process. */
  monotonic(): number;
  /** Calls back once after `delayMs` (0 or less: as soon as the present turn of the event loop is over). */
  setTimer(delayMs: number, callback: () => void): Timer;
  clearTimer(timer: Timer | undefined): void;
}

/** What {@link Clock.setTimer} returns: opaque, good for {@link Clock.clearTimer} of the same clock only. */
export type Timer = { readonly __timer: unique symbol };

/** Resolves after `delayMs`, or at once when the signal aborts; it never rejects, so a loop checks the signal itself. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = clock.setTimer(delayMs, finish);
    function finish(): void {
      clock.clearTimer(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    }
    signal?.addEventListener('abort', finish, { once: true });
  });
}
