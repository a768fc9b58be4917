/** Breakers, bulkheads, retries, timeouts and fallbacks: each alone, and in one call. */
export { Call, type CallInfo, type CallOptions, type Inner, type Operation, type Part } from './call.ts';
