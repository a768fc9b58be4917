/** Breakers, bulkheads, retries, timeouts and fallbacks: each alone, and in one call. */
export type { BreakerStateValue } from '@jaegis/machines';
export type { BreakerBoard, BreakerNotice, ProbePlace } from './breaker/board.ts';
export { Breaker, type BreakerFigures, type BreakerServices } from './breaker/breaker.ts';
export { ClusterBreaker, type ClusterBreakerServices } from './breaker/cluster-breaker.ts';
export { ErrorClassBreakers, type ErrorClassBreakersOptions } from './breaker/error-class-breakers.ts';
export type { BreakerEvent, CloseReason, OpenReason, RefusingState } from './breaker/events.ts';
export { type Forecast, type ForecastOptions, ForecastWatcher, type Outlook } from './breaker/forecast.ts';
export { isGivenUp } from './breaker/given-up.ts';
export { KeyedBreakers, type KeyedBreakersOptions } from './breaker/keyed-breakers.ts';
export { type LearnedHour, LearnedRate, type LearnedRateOptions } from './breaker/learned-rate.ts';
export { MemoryBoard } from './breaker/memory-board.ts';
export { type BreakerOptions, BreakerSettings, type ErrorFilter } from './breaker/settings.ts';
export type { BreakerSnapshot } from './breaker/snapshot.ts';
export { type BreakerWatcher, WatchedBreaker, type WatchedBreakerOptions } from './breaker/watched-breaker.ts';
export { Call, type CallInfo, type CallOptions, type Inner, type Operation, type Part } from './call.ts';
