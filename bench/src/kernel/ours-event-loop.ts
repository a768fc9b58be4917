/** Ours: what others on the event loop feel while a thousand actors have more to do than they can. */
import { defineActor } from '@jaegis/actors';
import { delayP99 } from '../harness/event-loop-delay.ts';
import type { Workloads } from '../harness/session.ts';
import { ourSystem } from './our-system.ts';

const ACTORS = 1_000;
const WAITING = 100;

export const workloads: Workloads = {
  flooded,
  idle: () => ({ round: delayP99 }),
};

/** Every actor has 100 messages waiting all the time: each that it handles it sends to itself again. */
function flooded() {
  let isOn = true;
  const busy = defineActor('busy', {
    state: () => 0,
    on: {
      again: (count: number, message: { type: 'again' }, context) => {
        if (isOn) context.tell(context.self, message);
        return { state: count + 1 };
      },
    },
  });
  const system = ourSystem();
  return {
    round: async (durationMs: number) => {
      isOn = true;
      const refs = await Promise.all(Array.from({ length: ACTORS }, () => system.spawn(busy)));
      for (const ref of refs) for (let count = 0; count < WAITING; count++) ref.tell({ type: 'again' });
      const delay = await delayP99(durationMs);
      isOn = false;
      await Promise.all(refs.map((ref) => system.stop(ref)));
      return delay;
    },
    close: () => system.stop(),
  };
}
