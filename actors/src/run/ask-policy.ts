/** A policy as an ask sees it: those of others will do, as long as they look like this. */

/** What a policy tells of the try that it begins. */
export interface AskTry {
  /** Aborts when nobody waits for its reply any more. */
  readonly signal: AbortSignal;
  /** When its time is up, of the monotonic clock, in ms; infinite where the policy sets no limit. */
  readonly deadlineMs: number;
  /** Counts the tries from 1. */
  readonly attempt: number;
}

/**
 * What guards calls: breaker, bulkhead, retries, timeouts. `createPolicy` of the package `jaegis` makes one.
 *
 * @typeParam Fallen What its fallbacks give.
 */
export interface AskPolicy<Fallen = never> {
  /** Carries the type for the compiler; never set. */
  readonly fallen?: Fallen;
  /** Does the operation as often as it thinks fit, or not at all. */
  run<Result>(operation: (call: AskTry) => Promise<Result>, options?: AskCallOptions): Promise<Result | Fallen>;
}

/** What is said of an ask as a whole. */
export interface AskCallOptions {
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
  /** When it must be done, of the monotonic clock, in ms. */
  readonly deadlineMs?: number;
  /** At the door of actors: the address of the one that is asked. */
  readonly tenant?: string;
  /** From 0, the most urgent, to 9. */
  readonly priority?: number;
}
