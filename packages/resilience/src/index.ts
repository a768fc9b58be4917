/** Breakers, bulkheads, retries, timeouts and fallbacks: each alone, and in one call. */
export type { BreakerStateValue } from '@jaegis/machines';
export type { BreakerBoard, BreakerNotice, ProbePlace } from './breaker/board.ts';
export { Breaker, type BreakerFigures, type BreakerServices } from './breaker/breaker.ts';
export { ClusterBreaker, type ClusterBreakerServices } from './breaker/cluster-breaker.ts';
export { ErrorClassBreakers, type ErrorClassBreakersOptions } from './breaker/error-class-breakers.ts';
export type { BreakerEvent, CloseReason, OpenReason, RefusingState } from './breaker/events.ts';
export { type Forecast, type ForecastOptions, ForecastWatcher, type Outlook } from './breaker/forecast.ts';
export { isGivenUp } from './breaker/given-up.ts';
export { KeyedBreakers, type KeyedBreakersOptions, type KeyedBreakersState } from './breaker/keyed-breakers.ts';
export type { ErrorShare } from './breaker/learned/error-mix.ts';
export type { LearnedErrorsOptions, LearnedOptions, LearnedSlowOptions } from './breaker/learned/learned-options.ts';
export {
  type Learned,
  type LearnedSnapshot,
  LearnedThresholds,
  type LearnedUsual,
  type PresentThresholds,
  type Thresholds,
} from './breaker/learned/learned-thresholds.ts';
export type { Basis, LoadBand, Usual } from './breaker/learned/usual-rates.ts';
export { MemoryBoard } from './breaker/memory-board.ts';
export { type BreakerOptions, BreakerSettings, type ErrorFilter } from './breaker/settings.ts';
export type { BreakerSnapshot, BreakersSnapshot } from './breaker/snapshot.ts';
export { StoreBoard, type StoreBoardOptions } from './breaker/store-board.ts';
export {
  type BreakerWatcher,
  WatchedBreaker,
  type WatchedBreakerOptions,
  type WatchedSnapshot,
} from './breaker/watched-breaker.ts';
export { Bandwidth, type BandwidthOptions } from './bulkhead/bandwidth.ts';
export {
  Bulkhead,
  type BulkheadOptions,
  type BulkheadServices,
  type BulkheadStats,
  type BulkheadTuning,
} from './bulkhead/bulkhead.ts';
export type { AdaptiveLimit, LimitBounds } from './bulkhead/limits/adaptive-limit.ts';
export { fixed } from './bulkhead/limits/fixed.ts';
export { type GradientOptions, gradient } from './bulkhead/limits/gradient.ts';
export type { LearnerOptions } from './bulkhead/limits/learner.ts';
export { vegas } from './bulkhead/limits/vegas.ts';
export { MemoryBudget, type MemoryBudgetOptions } from './bulkhead/memory-budget.ts';
export type { Refusal } from './bulkhead/refusal.ts';
export type { SharesOptions, ShareView } from './bulkhead/shares.ts';
export type { SheddingOptions } from './bulkhead/shedding.ts';

export { Call, type CallInfo, type CallOptions, type Inner, type Operation, type Part } from './call.ts';
export { Fallback, type FallbackFunction, type FallbackOptions } from './fallback.ts';
export { Hedge, type HedgeOptions } from './hedge.ts';
export { type Dropped, type KeptPolicy, PolicyKeeper, type PolicyKeeperOptions } from './keep/policy-keeper.ts';
export { StoreShelf } from './keep/store-shelf.ts';
export type { Layer } from './policy/layers.ts';
export type { Outcome, Refuser } from './policy/outcome.ts';
export {
  createPolicy,
  Policy,
  type PolicyEvent,
  type PolicySnapshot,
  type PolicyState,
  resilient,
} from './policy/policy.ts';
export type { PolicyOptions, PolicyTuning } from './policy/policy-options.ts';
export { RateLimit, type RateLimitOptions } from './rate/rate-limit.ts';
export { refusalChance, Throttle, type ThrottleOptions } from './rate/throttle.ts';
export { TokenBucket, type TokenBucketOptions } from './rate/token-bucket.ts';
export { type Attempt, attemptsOf } from './retry/attempts.ts';
export {
  type ConstantBackoff,
  type ExponentialBackoff,
  type OwnBackoff,
  type RetryBackoff,
  retryDelay,
} from './retry/backoff.ts';
export { isRetryable, Retry, type RetryOptions } from './retry/retry.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry/retry-budget.ts';
export type { GaveUp, PartEvent, Services } from './services.ts';
export { Timeout, type TimeoutOptions } from './timeout.ts';
