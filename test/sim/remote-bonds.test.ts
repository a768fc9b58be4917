/** Links and monitors between nodes, on a virtual clock: each seed is another network. */
import {
  type ActorDefinition,
  type AnyProtocol,
  type AnyRef,
  defineActor,
  type Monitor,
  type Protocol,
} from '@jaegis/actors';
import { type ClusterNode, ownerOf } from '@jaegis/cluster';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => 0,
  on: {
    add: (count) => ({ state: count + 1, reply: count + 1 }),
    fail: () => {
      throw new Error('out of paper');
    },
  },
});

/** Ends as it is told, and may say things to somebody before. */
const worker = defineActor('worker', {
  state: () => 0,
  on: {
    fail: (_state, { says = 0, to }: { says?: number; to?: string }, context) => {
      for (let n = 0; n < says; n++) context.actor<AnyProtocol>(to ?? '').tell({ type: 'hear', what: n });
      throw new Error('out of paper');
    },
    ping: () => ({ reply: 'pong' }),
    link: (_state, { to }: { to: string }, context) => context.link(context.actor(to)),
  },
});

type Seen = readonly unknown[];

/** Writes down what it hears, in order. */
const watcher = defineActor('watcher', {
  trapExits: true,
  state: () => ({ seen: [] as Seen, monitors: [] as readonly Monitor[] }),
  signals: {
    exit: ({ seen, monitors }, { from, reason }) => ({
      state: { seen: [...seen, ['exit', from?.address, shown(reason)]], monitors },
    }),
    down: ({ seen, monitors }, { from, reason, tag }) => ({
      state: { seen: [...seen, ['down', from?.address, shown(reason), tag]], monitors },
    }),
  },
  on: {
    hear: ({ seen, monitors }, { what }: { what: unknown }) => ({ state: { seen: [...seen, what], monitors } }),
    monitor: ({ seen, monitors }, { to, tag }: { to: AnyRef | string; tag?: unknown }, context) => ({
      state: { seen, monitors: [...monitors, context.monitor(to, { tag })] },
    }),
    demonitor: ({ monitors }, _message, context) => ({
      reply: monitors.map((made) => context.demonitor(made, { info: true })),
    }),
    link: (_state, { to }: { to: string }, context) => context.link(context.actor(to)),
    unlink: (_state, { to }: { to: string }, context) => context.unlink(context.actor(to)),
    exit: (_state, { to, reason }: { to: string; reason: unknown }, context) => context.exit(context.actor(to), reason),
    seen: ({ seen }) => ({ reply: seen }),
  },
});

function shown(reason: unknown): unknown {
  if (!(reason instanceof Error)) return reason;
  const { code, data } = reason as Error & { code?: string; data?: { node?: string } };
  return code === undefined ? reason.message : [code, data?.node];
}

/** A connection is lost for so long, in ms: too short for the others to miss a beat and ask. */
const HICCUP_MS = 50;
const entities = [counter] as unknown as ActorDefinition<Protocol>[]; // of any protocol: the list is for the runtime

async function threeNodes(seed: number) {
  const sim = simCluster(seed, entities);
  const { world, node } = sim;
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const nodes = { n1: await node('n1'), n2: await node('n2'), n3: await node('n3') };
  await settled(nodes.n1.system.spawn(watcher, { name: 'watcher' }));
  for (const one of Object.values(nodes)) {
    await settled(one.system.spawn(worker, { name: 'worker', restart: 'temporary' }));
    await settled(one.system.spawn(worker, { name: 'steady', restart: 'permanent' }));
  }
  await world.clock.advance(300);
  const tell = (message: object) => nodes.n1.actor('n1/user/watcher').tell(message as never);
  const seen = () => settled(nodes.n1.actor<AnyProtocol>('n1/user/watcher').ask({ type: 'seen' })) as Promise<Seen>;
  const fail = (path: string, more: object = {}) => nodes.n3.actor<AnyProtocol>(path).tell({ type: 'fail', ...more });
  return { ...sim, ...nodes, nodes, settled, tell, seen, fail };
}

const nodeDown = (name: string) => ['node_down', name];
const seeds = Array.from({ length: 6 }, (_, index) => index + 1);

describe.each(seeds)('seed %d: a monitor of an actor on another node', (seed) => {
  it('fires once when it ends, with its reason and the tag', async () => {
    const { world, tell, seen, fail } = await threeNodes(seed);
    tell({ type: 'monitor', to: 'n2/user/worker', tag: 7 });
    await world.clock.advance(50);
    fail('n2/user/worker');
    await world.clock.advance(500);
    expect(await seen()).toEqual([['down', 'n2/user/worker', 'out of paper', 7]]);
  });

  it('fires at once with noproc where nobody is, and with node_down where no such node is', async () => {
    const { world, tell, seen } = await threeNodes(seed);
    tell({ type: 'monitor', to: 'n2/user/nobody' });
    tell({ type: 'monitor', to: 'n9/user/worker' });
    await world.clock.advance(50);
    expect(await seen()).toEqual([
      ['down', 'n9/user/worker', nodeDown('n9'), undefined],
      ['down', 'n2/user/nobody', 'noproc', undefined],
    ]);
  });

  it('fires after all that the actor had told before its end', async () => {
    const { world, tell, seen, fail } = await threeNodes(seed);
    tell({ type: 'monitor', to: 'n2/user/worker' });
    await world.clock.advance(50);
    fail('n2/user/worker', { says: 20, to: 'n1/user/watcher' });
    await world.clock.advance(500);
    const said = Array.from({ length: 20 }, (_, n) => n);
    expect(await seen()).toEqual([...said, ['down', 'n2/user/worker', 'out of paper', undefined]]);
  });

  it('is one for each call, and watches one incarnation', async () => {
    const { world, tell, seen, fail } = await threeNodes(seed);
    for (const tag of [1, 2]) tell({ type: 'monitor', to: 'n2/user/steady', tag });
    await world.clock.advance(50);
    for (let n = 0; n < 2; n++) fail('n2/user/steady');
    await world.clock.advance(500);
    expect(await seen()).toEqual([1, 2].map((tag) => ['down', 'n2/user/steady', 'out of paper', tag]));
  });

  it('says nothing after it was taken back, whenever that is', async () => {
    for (const waitMs of [0, 0.2, 0.6, 1, 2, 5]) {
      const { world, tell, seen, fail, n1, settled } = await threeNodes(seed);
      tell({ type: 'monitor', to: 'n2/user/worker' });
      await world.clock.advance(50);
      fail('n2/user/worker');
      await world.clock.advance(waitMs);
      const [isInTime] = (await settled(
        n1.actor<AnyProtocol>('n1/user/watcher').ask({ type: 'demonitor' }),
      )) as boolean[];
      const before = await seen();
      await world.clock.advance(500);
      expect(await seen()).toEqual(before);
      expect(before).toHaveLength(isInTime ? 0 : 1);
    }
  });

  it('fires with node_down when the node crashes, and not when its connection hiccups', async () => {
    const { world, tell, seen, n1 } = await threeNodes(seed);
    for (const name of ['worker', 'steady']) tell({ type: 'monitor', to: `n2/user/${name}` });
    await world.clock.advance(50);
    for (const name of ['n2', 'n1']) {
      world.network.disconnect(name);
      await world.clock.advance(HICCUP_MS);
      world.network.reconnect(name);
      await world.clock.advance(1_000);
    }
    expect(await seen()).toEqual([]);
    world.network.crash('n2');
    await world.clock.runUntil(() => n1.membership.view.members.length === 2);
    await world.clock.advance(0);
    expect(await seen()).toEqual([
      ['down', 'n2/user/worker', nodeDown('n2'), undefined],
      ['down', 'n2/user/steady', nodeDown('n2'), undefined],
    ]);
  });

  it('hears of an end that happened while the connection was lost', async () => {
    const { world, tell, seen, n2 } = await threeNodes(seed);
    tell({ type: 'monitor', to: 'n2/user/worker' });
    await world.clock.advance(50);
    world.network.disconnect('n1');
    n2.actor<AnyProtocol>('n2/user/worker').tell({ type: 'fail' });
    await world.clock.advance(HICCUP_MS);
    world.network.reconnect('n1');
    await world.clock.advance(2_000);
    expect(await seen()).toEqual([['down', 'n2/user/worker', 'out of paper', undefined]]);
  });

  it('of a node that was cut off and comes back fires on both sides', async () => {
    const { world, tell, seen, n1, n2, settled } = await threeNodes(seed);
    await settled(n2.system.spawn(watcher, { name: 'other' }));
    tell({ type: 'monitor', to: 'n2/user/worker' });
    n2.actor<AnyProtocol>('n2/user/other').tell({ type: 'monitor', to: 'n1/user/worker' });
    await world.clock.advance(50);
    world.network.disconnect('n2');
    await world.clock.runUntil(() => n1.membership.view.members.length === 2);
    world.network.reconnect('n2');
    await world.clock.runUntil(() => n1.membership.view.members.length === 3);
    await world.clock.advance(500);
    expect(await seen()).toEqual([['down', 'n2/user/worker', nodeDown('n2'), undefined]]);
    const other = await settled(n2.actor<AnyProtocol>('n2/user/other').ask({ type: 'seen' }));
    expect(other).toEqual([['down', 'n1/user/worker', nodeDown('n1'), undefined]]);
    // What lives there goes on in the new life of its node, and can be watched again.
    tell({ type: 'monitor', to: 'n2/user/worker' });
    await world.clock.advance(50);
    expect(await seen()).toHaveLength(1);
  });

  it('from outside the actors works too, and a reason that cannot be carried says so', async () => {
    const { world, n1, n2, settled } = await threeNodes(seed);
    const { down } = n1.system.monitor('n2/user/worker');
    await world.clock.advance(50);
    n2.system.exit('n2/user/worker', () => 'no data');
    expect((await settled(down)).reason).toMatchObject({ code: 'not_serializable' });
  });
});

describe.each(seeds)('seed %d: a link to an actor on another node', (seed) => {
  it('ends the other side with the same reason, both ways', async () => {
    const { world, fail, n1, n2, n3 } = await threeNodes(seed);
    n1.actor<AnyProtocol>('n1/user/worker').tell({ type: 'link', to: 'n2/user/worker' });
    n2.actor<AnyProtocol>('n2/user/worker').tell({ type: 'link', to: 'n3/user/worker' });
    await world.clock.advance(50);
    fail('n3/user/worker');
    await world.clock.advance(200);
    for (const { system } of [n1, n2, n3])
      expect(system.inspect().children.map(({ id }) => id)).not.toContain('worker');
  });

  it('is an exit signal for who traps exits; noproc where nobody is, node_down with its node', async () => {
    const { world, tell, seen, fail } = await threeNodes(seed);
    for (const to of ['n2/user/worker', 'n2/user/nobody', 'n3/user/steady']) tell({ type: 'link', to });
    await world.clock.advance(50);
    fail('n2/user/worker');
    await world.clock.advance(50);
    world.network.crash('n3');
    await world.clock.advance(10_000);
    expect(await seen()).toEqual([
      ['exit', 'n2/user/nobody', 'noproc'],
      ['exit', 'n2/user/worker', 'out of paper'],
      ['exit', 'n3/user/steady', nodeDown('n3')],
    ]);
  });

  it('is one, also when both make it at once, and unlink ends it for good', async () => {
    const { world, tell, seen, fail, n2 } = await threeNodes(seed);
    tell({ type: 'link', to: 'n2/user/worker' });
    n2.actor<AnyProtocol>('n2/user/worker').tell({ type: 'link', to: 'n1/user/watcher' });
    tell({ type: 'link', to: 'n2/user/steady' });
    await world.clock.advance(50);
    tell({ type: 'unlink', to: 'n2/user/steady' });
    fail('n2/user/steady');
    fail('n2/user/worker');
    await world.clock.advance(500);
    expect(await seen()).toEqual([['exit', 'n2/user/worker', 'out of paper']]);
  });

  it('that is made anew does not get the exit of the one before, and holds on both sides', async () => {
    const { world, tell, seen, fail, n2 } = await threeNodes(seed);
    tell({ type: 'link', to: 'n2/user/steady' });
    await world.clock.advance(50);
    fail('n2/user/steady');
    const steady = () => n2.system.inspect().children.find(({ id }) => id === 'steady');
    await world.clock.runUntil(() => steady()?.restarts === 1); // and the news of its end is on the way
    tell({ type: 'unlink', to: 'n2/user/steady' });
    tell({ type: 'link', to: 'n2/user/steady' });
    await world.clock.advance(50);
    expect(await seen()).toEqual([]);
    fail('n2/user/steady');
    await world.clock.advance(50);
    expect(await seen()).toEqual([['exit', 'n2/user/steady', 'out of paper']]);
  });

  it('lets an exit signal be sent over there, also one that cannot be refused', async () => {
    const { world, tell, seen } = await threeNodes(seed);
    tell({ type: 'monitor', to: 'n2/user/worker' });
    tell({ type: 'monitor', to: 'n3/user/worker' });
    tell({ type: 'exit', to: 'n2/user/worker', reason: 'kill' });
    await world.clock.advance(50);
    tell({ type: 'exit', to: 'n3/user/worker', reason: { shutdown: 'done' } });
    await world.clock.advance(50);
    expect(await seen()).toEqual([
      ['down', 'n2/user/worker', 'killed', undefined],
      ['down', 'n3/user/worker', { shutdown: 'done' }, undefined],
    ]);
  });
});

/** A key of an entity that a node owns. */
function keyOn(node: ClusterNode, name: string): string {
  for (let n = 0; ; n++)
    if (ownerOf({ type: 'counter', key: `k/${n}` }, node.membership.view)?.id === name) return `k/${n}`;
}

describe.each(seeds.slice(0, 4))('seed %d: a monitor of a durable entity', (seed) => {
  it('fires when it crashes, moves, or its node is gone; with noproc where it is not active', async () => {
    const { world, tell, seen, settled, n1, node } = await threeNodes(seed);
    const [near, far, lost, idle] = [keyOn(n1, 'n1'), keyOn(n1, 'n2'), keyOn(n1, 'n3'), `k/${keyOn(n1, 'n2')}`];
    for (const key of [near, far, lost]) await settled(n1.entity(counter, key).ask({ type: 'add' }));
    for (const key of [near, far, lost]) tell({ type: 'monitor', to: `counter/${key}`, tag: key });
    tell({ type: 'monitor', to: `counter/${idle}`, tag: 'idle' });
    await world.clock.advance(100);
    expect(await seen()).toEqual([['down', `counter/${idle}`, 'noproc', 'idle']]);
    for (const key of [near, far]) n1.entity(counter, key).tell({ type: 'fail' });
    await world.clock.advance(100);
    world.network.crash('n3');
    await world.clock.advance(10_000);
    expect((await seen()).slice(1)).toEqual([
      ['down', `counter/${near}`, 'out of paper', near],
      ['down', `counter/${far}`, 'out of paper', far],
      ['down', `counter/${lost}`, nodeDown('n3'), lost],
    ]);
    for (const key of [near, far]) tell({ type: 'monitor', to: `counter/${key}`, tag: key });
    for (const name of ['n4', 'n5', 'n6', 'n7', 'n8']) await node(name);
    await world.clock.advance(1_000);
    const moved = [near, far].filter(
      (key) => !['n1', 'n2'].includes(ownerOf({ type: 'counter', key }, n1.membership.view)?.id ?? ''),
    );
    expect(new Set((await seen()).slice(4))).toEqual(
      new Set(moved.map((key) => ['down', `counter/${key}`, { shutdown: 'moved' }, key])),
    );
  });
});
