/** Threads for work that would block the event loop, behind the WorkerPool port. */
export { Moved, moved } from './moved.ts';
export { createPool, type PoolOptions } from './pool.ts';
