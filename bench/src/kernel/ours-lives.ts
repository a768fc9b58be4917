/** Ours: actors that come, crash and go. */
import { defineActor, defineSupervisor, type System } from '@jaegis/actors';
import type { Session, Workloads } from '../harness/session.ts';
import { spreadOf } from '../harness/spread.ts';
import { perSecond } from './flood.ts';
import { ourSystem } from './our-system.ts';

const BATCH = 1_000;

/** What the child has counted before it crashes, and must still have when it answers again. */
const KEPT = 42;

export const workloads: Workloads = {
  spawnAndStop: () => {
    const system = ourSystem();
    return { round: (size) => spawnAndStop(system, size), close: () => system.stop() };
  },
  crash,
};

const idler = defineActor('idler', { state: () => 0, on: { add: (total: number) => ({ state: total + 1 }) } });

async function spawnAndStop(system: System, size: number): Promise<number> {
  const began = performance.now();
  for (let left = size; left > 0; left -= BATCH) {
    const refs = await Promise.all(Array.from({ length: Math.min(BATCH, left) }, () => system.spawn(idler)));
    await Promise.all(refs.map((ref) => system.stop(ref)));
  }
  return perSecond(size, began);
}

const fragile = defineActor('fragile', {
  state: () => 0,
  on: {
    set: (_: number, { to }: { type: 'set'; to: number }) => ({ state: to }),
    get: (total: number) => ({ reply: total }),
    crash: () => {
      throw new Error('told to');
    },
  },
});

async function crash(): Promise<Session> {
  const system = ourSystem();
  const ward = defineSupervisor('ward', {
    strategy: 'one_for_one',
    intensity: 10_000,
    periodMs: 1_000,
    children: [{ id: 'fragile', start: fragile, register: 'fragile' }],
  });
  return {
    // A new supervisor a round: the record of restarts that it keeps does not grow from round to round.
    round: async (size) => {
      const supervisor = await system.supervise(ward, { restart: 'temporary' });
      const child = system.named<ProtocolOfFragile>('fragile');
      child.tell({ type: 'set', to: KEPT });
      const times: number[] = [];
      for (let count = 0; count < size; count++) {
        const began = performance.now();
        child.tell({ type: 'crash' });
        const answer = await child.ask({ type: 'get' });
        times.push((performance.now() - began) * 1_000);
        if (answer !== KEPT) throw new Error(`The state was lost at a restart: ${answer}.`);
      }
      await system.stop(supervisor);
      return spreadOf(times).median;
    },
    close: () => system.stop(),
  };
}

type ProtocolOfFragile = NonNullable<(typeof fragile)['protocol']>;
