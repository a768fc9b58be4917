import type { Clock, Deadlines, Random } from '@jaegis/core';
import type { BreakerEvent } from './breaker/events.ts';
import type { Refusal } from './bulkhead/refusal.ts';

/** The world, as the parts of a policy see it. */
export interface Services {
  readonly clock: Clock;
  readonly random: Random;
  /** Shared by whoever gives the same: one timer for all that wait equally long. Default: one of its own. */
  readonly deadlines?: Deadlines | undefined;
  /** Told what the part does. It must not throw. */
  readonly onEvent?: ((event: PartEvent) => void) | undefined;
}

/** What the parts of this package do besides handing a call on. */
export type PartEvent =
  /** Another try follows after the wait. `number` is that of the try that failed, from 1. */
  | { readonly type: 'retry'; readonly number: number; readonly error: unknown; readonly delayMs: number }
  /** No other try follows, though the error would allow it. */
  | { readonly type: 'gave_up'; readonly number: number; readonly error: unknown; readonly reason: GaveUp }
  | { readonly type: 'timeout'; readonly part: string; readonly timeoutMs: number }
  /** A fallback answers, or does not. `number` counts them from 1. */
  | { readonly type: 'fallback'; readonly number: number; readonly error: unknown }
  | { readonly type: 'fallback_failed'; readonly number: number; readonly error: unknown }
  /** Another try began beside those that have not answered. `number` is its own, from 2. */
  | { readonly type: 'hedge'; readonly number: number; readonly afterMs: number }
  | { readonly type: 'refused'; readonly part: string; readonly retryAfterMs: number }
  /** A bulkhead did not let a call begin. */
  | { readonly type: 'overloaded'; readonly part: 'bulkhead'; readonly why: Refusal }
  /** Of a breaker. */
  | (BreakerEvent & { readonly part: 'breaker' });

/**
 * Why there is no other try: all are used up, the next would come after the deadline, the budget of retries is spent,
 * the backoff said so, or nobody waits any more.
 */
export type GaveUp = 'tries' | 'deadline' | 'budget' | 'backoff' | 'cancelled';
