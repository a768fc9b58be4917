/** Actors and entities of several nodes that wait for each other, on a virtual clock: each seed is another network. */
import { type ActorDefinition, type AnyProtocol, defineActor, type Protocol, type Ref } from '@jaegis/actors';
import { type ClusterNode, ownerOf } from '@jaegis/cluster';
import { hasCode, sleep } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

/** Where a message goes on to: an actor's address, or an entity's key after `#`. */
interface Way {
  readonly way: readonly string[];
  readonly workMs?: number;
}

/** Passes a message on to the first of its way and waits, then answers how that went. */
const passer: ActorDefinition<AnyProtocol> = defineActor('passer', {
  state: () => 0,
  on: {
    pass: async (count: number, { way: [first, ...way], workMs = 0 }: Way, context) => {
      if (workMs > 0) await sleep(context.clock, workMs);
      if (first === undefined) return { state: count + 1, reply: 'end' };
      const to = first.startsWith('#') ? context.entity(passer, first.slice(1)) : context.actor(first);
      try {
        return { state: count + 1, reply: await context.ask(to, { type: 'pass', way, workMs }) };
      } catch (error) {
        return {
          state: count,
          reply: hasCode(error, 'deadlock') ? `deadlock seen by ${context.address}` : String(error),
        };
      }
    },
  },
}) as unknown as ActorDefinition<AnyProtocol>; // it names itself

const entities = [passer] as unknown as ActorDefinition<Protocol>[]; // of any protocol: the list is for the runtime

async function threeNodes(seed: number) {
  const { world, node } = simCluster(seed, entities);
  const nodes = [await node('n1'), await node('n2'), await node('n3')];
  for (const one of nodes) {
    for (const name of ['a', 'b']) await world.clock.runUntilSettled(one.system.spawn(passer, { name }));
  }
  await world.clock.advance(300);
  const [n1] = nodes as [ClusterNode, ...ClusterNode[]];
  /** How an ask along the way ends, and how long that takes. */
  const walk = async (first: Ref<AnyProtocol>, way: readonly string[], more: object = {}) => {
    const began = world.clock.monotonic();
    const reply = await first.ask({ type: 'pass', way, ...more }, { timeoutMs: 30_000 });
    return { reply, tookMs: world.clock.monotonic() - began };
  };
  return { world, nodes, n1, walk };
}

/** Keys of entities, the first of which is on the first node, and so on. */
function keysOn(nodes: readonly ClusterNode[], wanted: readonly string[]): string[] {
  const keys: string[] = [];
  for (let n = 0; keys.length < wanted.length; n++) {
    const owner = ownerOf({ type: 'passer', key: `k${n}` }, nodes[0]?.membership.view ?? { epoch: 0, members: [] });
    if (owner?.id === wanted[keys.length]) keys.push(`k${n}`);
  }
  return keys;
}

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

describe.each(seeds)('seed %d', (seed) => {
  it.each([
    [['n2/user/a', 'n1/user/a']],
    [['n2/user/a', 'n3/user/a', 'n1/user/a']],
    [['n1/user/b', 'n2/user/a', 'n2/user/b', 'n3/user/a', 'n1/user/a']],
  ])('a cycle of actors over nodes is found and resolved in 200 ms: %j', async (way) => {
    const { world, n1, walk } = await threeNodes(seed);
    const { reply, tookMs } = await world.clock.runUntilSettled(walk(n1.actor('n1/user/a'), way));
    expect(reply).toMatch(/^deadlock seen by n\d\/user\/[ab]$/);
    expect(tookMs).toBeLessThan(200);
  });

  it.each([[['n1', 'n2']], [['n1', 'n2', 'n3']], [['n1', 'n1']], [['n2', 'n3', 'n3', 'n1']]])(
    'a cycle of durable entities is found and resolved in 200 ms: on %j',
    async (where) => {
      const { world, nodes, n1, walk } = await threeNodes(seed);
      const [first = '', ...rest] = keysOn(nodes, where);
      for (const key of [first, ...rest]) await world.clock.runUntilSettled(walk(n1.entity(passer, key), []));
      const way = [...rest, first].map((key) => `#${key}`);
      const { reply, tookMs } = await world.clock.runUntilSettled(walk(n1.entity(passer, first), way));
      expect(reply).toMatch(/^deadlock seen by passer\/k\d+$/);
      expect(tookMs).toBeLessThan(200);
    },
  );

  it('a cycle of actors and entities is found, also where the entities are not active yet', async () => {
    const { world, nodes, n1, walk } = await threeNodes(seed);
    const [near, far] = keysOn(nodes, ['n1', 'n3']);
    const way = [`#${near}`, 'n2/user/a', `#${far}`, 'n1/user/a'];
    const { reply, tookMs } = await world.clock.runUntilSettled(walk(n1.actor('n1/user/a'), way));
    expect(reply).toMatch(/^deadlock seen by/);
    expect(tookMs).toBeLessThan(250); // the entities read the journal first
  });

  it('two cycles that share an actor are both resolved, and everybody goes on', async () => {
    const { world, n1, walk } = await threeNodes(seed);
    const walks = [
      walk(n1.actor('n1/user/a'), ['n2/user/a', 'n3/user/a', 'n1/user/a']),
      walk(n1.actor('n2/user/b'), ['n3/user/a', 'n2/user/b']),
      walk(n1.actor('n3/user/b'), ['n1/user/a', 'n3/user/b']),
    ];
    for (const { reply } of await world.clock.runUntilSettled(Promise.all(walks))) {
      expect(reply).toMatch(/^(deadlock|end)/);
    }
    const after = walk(n1.actor('n1/user/a'), ['n2/user/a', 'n3/user/a', 'n2/user/b']);
    expect((await world.clock.runUntilSettled(after)).reply).toBe('end');
  });

  it('asks that wait long and in crowds, but in no cycle, are never given up', async () => {
    const { world, nodes, n1, walk } = await threeNodes(seed);
    const keys = keysOn(nodes, ['n1', 'n2', 'n3', 'n1', 'n2']).map((key) => `#${key}`);
    // Everybody asks along this order, so that no cycle can be, however they wait.
    const order = ['n1/user/a', 'n2/user/a', 'n3/user/a', 'n1/user/b', 'n2/user/b', 'n3/user/b', ...keys];
    const random = world.random.fork('ways');
    const walks: Promise<{ reply: unknown }>[] = [];
    for (let n = 0; n < 60; n++) {
      const way = order.filter(() => random.next() < 0.4);
      const first = way.shift();
      if (first === undefined) continue;
      const ref = first.startsWith('#') ? n1.entity(passer, first.slice(1)) : n1.actor<AnyProtocol>(first);
      walks.push(walk(ref, way, { workMs: Math.floor(random.next() * 60) }));
      await world.clock.advance(random.next() * 20);
    }
    const replies = await world.clock.runUntilSettled(Promise.all(walks));
    expect(new Set(replies.map(({ reply }) => reply))).toEqual(new Set(['end']));
  });
});

/** Asks an entity that answers when its turn is written, and is asked by it meanwhile. */
const asker = defineActor('asker', {
  state: () => 0,
  on: {
    begin: async (_state, { key }: { key: string }, context) => ({
      reply: await context.ask(context.entity(ledger, key), { type: 'note' }),
    }),
    look: () => ({ reply: 'looked' }),
  },
});

const ledger = defineActor('ledger', {
  state: () => 0,
  on: {
    note: (count) => ({ state: count + 1, reply: count + 1 }),
    visit: async (_state, { to }: { to: string }, context): Promise<{ reply: unknown }> => ({
      reply: await context.ask(context.actor<AnyProtocol>(to), { type: 'look' }),
    }),
  },
});

it.each(seeds)(
  'who waits for a turn to be written is not held up by what its entity does next (seed %d)',
  async (seed) => {
    const { world, node } = simCluster(seed, [ledger] as unknown as ActorDefinition<Protocol>[]);
    const n1 = await node('n1');
    await world.clock.runUntilSettled(n1.system.spawn(asker, { name: 'asker' }));
    const entity = n1.entity(ledger, 'main');
    await world.clock.runUntilSettled(entity.ask({ type: 'note' }));
    const begun = n1.actor('n1/user/asker').ask({ type: 'begin', key: 'main' });
    await world.clock.advance(0);
    const visit = entity.ask({ type: 'visit', to: 'n1/user/asker' });
    expect(await world.clock.runUntilSettled(Promise.all([begun, visit]))).toEqual([2, 'looked']);
  },
);
