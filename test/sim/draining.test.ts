/** What a node that is told to stop does for those who ask meanwhile, on a virtual clock: each seed is another order. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import type { ClusterNode } from '@jaegis/cluster';
import { sleep } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const tally = defineActor('tally', {
  state: () => ({ total: 0, told: 0 }),
  on: {
    add: (state, { by }: { by: number }) => ({ state: { ...state, total: state.total + by }, reply: true }),
    addSlowly: async (state, { by }: { by: number }, context) => {
      await sleep(context.clock, 20, context.signal);
      context.signal.throwIfAborted();
      return { state: { ...state, total: state.total + by }, reply: true };
    },
    /** Answers later, although it has changed something at once. */
    addDeferred: (state, { by }: { by: number }, context) => {
      const handle = context.defer();
      const { signal } = context;
      void sleep(context.clock, 15, signal).then(() => {
        if (!signal.aborted) handle.reply(true);
      });
      return { state: { ...state, total: state.total + by } };
    },
    /** Passes it on: to one it sends it, the other it tells it. */
    pass: (_state, { to, by }: { to: string; by: number }, context) => {
      context.send(context.entity(tally, to), { type: 'add', by });
      context.tell(context.entity(tally, to), { type: 'hear' });
      return { reply: true };
    },
    hear: (state) => ({ state: { ...state, told: state.told + 1 } }),
    read: (state) => ({ reply: state }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [tally] as unknown as ActorDefinition<Protocol>[];
const seeds = Array.from({ length: 6 }, (_, index) => index + 1);
const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
const kinds = ['add', 'addSlowly', 'addDeferred'] as const;

/** Asks of every kind, every few milliseconds, from all that there is. */
function loadOn(cluster: ReturnType<typeof simCluster>, askers: () => readonly ClusterNode[]) {
  const { clock } = cluster.world;
  const random = cluster.world.random.fork('load');
  const failed: unknown[] = [];
  const delays: number[] = [];
  const sums = { total: 0, told: 0 };
  const state = { isOn: true };
  const pick = <T>(some: readonly T[]): T => some[Math.floor(random.next() * some.length)] as T; // there are some
  const under: Promise<unknown>[] = [];
  const follow = (ask: Promise<unknown>, slowMs: number) => {
    const began = clock.monotonic();
    const ended = ask.then(
      (reply) => {
        delays.push(clock.monotonic() - began - slowMs);
        if (reply !== true) failed.push(reply);
      },
      (error: unknown) => failed.push(error),
    );
    under.push(ended);
  };
  const step = () => {
    const by = Math.ceil(random.next() * 9);
    const asker = pick(askers());
    const ref = asker.entity(tally, pick(keys));
    const kind = pick([...kinds, 'pass', 'send'] as const);
    if (kind === 'pass') {
      follow(ref.ask({ type: 'pass', to: pick(keys), by }), 0);
      sums.told++;
    } else if (kind === 'send') {
      follow(
        ref.send({ type: 'add', by }).then(() => true),
        0,
      );
    } else {
      follow(ref.ask({ type: kind, by }), kind === 'add' ? 0 : 20);
    }
    sums.total += by;
  };
  const run = async () => {
    while (state.isOn) {
      step();
      await sleep(clock, 3);
    }
  };
  const running = run();
  const stop = async () => {
    state.isOn = false;
    await clock.runUntilSettled(running);
    await clock.runUntilSettled(Promise.all(under));
    await clock.advance(15_000);
  };
  return { stop, failed, delays, sums };
}

describe.each(seeds)('seed %d', (seed) => {
  it('when all nodes are restarted one after the other, no ask fails, nothing is lost or done twice, and all are quick', async () => {
    const cluster = simCluster(seed, entities);
    const { world, node } = cluster;
    const names = ['n1', 'n2', 'n3'] as const;
    const nodes = new Map<string, ClusterNode>();
    for (const name of names) nodes.set(name, await node(name));
    const client = await node('c', 'client');
    await world.clock.advance(7_000);
    let leaving = '';
    const load = loadOn(cluster, () => [
      client,
      ...[...nodes].flatMap(([name, each]) => (name === leaving ? [] : [each])),
    ]);
    await world.clock.advance(200);
    for (const name of names) {
      leaving = name;
      await world.clock.runUntilSettled(nodes.get(name)?.stop() ?? Promise.resolve());
      await world.clock.advance(50);
      nodes.set(name, await node(name));
      leaving = '';
      await world.clock.advance(400);
    }
    await load.stop();
    expect(load.failed).toEqual([]);
    const reads = keys.map((key) => client.entity(tally, key).ask({ type: 'read' }));
    const found = await world.clock.runUntilSettled(Promise.all(reads));
    const sum = (of: 'total' | 'told') => found.reduce((total, each) => total + each[of], 0);
    expect({ total: sum('total'), told: sum('told') }).toEqual(load.sums);
    const sorted = load.delays.toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.99)]).toBeLessThan(100);
  });
});
