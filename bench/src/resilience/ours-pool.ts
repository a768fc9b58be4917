/** Ours: a pool whose tasks have tenants and priorities, and what the event loop feels of those that compute. */
import { createPool } from '@jaegis/pool';
import { delayP99 } from '../harness/event-loop-delay.ts';
import type { Workloads } from '../harness/session.ts';
import { poolLoad, THREADS } from './pool-load.ts';

const module = new URL('tasks.ts', import.meta.url).href;
const square = { module, name: 'square' };
const compute = { module, name: 'compute' };

const tenants = ['a', 'b', 'c'];
const priorities = [2, 5];
/** A thread that is begun for the task, and its first look at the clock. */
const START_MS = 500;

export const workloads: Workloads = {
  tasks: () => {
    const pool = createPool({ threads: THREADS });
    const options = (index: number) => ({
      tenant: tenants[index % tenants.length],
      priority: priorities[index % priorities.length],
    });
    return poolLoad(
      (index) => pool.run(square, index, options(index)),
      () => pool.close(),
    );
  },
  hogs: () => {
    const pool = createPool({ threads: THREADS });
    return {
      round: async (durationMs) => {
        const hogs = Array.from({ length: THREADS }, () => pool.run(compute, durationMs + START_MS));
        await new Promise((resolve) => setTimeout(resolve, START_MS / 2));
        const delayMs = await delayP99(durationMs);
        await Promise.all(hogs);
        return delayMs;
      },
      close: () => pool.close(),
    };
  },
  idle: () => ({ round: delayP99 }),
};
