/** The ports of JAEGIS and its pure rules. This package depends on nothing and does no I/O. */
export * from './errors.ts';
export * from './invariant.ts';
export * from './limits.ts';
export * from './ports/clock.ts';
export * from './ports/codec.ts';
export * from './ports/host.ts';
export * from './ports/journal.ts';
export * from './ports/logger.ts';
export * from './ports/random.ts';
export * from './ports/store.ts';
export * from './ports/transport.ts';
export * from './ports/worker-pool.ts';
