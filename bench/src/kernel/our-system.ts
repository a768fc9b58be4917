import { System, type SystemOptions } from '@jaegis/actors';
import { silentLogger } from '@jaegis/core';
import { realClock, realRandom } from '@jaegis/node';

/** The kernel alone, on the real clock, as a node runs it: no cluster, no durable entities, no worker threads. */
export function ourSystem(options: Partial<SystemOptions> = {}): System {
  const none = (): never => {
    throw new Error('The kernel is measured alone.');
  };
  const pool = { run: none, stats: { threads: 0, queued: 0, completed: 0 }, close: async () => {} };
  return new System({
    node: 'bench',
    services: { clock: realClock(), logger: silentLogger, pool, entity: none, actor: none },
    random: realRandom(),
    announce: () => {},
    onFailure: (error) => {
      throw error;
    },
    ...options,
  });
}
