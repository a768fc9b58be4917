/** The peer XState, bare: an actor of its own, with nothing around it. */
import { createActor } from 'xstate';
import type { Workloads } from '../harness/session.ts';
import { perSecond } from './flood.ts';
import { light } from './light.ts';

export const workloads: Workloads = {
  event: () => {
    const actor = createActor(light).start();
    return {
      round: (size) => {
        const began = performance.now();
        for (let count = 0; count < size; count++) actor.send({ type: 'NEXT' });
        return perSecond(size, began);
      },
      close: () => {
        actor.stop();
      },
    };
  },
};
