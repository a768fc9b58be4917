/** Ours: actors that come, crash and go. */
import { defineActor, defineSupervisor, type Ref, type System } from '@jaegis/actors';
import type { Session, Workloads } from '../harness/session.ts';
import { spreadOf } from '../harness/spread.ts';
import { perSecond } from './flood.ts';
import { ourSystem } from './our-system.ts';

const BATCH = 1_000;

/** Before crashes are measured. */
const WARM_UP_ROUNDS = 8;
const WARM_UP = 500;

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
  // A new supervisor a round: the record of restarts that it keeps does not grow from round to round.
  const round = async (size: number) => {
    const supervisor = await system.supervise(ward, { restart: 'temporary' });
    const times = await crashOften(system.named<ProtocolOfFragile>('fragile'), size);
    await system.stop(supervisor);
    return spreadOf(times).median;
  };
  // Crashes are rare, so that the compiler comes to their path late: this is what a node has that runs for long.
  for (let left = WARM_UP_ROUNDS; left > 0; left--) await round(WARM_UP);
  return { round, close: () => system.stop() };
}

/** From each crash until the next incarnation has answered, in µs. */
async function crashOften(child: Ref<ProtocolOfFragile>, size: number): Promise<number[]> {
  child.tell({ type: 'set', to: KEPT });
  const times: number[] = [];
  for (let count = 0; count < size; count++) {
    const began = performance.now();
    child.tell({ type: 'crash' });
    const answer = await child.ask({ type: 'get' });
    times.push((performance.now() - began) * 1_000);
    if (answer !== KEPT) throw new Error(`The state was lost at a restart: ${answer}.`);
  }
  return times;
}

type ProtocolOfFragile = NonNullable<(typeof fragile)['protocol']>;
