/** What a circuit breaker tells. Shares are from 0 to 1, times in ms. */
import type { BreakerStateValue } from '@jaegis/machines';

/** Why it opened. */
export type OpenReason =
  /** So many failures within the time of `failuresMs`. */
  | { readonly kind: 'failures'; readonly failures: number; readonly error: unknown }
  | { readonly kind: 'failure_rate'; readonly rate: number; readonly calls: number; readonly error: unknown }
  | { readonly kind: 'slow_rate'; readonly rate: number; readonly calls: number }
  /** So many calls failed with errors that were never or hardly seen before that it opened before `failure_rate`. */
  | {
      readonly kind: 'unusual_errors';
      /** Of the last of them. */
      readonly errorClass: string;
      readonly rate: number;
      readonly calls: number;
      readonly error: unknown;
    }
  | { readonly kind: 'probe_failed'; readonly error: unknown }
  /** It went well, but took as long as a slow call does. */
  | { readonly kind: 'probe_slow'; readonly tookMs: number }
  /** All places of probes were taken for as long as `probeMs` allows. */
  | { readonly kind: 'probe_overdue' }
  /** Somebody told it to. */
  | { readonly kind: 'forced' }
  | { readonly kind: 'imported' }
  /** It is likely to fail soon. */
  | { readonly kind: 'forecast'; readonly likelihood: number; readonly reason: string }
  /** Another one of the cluster has opened. */
  | { readonly kind: 'cluster'; readonly by: string };

/** Why it closed. */
export type CloseReason = 'recovered' | 'reset' | 'forced' | 'imported' | 'cluster';

interface Told {
  /** The breaker's name. */
  readonly breaker: string;
}

export type BreakerEvent = Told &
  (
    | {
        readonly type: 'opened';
        readonly reason: OpenReason;
        /** When it lets probes through; infinite where it is forced. */
        readonly retryAfterMs: number;
      }
    | { readonly type: 'half_opened'; readonly reason: 'waited' | 'imported' }
    | { readonly type: 'closed'; readonly reason: CloseReason }
    | { readonly type: 'disabled'; readonly reason: 'asked' | 'imported' }
    /** A call was not let through. */
    | { readonly type: 'refused'; readonly reason: RefusingState; readonly retryAfterMs: number }
    /** `late`: the call began before the breaker last changed its state. Otherwise its error was filtered. */
    | { readonly type: 'ignored'; readonly reason: 'late' | 'filtered'; readonly error?: unknown }
  );

/** The states in which calls are refused; half-open, while all places of probes are taken. */
export type RefusingState = Extract<BreakerStateValue, 'open' | 'half_open' | 'forced_open'>;

/** An event without the name of its breaker. */
export type BreakerNews = BreakerEvent extends infer Event
  ? Event extends Told
    ? Omit<Event, 'breaker'>
    : never
  : never;
