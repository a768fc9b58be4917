/** The peer piscina, with its defaults and as many threads. It knows neither tenants nor priorities of its own. */
import { Piscina } from 'piscina';
import type { Workloads } from '../harness/session.ts';
import { poolLoad, THREADS } from './pool-load.ts';

export const workloads: Workloads = {
  tasks: () => {
    const piscina = new Piscina({
      filename: new URL('tasks.ts', import.meta.url).href,
      name: 'square',
      minThreads: THREADS,
      maxThreads: THREADS,
    });
    return poolLoad(
      (index) => piscina.run(index),
      () => piscina.destroy(),
    );
  },
};
