/** The peer piscina, with as many threads. It knows neither tenants nor priorities of its own. */
import { Piscina } from 'piscina';
import type { Workloads } from '../harness/session.ts';
import { poolLoad, THREADS } from './pool-load.ts';

/** @param atomics Whether a thread sleeps between its tasks, with whatever its modules have open: its default is `sync`. */
function tasks(atomics: 'sync' | 'disabled') {
  const piscina = new Piscina({
    filename: new URL('tasks.ts', import.meta.url).href,
    name: 'square',
    minThreads: THREADS,
    maxThreads: THREADS,
    atomics,
  });
  return poolLoad(
    (index) => piscina.run(index),
    () => piscina.destroy(),
  );
}

export const workloads: Workloads = {
  tasks: () => tasks('sync'),
  awakeTasks: () => tasks('disabled'),
};
