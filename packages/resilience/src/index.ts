/** Breakers, bulkheads, retries, timeouts and fallbacks: each alone, and in one call. */
export { Breaker, type BreakerFigures, type BreakerServices } from './breaker/breaker.ts';
export type { BreakerEvent, CloseReason, OpenReason, RefusingState } from './breaker/events.ts';
export { isGivenUp } from './breaker/given-up.ts';
export { KeyedBreakers, type KeyedBreakersOptions } from './breaker/keyed-breakers.ts';
export { type BreakerOptions, BreakerSettings, type ErrorFilter } from './breaker/settings.ts';
export type { BreakerSnapshot } from './breaker/snapshot.ts';
export { Call, type CallInfo, type CallOptions, type Inner, type Operation, type Part } from './call.ts';
