/** Groups with members on several nodes, and the news of nodes, on a virtual clock: each seed is another history. */
import { type AnyProtocol, defineActor } from '@jaegis/actors';
import type { ClusterNode } from '@jaegis/cluster';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const member = defineActor('member', {
  state: () => [] as readonly unknown[],
  on: {
    join: (_state, { group }: { group: string }, context) => context.join(group),
    leave: (_state, { group }: { group: string }, context) => ({ reply: context.leave(group) }),
    members: (_state, { group, local }: { group: string; local?: boolean }, context) => ({
      reply: context.members(group, { local: local ?? false }).map(({ address }) => address),
    }),
    say: (_state, { group, what }: { group: string; what: unknown }, context) => {
      for (const one of context.members(group)) context.tell(one, { type: 'hear', what });
    },
    hear: (heard, { what }: { what: unknown }) => ({ state: [...heard, what] }),
    heard: (heard) => ({ reply: heard }),
    fail: () => {
      throw new Error('as asked');
    },
  },
});

const lookout = defineActor('lookout', {
  state: (_key, context) => {
    context.monitorNodes();
    return [] as readonly string[];
  },
  signals: {
    node: (seen, { change, node }) => ({ state: [...seen, `${node} ${change}`] }),
    down: (seen, { reason }) => ({ state: [...seen, `down ${(reason as Error).message}`] }),
  },
  on: {
    watch: (_state, { to }: { to: string }, context) => void context.monitor(to),
    stop: (_state, _message, context) => context.monitorNodes(false),
    seen: (seen) => ({ reply: seen }),
  },
});

const names = ['n1', 'n2', 'n3'];
const actors = ['a', 'b', 'c'];

async function groupedNodes(seed: number) {
  const sim = simCluster(seed, []);
  const { world, node } = sim;
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const nodes = new Map<string, ClusterNode>();
  const start = async (name: string) => {
    const made = await node(name);
    nodes.set(name, made);
    for (const id of actors) await settled(made.system.spawn(member, { name: id }));
  };
  for (const name of names) await start(name);
  await world.clock.advance(500);
  const at = (name: string) => nodes.get(name) as ClusterNode; // all were started
  const ref = (address: string) => at(address.slice(0, 2)).actor<AnyProtocol>(address);
  const membersSeen = (name: string, group: string) =>
    settled(ref(`${name}/user/a`).ask({ type: 'members', group })) as Promise<string[]>;
  return { ...sim, nodes, at, ref, start, settled, membersSeen };
}

const seeds = Array.from({ length: 6 }, (_, index) => index + 1);

describe.each(seeds)('seed %d', (seed) => {
  it('all nodes see the same members in the end, whatever joined, left, crashed or was cut off', async () => {
    const { world, at, ref, membersSeen } = await groupedNodes(seed);
    const random = world.random.fork('history');
    const pick = <T>(list: readonly T[]) => list[Math.floor(random.next() * list.length)] as T; // it is not empty
    for (let step = 0; step < 60; step++) {
      const to = ref(`${pick(names)}/user/${pick(actors)}`);
      const group = pick(['red', 'blue']);
      const chance = random.next();
      if (chance < 0.5) to.tell({ type: 'join', group });
      else if (chance < 0.8) to.tell({ type: 'leave', group });
      else if (chance < 0.9) at(to.address.slice(0, 2)).system.exit(to, 'kill');
      else {
        const name = pick(names);
        world.network.disconnect(name);
        await world.clock.advance(random.next() * 100);
        world.network.reconnect(name);
      }
      await world.clock.advance(random.next() * 400);
    }
    await world.clock.advance(5_000);
    for (const group of ['red', 'blue']) {
      const truth = names.flatMap((name) =>
        at(name)
          .system.groups.members(group)
          .filter(({ isFar }) => !isFar)
          .map(({ address }) => address),
      );
      for (const name of names) expect((await membersSeen(name, group)).toSorted()).toEqual(truth.toSorted());
    }
  });

  it('members of a node that is gone are out, those of one that comes are in, and all are told through the group', async () => {
    const { world, ref, start, settled, membersSeen } = await groupedNodes(seed);
    for (const address of ['n1/user/a', 'n2/user/b', 'n3/user/c', 'n3/user/a'])
      ref(address).tell({ type: 'join', group: 'red' });
    await world.clock.advance(100);
    const all = ['n1/user/a', 'n2/user/b', 'n3/user/a', 'n3/user/c'];
    for (const name of names) expect((await membersSeen(name, 'red')).toSorted()).toEqual(all);
    ref('n2/user/c').tell({ type: 'say', group: 'red', what: 'hello' });
    await world.clock.advance(100);
    for (const address of all) expect(await settled(ref(address).ask({ type: 'heard' }))).toEqual(['hello']);
    world.network.crash('n3');
    await world.clock.advance(10_000);
    for (const name of ['n1', 'n2'])
      expect((await membersSeen(name, 'red')).toSorted()).toEqual(['n1/user/a', 'n2/user/b']);
    await start('n3');
    await world.clock.advance(1_000);
    expect((await membersSeen('n3', 'red')).toSorted()).toEqual(['n1/user/a', 'n2/user/b']);
    const local = await settled(ref('n1/user/a').ask({ type: 'members', group: 'red', local: true }));
    expect(local).toEqual(['n1/user/a']);
  });

  it('nodes that come and go are told to who asked for it, after what follows from that', async () => {
    const { world, at, ref, start, settled } = await groupedNodes(seed);
    await settled(at('n1').system.spawn(lookout, { name: 'lookout' }));
    ref('n1/user/lookout').tell({ type: 'watch', to: 'n2/user/a' });
    await world.clock.advance(100);
    world.network.crash('n2');
    await world.clock.advance(10_000);
    await start('n2');
    await world.clock.advance(1_000);
    expect(await settled(ref('n1/user/lookout').ask({ type: 'seen' }))).toEqual([
      'down Node "n2" is gone.',
      'n2 down',
      'n2 up',
    ]);
    ref('n1/user/lookout').tell({ type: 'stop' });
    world.network.crash('n2');
    await world.clock.advance(10_000);
    expect(await settled(ref('n1/user/lookout').ask({ type: 'seen' }))).toHaveLength(3);
  });
});
