/** Pekko's cluster sharding, as far as it is about what a user sees. Many nodes on a virtual clock. */
import { type ActorDefinition, defineActor, type Protocol, SINGLETON, stop } from '@jaegis/actors';
import { type ClusterNode, type ClusterNodeOptions, ownerOf } from '@jaegis/cluster';
import { sleep } from '@jaegis/core';
import { expect, test } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => 0,
  passivateAfterMs: 2_000,
  on: {
    increment: (count) => ({ state: count + 1 }),
    decrement: (count) => ({ state: count - 1 }),
    get: (count) => ({ reply: count }),
    end: () => ({ actions: [stop()] }),
  },
  stop: async (_state, _reason, context) => {
    await sleep(context.clock, 500);
  },
});

const watchman = defineActor('watchman', { state: () => 0, on: { get: (count) => ({ reply: count }) } });

// Definitions of any protocol: the lists are for the runtime.
const entities = [counter] as unknown as ActorDefinition<Protocol>[];
const singletons = [watchman] as unknown as ActorDefinition<Protocol>[];

function region() {
  const { world, node } = simCluster(1, entities);
  const nodes = new Map<string, ClusterNode>();
  /** Of each activation, oldest first: the entity and its node. */
  const started: string[] = [];
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const start = async (name: string, more: Partial<ClusterNodeOptions> = {}) => {
    const made = await node(name, 'member', more);
    nodes.set(name, made);
    made.events.subscribe((event) => {
      if (event.type === 'entity_started' && event.node === name) started.push(`${String(event.entity)} on ${name}`);
    });
    return made;
  };
  const some = (name: string) => nodes.get(name) ?? expect.fail(`${name} lives`);
  const viewOf = () => ([...nodes.values()][0] ?? expect.fail('a node lives')).membership.view;
  const home = (key: string) => String(ownerOf({ type: 'counter', key }, viewOf())?.id);
  const count = (from: string, key: string) =>
    settled(some(from).entity(counter, key).ask({ type: 'get' }, { timeoutMs: 30_000 }));
  const send = async (from: string, key: string, ...types: ('increment' | 'decrement')[]) => {
    for (const type of types) await settled(some(from).entity(counter, key).ask({ type }, { timeoutMs: 30_000 }));
  };
  const crash = (name: string) => {
    world.network.crash(name);
    nodes.delete(name);
  };
  const leave = async (name: string) => {
    await settled(some(name).stop());
    nodes.delete(name);
  };
  const leader = () => [...nodes].find(([, { membership }]) => membership.isLeader)?.[0] ?? expect.fail('one leads');
  /** The entities that are active, by node. */
  const active = (name: string) =>
    some(name)
      .inspect()
      .children[1]?.children.map(({ id }) => id) ?? [];
  return { world, nodes, started, settled, start, home, count, send, crash, leave, leader, active };
}

const keys = Array.from({ length: 20 }, (_, index) => `${index}`);

/** A cluster in which each key counts its own number. */
async function counted(...names: string[]) {
  const made = region();
  for (const name of names) await made.start(name);
  await made.world.clock.advance(7_000);
  for (const key of keys) await made.send(names[0] ?? '', key, 'increment');
  return made;
}

test('SHsp:work in single node cluster', async () => {
  const { start, send, count, active } = region();
  await start('n1');
  await send('n1', '1', 'increment', 'increment', 'increment', 'decrement');
  expect(await count('n1', '1')).toBe(2);
  expect(active('n1')).toEqual(['counter/1']);
});

test('SHsp:use second node', async () => {
  const { start, send, count, home, active } = region();
  for (const name of ['n1', 'n2']) await start(name);
  await send('n2', '2', 'increment', 'increment', 'increment');
  await send('n2', '11', 'increment');
  await send('n1', '12', 'increment', 'increment');
  for (const from of ['n1', 'n2']) {
    expect([await count(from, '2'), await count(from, '11'), await count(from, '12')]).toEqual([3, 1, 2]);
  }
  for (const key of ['2', '11', '12']) {
    const homes = ['n1', 'n2'].filter((name) => active(name).includes(`counter/${key}`));
    expect(homes).toEqual([home(key)]);
  }
});

test('SHsp:support passivation and activation', async () => {
  const { world, settled, start, send, active } = region();
  const one = await start('n1');
  await send('n1', '2', 'increment', 'increment', 'increment');
  await world.clock.advance(2_200);
  const increment = one.entity(counter, '2').ask({ type: 'increment' });
  const get = one.entity(counter, '2').ask({ type: 'get' });
  await settled(increment);
  expect(await settled(get)).toBe(4);
  expect(active('n1')).toEqual(['counter/2']);
});

test('SHsp:failover shards on crashed node', async () => {
  const { count, crash } = await counted('n1', 'n2');
  crash('n2');
  for (const key of keys) expect(await count('n1', key)).toBe(1);
});

async function otherHomesStay(isLeader: boolean) {
  const { nodes, started, count, crash, home, leader, world } = await counted('n1', 'n2', 'n3');
  const victim = [...nodes.keys()].find((name) => (name === leader()) === isLeader) ?? expect.fail('there is one');
  const [before, begun] = [new Map(keys.map((key) => [key, home(key)])), started.length];
  crash(victim);
  await world.clock.advance(1_000);
  const from = [...nodes.keys()][0] ?? '';
  for (const key of keys) expect(await count(from, key)).toBe(1);
  const stayed = keys.filter((key) => before.get(key) !== victim);
  for (const key of stayed) expect(home(key)).toBe(before.get(key));
  const begunAgain = started.slice(begun).map((text) => text.split(/[/ ]/)[1]);
  expect(begunAgain.toSorted()).toEqual(keys.filter((key) => before.get(key) === victim).toSorted());
}

test('SHsp:recover coordinator state after coordinator crash', () => otherHomesStay(true));

test('SHdo2:recover after downing other node (not coordinator)', () => otherHomesStay(false));

test('SHsp:rebalance to nodes with less shards', async () => {
  const { start, home, count, world } = await counted('n1');
  await start('n2');
  const moved = async () => {
    await world.clock.advance(1_100);
    return keys.filter((key) => home(key) === 'n2').length;
  };
  const steps = [await moved(), await moved(), await moved(), await moved()];
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(steps[0]).toBeLessThan(steps[3] ?? 0);
  expect(steps[3]).toBeGreaterThanOrEqual(2);
  for (const key of keys) expect(await count('n2', key)).toBe(1);
});

test('SHls:respect absolute / relative limit', async () => {
  const { start, world, nodes } = await counted('n1');
  await start('n2');
  const share = () => nodes.get('n1')?.membership.view.members.find(({ id }) => id === 'n2')?.share;
  const shares: unknown[] = [];
  for (let step = 0; step < 4; step++) {
    shares.push(share());
    await world.clock.advance(1_100);
  }
  expect(shares).toEqual([0.25, 0.5, 0.75, undefined]);
});

test('SHsu:allow passivation and early stop', async () => {
  const { settled, start, send, count } = region();
  const one = await start('n1');
  await send('n1', '1', 'increment');
  const ended = one.entity(counter, '1').ask({ type: 'end' });
  await settled(ended.catch(() => {}));
  expect(await count('n1', '1')).toBe(1);
});

test('SHrf:recover when initial remember entities load fails (×5 modes)', async () => {
  const { world, settled, start, count } = region();
  const one = await start('n1');
  world.storage.isAvailable = false;
  const asked = one.entity(counter, '1').ask({ type: 'get' }, { timeoutMs: 20_000 });
  await world.clock.advance(1_000);
  world.storage.isAvailable = true;
  expect(await settled(asked)).toBe(0);
  expect(await count('n1', '1')).toBe(0);
});

test('SHfa:recover after journal/network failure', async () => {
  const { world, settled, count, nodes } = await counted('n1', 'n2');
  const one = nodes.get('n1') ?? expect.fail('n1 lives');
  world.storage.isAvailable = false;
  let isAnswered = false;
  const added = one.entity(counter, 'new').ask({ type: 'increment' }, { timeoutMs: 30_000 });
  void added.then(() => {
    isAnswered = true;
  });
  await world.clock.advance(3_000);
  expect(isAnswered).toBe(false);
  world.storage.isAvailable = true;
  await settled(added);
  for (const from of ['n1', 'n2']) expect([await count(from, 'new'), await count(from, '3')]).toEqual([1, 1]);
});

test('SHgs:gracefully shutdown the region on the newest node', async () => {
  const { count, leave, nodes } = await counted('n1', 'n2');
  const counts: number[] = [];
  const one = nodes.get('n1') ?? expect.fail('n1 lives');
  one.onView(({ members }) => counts.push(members.filter(({ draining }) => !draining).length));
  await leave('n2');
  expect(counts[0], 'before it leaves, nothing is its own').toBe(1);
  for (const key of keys) expect(await count('n1', key)).toBe(1);
});

test('SHgo:gracefully shutdown the oldest region', async () => {
  const { count, leave, leader, nodes, active } = await counted('n1', 'n2');
  const oldest = leader();
  await leave(oldest);
  const [rest = ''] = nodes.keys();
  for (const key of keys) expect(await count(rest, key)).toBe(1);
  expect(active(rest)).toHaveLength(keys.length);
});

test('SHrm:start remembered entities when coordinator fails over', async () => {
  const { start, crash, leader, started, world } = region();
  for (const name of ['n1', 'n2', 'n3']) await start(name, { singletons });
  await world.clock.advance(1_000);
  for (let round = 0; round < 2; round++) {
    crash(leader());
    await world.clock.advance(3_000);
  }
  const where = started.at(-1) ?? '';
  expect(where.startsWith(`watchman/${SINGLETON} on `)).toBe(true);
  expect(leader()).toBe(where.split(' on ')[1]);
});

test('SHrm:start remembered entities in new cluster', async () => {
  const { start, leave, started, world } = region();
  await start('n1', { singletons });
  await world.clock.advance(500);
  await leave('n1');
  const before = started.length;
  await start('n2', { singletons });
  await world.clock.advance(500);
  expect(started.slice(before)).toEqual([`watchman/${SINGLETON} on n2`]);
});

test('SHpa:not passivate when disabled: a singleton never does', async () => {
  const { start, active, world } = region();
  await start('n1', { singletons });
  await world.clock.advance(300_000);
  expect(active('n1')).toEqual([`watchman/${SINGLETON}`]);
});

test('SHpi:passivate entities when idle for the configured duration', async () => {
  const { start, send, active, count, world } = region();
  await start('n1');
  await send('n1', '1', 'increment');
  await send('n1', '2', 'increment');
  await world.clock.advance(1_000);
  await send('n1', '2', 'increment');
  await world.clock.advance(1_500);
  expect(active('n1')).toEqual(['counter/2']);
  await world.clock.advance(1_500);
  expect(active('n1')).toEqual([]);
  expect([await count('n1', '1'), await count('n1', '2')]).toEqual([1, 2]);
});
