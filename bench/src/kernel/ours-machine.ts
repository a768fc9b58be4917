/** Ours: events to an XState machine under supervision. */
import { defineMachine, defineSupervisor } from '@jaegis/actors';
import type { Session, Workloads } from '../harness/session.ts';
import { perSecond } from './flood.ts';
import { light } from './light.ts';
import { ourSystem } from './our-system.ts';

const BLOCK = 5_000;

const lamp = defineMachine('lamp', () => light);

export const workloads: Workloads = {
  async event(): Promise<Session> {
    const system = ourSystem();
    await system.supervise(defineSupervisor('house', { children: [{ id: 'lamp', start: lamp, register: 'lamp' }] }));
    const ref = system.whereis('lamp');
    if (!ref) throw new Error('The lamp is not there.');
    return {
      // The last of each block is an ask: it is answered when all before it are handled.
      round: async (size) => {
        const began = performance.now();
        for (let left = size; left > 0; left -= BLOCK) {
          const block = Math.min(BLOCK, left);
          for (let sent = 1; sent < block; sent++) ref.tell({ type: 'NEXT' });
          await ref.ask({ type: 'NEXT' });
        }
        return perSecond(size, began);
      },
      close: () => system.stop(),
    };
  },
};
