/** Children that run on other nodes than their supervisor, on a virtual clock: each seed is another network. */
import { type AnyProtocol, defineActor, defineSupervisor, type SupervisorSpec } from '@jaegis/actors';
import type { ClusterNode } from '@jaegis/cluster';
import type { TreeNode } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

/** What happened, in order, on all nodes. */
let log: string[] = [];

const worker = defineActor('worker', {
  state: (key, context, input: { from?: number } | undefined) => {
    log.push(`${key} starts on ${context.address.split('/', 1)[0]}`);
    return input?.from ?? 0;
  },
  stop: (_count, reason, context) => {
    const shown = reason instanceof Error ? (reason as Error & { code?: string }).code : JSON.stringify(reason);
    log.push(`${context.key} stops on ${context.address.split('/', 1)[0]}: ${shown}`);
  },
  on: {
    add: (count) => ({ state: count + 1, reply: count + 1 }),
    where: (_count, _message, context) => ({ reply: context.address }),
    fail: () => {
      throw new Error('out of paper');
    },
  },
});

const bad = defineActor('bad', {
  state: (): number => {
    throw new Error('no disk');
  },
  on: {},
});

const secret = defineActor('secret', { state: () => 0, on: { ping: () => ({ reply: 'pong' }) } });

const pairOf = defineSupervisor('pair', {
  strategy: 'one_for_all',
  children: [
    { id: 'left', start: worker },
    { id: 'right', start: worker },
  ],
});

async function threeNodes(seed: number) {
  log = [];
  const startables = (name: string) => (name === 'n3' ? [worker, bad, pairOf, secret] : [worker, bad, pairOf]);
  const sim = simCluster(seed, [], { startables });
  const { world, node } = sim;
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const n1 = await node('n1');
  const n2 = await node('n2');
  const n3 = await node('n3');
  await world.clock.advance(500);
  const till = n1.actor<AnyProtocol>('n1/user/shop/till');
  const ask = (type: string, ref = till) => settled(ref.ask({ type }, { timeoutMs: 20_000 }));
  return { ...sim, nodes: { n1, n2, n3 }, n1, n2, n3, settled, till, ask };
}

type Sim = Awaited<ReturnType<typeof threeNodes>>;

function shop(sim: Sim, spec: SupervisorSpec) {
  return sim.settled(sim.n1.system.supervise(defineSupervisor('shop', spec), { name: 'shop' }));
}

/** Ids of what runs for supervisors of other nodes on a node. */
function guestsOf(node: ClusterNode): string[] {
  const guests = node.inspect().children.find(({ id }) => id === 'guests');
  return guests?.children.map(({ id }: TreeNode) => id) ?? [];
}

const seeds = Array.from({ length: 6 }, (_, index) => index + 1);

describe.each(seeds)('seed %d: a child on another node', (seed) => {
  it('starts there, is asked and told by its ref from everywhere, and stops with its supervisor, in order', async () => {
    const sim = await threeNodes(seed);
    const { n3, settled, ask, n1 } = sim;
    await shop(sim, {
      children: [
        { id: 'door', start: worker },
        { id: 'till', start: worker, on: { node: 'n2' }, input: { from: 10 } },
        { id: 'lamp', start: worker },
      ],
    });
    expect(await ask('add')).toBe(11);
    expect(await ask('add', n3.actor('n1/user/shop/till'))).toBe(12);
    expect(await ask('where')).toBe('n2/guests/n1/user/shop/till');
    expect(guestsOf(sim.n2)).toEqual(['n1/user/shop/till']);
    await settled(n1.system.stop('n1/user/shop'));
    expect(log).toEqual([
      'door starts on n1',
      'till starts on n2',
      'lamp starts on n1',
      'lamp stops on n1: "shutdown"',
      'till stops on n2: "shutdown"',
      'door stops on n1: "shutdown"',
    ]);
    await sim.world.clock.advance(100);
    expect(guestsOf(sim.n2)).toEqual([]);
  });

  it('that crashes is restarted where it is, with its state and what waited', async () => {
    const sim = await threeNodes(seed);
    const { ask, till } = sim;
    const supervisor = await shop(sim, {
      intensity: 3,
      children: [{ id: 'till', start: worker, on: { other: true } }],
    });
    const before = await ask('where');
    await ask('add');
    till.tell({ type: 'fail' });
    till.tell({ type: 'add' });
    expect(await ask('add')).toBe(3);
    expect(await ask('where')).toBe(before);
    expect(await sim.settled(supervisor.whichChild('till'))).toMatchObject({ status: 'running', incarnation: 2 });
  });

  it('whose node is gone ends with node_down and is restarted on another eligible one; what is asked meanwhile waits', async () => {
    const sim = await threeNodes(seed);
    const { world, ask, nodes, n1 } = sim;
    await shop(sim, {
      intensity: 0, // the node's death is no fault of its children
      children: ['till', 'desk'].map((id) => ({ id, start: worker, restart: 'transient', on: { other: true } })),
    });
    const ends: unknown[] = [];
    for (const id of ['till', 'desk']) {
      void n1.system.monitor(`n1/user/shop/${id}`).down.then(({ reason }) => ends.push(reason));
    }
    const first = String(await ask('where')).slice(0, 2) as keyof typeof nodes;
    const other = first === 'n2' ? 'n3' : 'n2';
    world.network.crash(first);
    await world.clock.runUntil(() => n1.membership.view.members.length === 2);
    expect(await ask('where')).toBe(`${other}/guests/n1/user/shop/till`);
    expect(await ask('where', n1.actor('n1/user/shop/desk'))).toBe(`${other}/guests/n1/user/shop/desk`);
    expect(ends[0]).toMatchObject({ code: 'node_down', data: { node: first } });
    expect(n1.system.inspect().children).toMatchObject([{ id: 'shop', status: 'running' }]);
  });

  it('for which there is no node waits for one', async () => {
    const sim = await threeNodes(seed);
    const { world, n1, node, ask } = sim;
    const started = n1.system.supervise(
      defineSupervisor('shop', { children: [{ id: 'till', start: worker, on: { node: 'n4' } }] }),
      { name: 'shop' },
    );
    await world.clock.advance(1_000);
    expect(log).toEqual([]);
    await node('n4');
    await sim.settled(started);
    expect(await ask('where')).toBe('n4/guests/n1/user/shop/till');
  });

  it('of one node alone goes on there when that is back', async () => {
    const sim = await threeNodes(seed);
    const { world, n1, node, ask } = sim;
    await shop(sim, { children: [{ id: 'till', start: worker, on: { node: 'n2' } }] });
    await ask('add');
    world.network.crash('n2');
    await world.clock.runUntil(() => n1.membership.view.members.length === 2);
    await world.clock.advance(500);
    await node('n2');
    const began = world.clock.monotonic();
    expect(await ask('add')).toBe(1); // what it was is gone with its node
    expect(world.clock.monotonic() - began).toBeLessThan(1_000);
  });

  it('that none will come for, or that does not start there, fails as any start, with the reason', async () => {
    const sim = await threeNodes(seed);
    const lost = { id: 'till', start: worker, on: { labels: ['tape'] }, startTimeoutMs: 1_000 };
    await expect(shop(sim, { children: [lost] })).rejects.toMatchObject({
      code: 'start_failed',
      cause: { code: 'cluster_unavailable' },
    });
    await expect(shop(sim, { children: [{ id: 'till', start: bad, on: { node: 'n2' } }] })).rejects.toMatchObject({
      code: 'start_failed',
      cause: { message: 'no disk' },
    });
    const unknown = { id: 'till', start: secret, on: { node: 'n2' } };
    await expect(shop(sim, { children: [unknown] })).rejects.toMatchObject({ cause: { code: 'no_such_actor' } });
    // Where several nodes may be asked, one that knows it is found.
    await shop(sim, { children: [{ id: 'till', start: secret, on: {} }] });
    expect(await sim.ask('ping')).toBe('pong');
    expect(guestsOf(sim.n3)).toEqual(['n1/user/shop/till']);
  });

  it('ends when the node of its supervisor is gone', async () => {
    const sim = await threeNodes(seed);
    await shop(sim, { children: [{ id: 'till', start: worker, on: { node: 'n2' } }] });
    sim.world.network.crash('n1');
    await sim.world.clock.runUntil(() => guestsOf(sim.n2).length === 0);
    await sim.world.clock.advance(10);
    expect(log).toEqual(['till starts on n2', 'till stops on n2: node_down']);
  });

  it('may be a supervisor with children of its own, and under one_for_all it goes with its siblings', async () => {
    const sim = await threeNodes(seed);
    const { n1, ask, world } = sim;
    await shop(sim, {
      strategy: 'one_for_all',
      intensity: 5,
      children: [
        { id: 'near', start: worker },
        { id: 'pair', start: pairOf, on: { node: 'n3' } },
      ],
    });
    expect(await ask('add', n1.actor('n3/guests/n1/user/shop/pair/left'))).toBe(1);
    n1.actor<AnyProtocol>('n1/user/shop/near').tell({ type: 'fail' });
    await world.clock.advance(500);
    const begun = ['near starts on n1', 'left starts on n3', 'right starts on n3'];
    const ended = ['near stops on n1: undefined', 'right stops on n3: "shutdown"', 'left stops on n3: "shutdown"'];
    // It crashed, so that its state is still there.
    expect(log).toEqual([...begun, ...ended, ...begun.slice(1)]);
  });

  it('is linked, watched, told to end and killed by its ref, as one of this node', async () => {
    const sim = await threeNodes(seed);
    const { n1, n3, world, settled } = sim;
    const supervisor = await shop(sim, {
      children: [
        { id: 'till', start: worker, on: { node: 'n2' }, restart: 'temporary' },
        { id: 'door', start: worker, on: { node: 'n3' }, shutdown: 'brutal' },
      ],
    });
    const here = n1.system.monitor('n1/user/shop/till');
    const there = n3.system.monitor('n1/user/shop/till');
    await world.clock.advance(50);
    n3.system.exit('n1/user/shop/till', { shutdown: 'enough' });
    for (const { down } of [here, there]) expect((await settled(down)).reason).toEqual({ shutdown: 'enough' });
    await settled(supervisor.terminateChild('door'));
    expect(await settled(supervisor.whichChildren())).toMatchObject([{ id: 'door', status: 'stopped' }]);
    await settled(supervisor.restartChild('door'));
    expect(log.filter((line) => line.startsWith('door'))).toEqual(['door starts on n3', 'door starts on n3']);
  });

  it('ends in order when the node of its supervisor stops, and goes on elsewhere when its own does', async () => {
    const sim = await threeNodes(seed);
    const { n1, n2, settled, world, ask } = sim;
    await shop(sim, {
      children: [
        { id: 'door', start: worker },
        { id: 'till', start: worker, on: { other: true, labels: [] } },
        { id: 'lamp', start: worker },
      ],
    });
    const first = String(await ask('where')).slice(0, 2) as 'n2' | 'n3';
    const other = first === 'n2' ? 'n3' : 'n2';
    await settled(sim.nodes[first].stop());
    await world.clock.advance(500);
    const begun = ['door starts on n1', `till starts on ${first}`, 'lamp starts on n1'];
    const moved = [`till stops on ${first}: {"shutdown":"moved"}`, `till starts on ${other}`];
    expect(new Set(log)).toEqual(new Set([...begun, ...moved]));
    log = [];
    await settled(n1.stop());
    expect(log).toEqual([
      'lamp stops on n1: "shutdown"',
      `till stops on ${other}: "shutdown"`,
      'door stops on n1: "shutdown"',
    ]);
    expect(n2.system.inspect().children).toEqual([]);
  });

  it('moves in order from a node that drains', async () => {
    const sim = await threeNodes(seed);
    const { ask, nodes, world, settled } = sim;
    await shop(sim, { children: [{ id: 'till', start: worker, on: { other: true } }] });
    const first = String(await ask('where')).slice(0, 2) as keyof typeof nodes;
    await settled(nodes[first].membership.drain());
    await world.clock.advance(500);
    const other = first === 'n2' ? 'n3' : 'n2';
    expect(log).toEqual([
      `till starts on ${first}`,
      `till stops on ${first}: {"shutdown":"moved"}`,
      `till starts on ${other}`,
    ]);
    expect(guestsOf(nodes[first])).toEqual([]);
  });

  it('runs once, however the connection of its node or its supervisor is lost and comes back', async () => {
    const sim = await threeNodes(seed);
    const { world, nodes } = sim;
    await shop(sim, { intensity: 100, children: [{ id: 'till', start: worker, on: { other: true } }] });
    const random = world.random.fork('hiccups');
    for (let n = 0; n < 8; n++) {
      const name = ['n1', 'n2', 'n3'][Math.floor(random.next() * 3)] ?? 'n1';
      world.network.disconnect(name);
      await world.clock.advance(random.next() * 3_000);
      world.network.reconnect(name);
      await world.clock.advance(random.next() * 4_000);
    }
    await world.clock.advance(15_000);
    expect(Object.values(nodes).flatMap(guestsOf)).toEqual(['n1/user/shop/till']);
    expect(await sim.ask('add')).toEqual(expect.any(Number));
    const starts = log.filter((line) => line.includes('starts')).length;
    expect(log.filter((line) => line.includes('stops')).length).toBe(starts - 1);
  });
});
