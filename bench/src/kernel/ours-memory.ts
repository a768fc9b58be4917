/** Ours: what idle actors cost, and a million of them. */
import { defineActor, type Ref, type System } from '@jaegis/actors';
import type { Session, Workloads } from '../harness/session.ts';
import { Countdown, flood } from './flood.ts';
import { bytesEach } from './heap.ts';
import { ourSystem } from './our-system.ts';

const countdown = new Countdown();

const counter = defineActor('counter', {
  state: () => 0,
  on: {
    add: (total: number, { by }: { type: 'add'; by: number }) => {
      countdown.tick();
      return { state: total + by };
    },
  },
});

type Counter = Ref<NonNullable<(typeof counter)['protocol']>>;

export const workloads: Workloads = {
  idle: () => {
    const system = ourSystem();
    return {
      round: (size) => bytesEach(size, () => spawnMany(system, size)),
      close: () => system.stop(),
    };
  },
  residentOfMany: () => ({ round: residentOfMany }),
  tellOneOfMany: () => tellOneOf(Number.POSITIVE_INFINITY),
  tellOneOfAFew: () => tellOneOf(10),
};

async function spawnMany(system: System, count: number, each: (ref: Counter) => void = () => {}): Promise<void> {
  for (let made = 0; made < count; made++) each(await system.spawn(counter));
}

/** Megabytes that the process holds while so many actors live. Their refs are held too. */
async function residentOfMany(size: number): Promise<number> {
  const refs: Counter[] = [];
  await spawnMany(ourSystem(), size, (ref) => refs.push(ref));
  globalThis.gc?.();
  const { rss } = process.memoryUsage();
  await flood(countdown, refs.length, tellerOf(refs)); // they live
  return Math.max(rss, process.memoryUsage.rss()) / 1e6;
}

/** Tells one of many in turn, but not in the order in which they were made: a step with no factor in common. */
function tellerOf(refs: readonly Counter[]): () => void {
  const step = 611_953; // a prime
  let at = 0;
  return () => {
    at = (at + step) % refs.length;
    refs[at]?.tell({ type: 'add', by: 1 });
  };
}

/** Messages a second to actors of which so many live: as many as the first round is told, but at most `limit`. */
function tellOneOf(limit: number): Session {
  const system = ourSystem();
  const refs: Counter[] = [];
  return {
    round: async (size) => {
      if (refs.length === 0) await spawnMany(system, Math.min(size, limit), (ref) => refs.push(ref));
      return flood(countdown, size, tellerOf(refs));
    },
  };
}
