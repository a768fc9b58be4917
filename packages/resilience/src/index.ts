/** Breakers, bulkheads, retries, timeouts and fallbacks: each alone, and in one call. */
export { Bandwidth, type BandwidthOptions } from './bulkhead/bandwidth.ts';
export { Bulkhead, type BulkheadOptions, type BulkheadStats, type BulkheadTuning } from './bulkhead/bulkhead.ts';
export type { AdaptiveLimit, LimitBounds } from './bulkhead/limits/adaptive-limit.ts';
export { fixed } from './bulkhead/limits/fixed.ts';
export { type GradientOptions, gradient } from './bulkhead/limits/gradient.ts';
export type { LearnerOptions } from './bulkhead/limits/learner.ts';
export { vegas } from './bulkhead/limits/vegas.ts';
export type { TrafficClass } from './bulkhead/link.ts';
export { MemoryBudget, type MemoryBudgetOptions } from './bulkhead/memory-budget.ts';
export type { SharesOptions, ShareView } from './bulkhead/shares.ts';
export type { SheddingOptions } from './bulkhead/shedding.ts';
export { Call, type CallInfo, type CallOptions, type Inner, type Operation, type Part } from './call.ts';
