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

/** What guards calls: breaker, bulkhead, retries, timeouts. `createPolicy` of the package `jaegis` makes one. */
export interface AskPolicy {
  /** Does the operation as often as it thinks fit, or not at all. */
  run<Result>(
    operation: (call: AskTry) => Promise<Result>,
    options?: { readonly signal?: AbortSignal; readonly deadlineMs?: number },
  ): Promise<Result>;
}
