/** What a cluster answers about itself to plain requests in JSON, and what can be done with it so, on a virtual clock. */
import { type ActorDefinition, defineActor, defineSupervisor, type Protocol } from '@jaegis/actors';
import { type ClusterEvent, type ClusterNode, type ClusterNodeOptions, ownerOf, SHARDS } from '@jaegis/cluster';
import { sleep } from '@jaegis/core';
import { createPolicy, MemoryBudget } from '@jaegis/resilience';
import type { SimWorld } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type SimClusterOptions, simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0, secret: 'state secret' }),
  schema: { add: z.object({ by: z.number() }), put: z.object({ text: z.string().transform(Number) }) },
  on: {
    add: ({ secret, total }, { by }: { by: number }) => ({ state: { secret, total: total + by }, reply: total + by }),
    put: (_state, { text }: { text: number }) => ({ reply: text }),
    big: () => ({ reply: { big: 2n ** 70n, map: new Map([['k', 1]]) } }),
    crash: (_state, _message: { why: string }) => {
      throw new Error('as asked');
    },
    slow: async (_state, _message: object, context) => {
      await sleep(context.clock, 400);
      return { reply: 'late' };
    },
    fill: (_state, { length }: { length: number }) => ({ reply: 'x'.repeat(length) }),
  },
});
const entities = [counter] as unknown as ActorDefinition<Protocol>[]; // of any protocol: the list is for the runtime

type Json = Record<string, unknown>;

/** @param more Of each node. */
async function cluster(
  options: SimClusterOptions = {},
  more: (name: string, world: SimWorld) => Partial<ClusterNodeOptions> = () => ({}),
) {
  const sim = simCluster(7, entities, options);
  const { world } = sim;
  const node = (name: string) => sim.node(name, 'member', more(name, world));
  const nodes = [await node('n1'), await node('n2'), await node('n3')] as const;
  for (const { system } of nodes) await world.clock.runUntilSettled(system.spawn(counter, { name: 'local' }));
  await world.clock.advance(300);
  const { transport } = world.connect('tool');
  let asked = 0;
  /** As a tool does it: again until there is an answer, since a node may take a request and hang. */
  async function request(what: string, body: object = {}, isRead = true): Promise<Json> {
    const replyTo = `_INBOX.tool.${++asked}`;
    const { promise, resolve } = Promise.withResolvers<Json>();
    const taken = transport.subscribe(replyTo, ({ data, noResponders }) => {
      resolve(noResponders ? { nobody: true } : JSON.parse(new TextDecoder().decode(data)));
    });
    let isOver = false;
    const say = async () => {
      for (let first = true; first || (isRead && !isOver); first = false) {
        transport.publish(`jaegis.sim.${what}`, new TextEncoder().encode(JSON.stringify(body)), { replyTo });
        await sleep(world.clock, 100);
      }
    };
    void say();
    const answer = await world.clock.runUntilSettled(promise);
    isOver = true;
    taken.unsubscribe();
    return answer;
  }
  const act = (what: string, body: object) => request(`operate.${what}`, body, false);
  return { ...sim, nodes, request, act };
}

/** An entity that this node owns. */
function keyOn({ membership }: ClusterNode): string {
  for (let n = 0; ; n++)
    if (ownerOf({ type: 'counter', key: `k${n}` }, membership.view) === self(membership)) return `k${n}`;
}

function self({ view, self: own }: ClusterNode['membership']) {
  return view.members.find(({ id }) => id === own.id);
}

describe('a node that does not answer', () => {
  it('is named, and costs the answers of no other', async () => {
    const { world, request } = await cluster();
    for (const other of ['n1', 'n3', 'tool']) world.network.cut('n2', other);
    const tree = await request('inspect.tree');
    expect(tree.nodes).toMatchObject([
      { id: 'n1', status: 'running' },
      { id: 'n2', status: 'silent', lastError: { message: expect.stringContaining('n2') } },
      { id: 'n3', status: 'running' },
    ]);
  });

  it('leaves unknown whether what would be on it is there', async () => {
    const { nodes, world, request } = await cluster();
    const [entity, elsewhere] = [`counter/${keyOn(nodes[1])}`, `counter/${keyOn(nodes[2])}`];
    world.network.hang('n2');
    for (const address of [entity, 'n2/user/local']) {
      expect(await request('inspect.actor', { address })).toMatchObject({
        error: { code: 'ask_timeout', message: expect.stringContaining('"n2"'), data: { address, node: 'n2' } },
      });
    }
    expect(await request('inspect.actor', { address: elsewhere })).toMatchObject({
      error: { code: 'no_such_actor', message: expect.stringContaining('n2') },
    });
  });

  it('is named beside the record of an entity that it may have in its memory', async () => {
    const { nodes, world, act, request } = await cluster();
    const address = `counter/${keyOn(nodes[1])}`;
    await act('ask', { to: address, message: { type: 'add', by: 4 } });
    world.network.hang('n2');
    const shown = await request('inspect.actor', { address });
    expect(shown).toMatchObject({ node: 'n2', turn: 1, missing: [{ node: 'n2', error: { code: 'ask_timeout' } }] });
  });
});

describe('health', () => {
  it('is what the cluster has agreed on: who leads, how each member is, and what was seen of one that is gone', async () => {
    const { world, request } = await cluster();
    world.network.crash('n3');
    await world.clock.advance(3_000);
    const { term, leader, members, departed, nodes, missing } = await request('inspect.health');
    expect(term).toBeGreaterThan(0);
    expect(['n1', 'n2']).toContain(leader);
    expect(members).toMatchObject([
      { node: 'n1', status: 'alive' },
      { node: 'n2', status: 'alive' },
    ]);
    expect(departed).toMatchObject([{ node: 'n3', status: 'down', reason: 'gone' }]);
    const [{ evidence }] = departed as [{ evidence: Json[] }];
    expect(evidence.length).toBeGreaterThan(0);
    for (const seen of evidence) expect(seen).toMatchObject({ of: { id: 'n3' }, sees: 'gone' });
    expect(nodes).toMatchObject([
      { node: 'n1', standing: 'serving' },
      { node: 'n2', standing: 'serving' },
    ]);
    expect(missing).toEqual([]);
    expect(await request('inspect.view')).toMatchObject({ term, leader, members: [{ id: 'n1' }, { id: 'n2' }] });
  });
});

describe('an answer that is larger than the server takes', () => {
  it('is refused with what to do, not lost', async () => {
    const { nodes, world, request } = await cluster({ maxPayload: 12_000 });
    const [first] = nodes;
    for (let n = 0; n < 100; n++) first.entity(counter, `many-${n}`).tell({ type: 'add', by: 1 });
    await world.clock.advance(1_000);
    expect(await request('inspect.tree')).toMatchObject({
      error: { code: 'answer_too_large', data: { limit: 12_000 }, remedy: expect.stringContaining('limit') },
    });
    const tree = await request('inspect.tree', { limit: 30 });
    const left = JSON.stringify(tree).match(/"omitted":\d+/g) ?? [];
    expect(left.length).toBeGreaterThan(0);
  });

  it('is a reply of an actor as any other', async () => {
    const { act } = await cluster({ maxPayload: 12_000 });
    const answer = await act('ask', { to: 'n1/user/local', message: { type: 'fill', length: 13_000 } });
    expect(answer).toMatchObject({ error: { code: expect.stringMatching('answer_too_large|not_serializable') } });
  });
});

describe('one actor', () => {
  it('is shown with what it did and why it crashed, and its contents only to who may ask for them', async () => {
    const { act, request } = await cluster();
    const to = 'n2/user/local';
    await act('ask', { to, message: { type: 'add', by: 2 } });
    expect(await act('ask', { to, message: { type: 'crash', why: 'message secret' } })).toMatchObject({
      error: { code: 'actor_crashed' },
    });
    const shown = await request('inspect.actor', { address: to });
    expect(shown).toMatchObject({
      node: 'n2',
      address: to,
      incarnation: 2,
      restarts: 1,
      history: [{ type: 'add' }, { type: 'crash' }],
      lastCrash: { incarnation: 1, error: { message: 'as asked' }, handling: { type: 'crash' } },
    });
    expect(JSON.stringify(shown)).not.toContain('secret');
    expect(await request('reveal.actor', { address: to })).toMatchObject({
      state: { total: 2, secret: 'state secret' },
      lastCrash: { state: { total: 2 }, handling: { message: { why: 'message secret' } } },
    });
  });

  it('is shown at work, with what waits for it', async () => {
    const { world, request, nodes } = await cluster();
    const local = nodes[2].system.at('n3/user/local', counter);
    const slow = local.ask({ type: 'slow' });
    local.tell({ type: 'add', by: 1 });
    const shown = await request('inspect.actor', { address: 'n3/user/local' });
    expect(shown).toMatchObject({ handling: { type: 'slow' }, waiting: [{ type: 'add' }], mailbox: 1 });
    expect(await world.clock.runUntilSettled(slow)).toBe('late');
  });

  it('that is an entity in nobody’s memory is shown by its record', async () => {
    const { world, act, request } = await cluster();
    await act('ask', { to: 'counter/a', message: { type: 'add', by: 4 } });
    await world.clock.advance(130_000);
    const shown = await request('inspect.actor', { address: 'counter/a' });
    expect(shown).toMatchObject({ kind: 'entity', type: 'counter', status: 'passive', turn: 1, deadLetters: 0 });
    expect(shown).not.toHaveProperty('state');
    expect(await request('reveal.actor', { address: 'counter/a' })).toMatchObject({ state: { total: 4 } });
    expect(await request('inspect.actor', { address: 'counter/none' })).toMatchObject({
      error: { code: 'no_such_actor' },
    });
  });
});

describe('asks, tells and sends from outside', () => {
  it('are checked by the schema of their receiver once, whichever node takes them', async () => {
    const { nodes, act } = await cluster();
    for (const node of nodes) {
      for (const taker of ['n1', 'n2', 'n3']) {
        const to = `counter/${keyOn(node)}-${taker}`;
        const ask = (text: unknown) => act(`node.${taker}.ask`, { to, message: { type: 'put', text } });
        expect(await ask('5')).toEqual({ to, reply: 5 });
        expect(await ask(5)).toMatchObject({ error: { code: 'invalid_message', data: { path: '.text' } } });
      }
    }
  });

  it('answer in what JSON can say', async () => {
    const { act } = await cluster();
    const { reply } = await act('ask', { to: 'counter/a', message: { type: 'big' } });
    expect(reply).toEqual({ big: String(2n ** 70n), map: [['k', 1]] });
  });

  it('have one effect under one key, and a send under one id', async () => {
    const { world, act } = await cluster();
    const ask = () => act('ask', { to: 'counter/a', message: { type: 'add', by: 1 }, idempotencyKey: 'once' });
    expect([(await ask()).reply, (await ask()).reply]).toEqual([1, 1]);
    for (const _ of [1, 2]) {
      const sent = { to: 'counter/a', message: { type: 'add', by: 10 }, id: 'once' };
      expect(await act('send', sent)).toEqual({ sent: 'counter/a', id: 'once' });
    }
    await world.clock.advance(500);
    expect((await act('ask', { to: 'counter/a', message: { type: 'add', by: 0 } })).reply).toBe(11);
  });

  it.each([
    ['ask', { to: 'nobody/a', message: { type: 'x' } }, 'no_such_actor', 'counter'],
    ['send', { to: 'nobody/a', message: { type: 'x' } }, 'no_such_actor', 'counter'],
    ['ask', { to: 'n9/user/local', message: { type: 'x' } }, 'no_such_actor', 'n1, n2, n3'],
    ['ask', { to: 'n1/user/none', message: { type: 'x' } }, 'no_such_actor', 'n1/user/none'],
    ['send', { to: 'n1/user/local', message: { type: 'x' } }, 'invalid_message', 'inbox'],
    ['ask', { to: 'none', message: { type: 'x' } }, 'invalid_message', 'type/key'],
    ['ask', { to: 'counter/a', message: { by: 1 } }, 'invalid_message', 'type'],
    ['ask', { to: 'counter/a', message: { type: 'add', by: 1 }, timeoutMs: 0 }, 'invalid_message', 'timeoutMs'],
    ['ask', { to: 'counter/a', message: { type: 'slow' }, timeoutMs: 50 }, 'ask_timeout', 'slow'],
    ['drain', { node: 'n9' }, 'no_such_actor', 'n1, n2, n3'],
    ['resend', { node: 'n1', id: '5' }, 'no_such_actor', '5'],
  ])('%s of %j is refused as %s, which names %s', async (what, body, code, named) => {
    const { act } = await cluster();
    expect(await act(what, body)).toMatchObject({ error: { code, message: expect.stringContaining(named) } });
  });

  it('a request that is no JSON is refused as such', async () => {
    const { world, transports } = await cluster();
    const { promise, resolve } = Promise.withResolvers<string>();
    const tool = world.connect('other').transport;
    tool.subscribe('_INBOX.other', ({ data }) => resolve(new TextDecoder().decode(data)));
    tool.publish('jaegis.sim.operate.ask', new TextEncoder().encode('{'), { replyTo: '_INBOX.other' });
    expect(JSON.parse(await world.clock.runUntilSettled(promise))).toMatchObject({
      error: { code: 'invalid_message' },
    });
    expect(transports.size).toBe(3);
  });
});

describe('an order to policies', () => {
  /** All nodes but n3 were given `payments`, and n1 has an actor with one of its own. */
  async function guarded() {
    const makePolicy = (world: SimWorld, options: object, name: string) =>
      createPolicy<unknown>({ ...options, name }, { clock: world.clock, random: world.random.fork(name) });
    const started = await cluster({}, (name, world) => ({
      policies: name === 'n3' ? [] : [makePolicy(world, { breaker: { failures: 1, openMs: 60_000 } }, 'payments')],
      makePolicy: (settings, of) => makePolicy(world, settings, of),
    }));
    const { world, nodes } = started;
    const told: ClusterEvent[] = [];
    nodes[2].events.subscribe((event) => void (event.type === 'policy' && told.push(event)));
    const policy = { breaker: { failures: 1, openMs: 60_000 } };
    await world.clock.runUntilSettled(nodes[0].system.spawn(counter, { name: 'guarded', policy }));
    return { ...started, told };
  }
  const set = { breaker: { failures: 2 } };

  it('is carried out on all nodes that have one of the name, which each says', async () => {
    const { act } = await guarded();
    expect(await act('tune', { policy: 'payments', breaker: 'open' })).toMatchObject({
      policy: 'payments',
      nodes: ['n1', 'n2'].map((node) => ({ node, policy: { parts: [{ state: { state: 'forced_open' } }] } })),
      without: ['n3'],
      missing: [],
    });
  });

  it('reaches the door of an actor, whichever node is asked, and is told', async () => {
    const { world, nodes, act, request, told } = await guarded();
    const ref = nodes[1].actor('n1/user/guarded');
    const codeOf = (type: string) =>
      world.clock.runUntilSettled(ref.ask({ type }).catch((error: { code: string }) => error.code));
    expect([await codeOf('crash'), await codeOf('big')]).toEqual(['actor_crashed', 'breaker_open']);
    const order = { policy: 'n1/user/guarded', node: 'n1', set, breaker: 'reset' };
    expect(await act('node.n2.tune', order)).toMatchObject({ nodes: [{ node: 'n1' }], without: [] });
    expect([await codeOf('crash'), await codeOf('slow')]).toEqual(['actor_crashed', 'late']);
    await world.clock.advance(100);
    const same = { node: 'n1', policy: 'n1/user/guarded', part: 'breaker' };
    expect(told).toMatchObject([
      { ...same, change: 'opened' },
      { ...same, change: 'closed' },
      { ...same, change: 'tuned', set },
    ]);
    const { nodes: shown } = await request('inspect.policies');
    expect(shown).toMatchObject([{ policies: [{ name: 'payments' }, { name: 'n1/user/guarded' }] }, {}, {}]);
  });

  it.each([
    [{ policy: 'payments', set: { breaker: { failures: 0 } } }, 'invalid_config', 'breaker.failures'],
    [{ policy: 'payments', set: { retry: { tries: 2 } }, node: 'n1' }, 'invalid_config', 'retry'],
    [{ policy: 'payments' }, 'invalid_config', 'set'],
    [{ policy: 'payments', set: 7 }, 'invalid_message', '.set'],
    [{ policy: 'payments', breaker: 'shut' }, 'invalid_message', '.breaker'],
    [{ set }, 'invalid_message', '.policy'],
  ])('%j is refused as %s with the path %s', async (order, code, path) => {
    const { act } = await guarded();
    expect(await act('tune', order)).toMatchObject({ error: { code, data: { path } } });
  });

  it.each([
    [{ policy: 'payment', set }, 'no_such_policy'],
    [{ policy: 'payments', set, node: 'n3' }, 'no_such_policy'],
    [{ policy: 'payments', set, node: 'n9' }, 'no_such_actor'],
  ])('%j is refused as %s', async (order, code) => {
    const { act } = await guarded();
    expect(await act('tune', order)).toMatchObject({ error: { code } });
  });

  it('names the node that did not answer, beside those that did it', async () => {
    const { world, act } = await guarded();
    world.network.hang('n2');
    const answer = await act('node.n1.tune', { policy: 'payments', set });
    expect(answer).toMatchObject({
      nodes: [{ node: 'n1' }],
      missing: [{ node: 'n2', error: { code: 'ask_timeout' } }],
    });
  });
});

describe('a node that is told to drain', () => {
  it('is told by whichever node is asked, once', async () => {
    const { act, left } = await cluster();
    expect(await act('node.n1.drain', { node: 'n2' })).toMatchObject({ draining: 'n2' });
    expect(left).toEqual(['n2']);
  });
});

describe('messages that nobody handled', () => {
  it('are listed of all nodes, sent again and taken off', async () => {
    const { world, nodes, act, request } = await cluster();
    nodes[0].system.at('n1/user/later', counter).tell({ type: 'add', by: 3 });
    nodes[1].system.tell('/user/never', { type: 'add' });
    const { letters, counts } = (await request('inspect.letters')) as { letters: Json[]; counts: Json };
    expect(letters).toMatchObject([
      { node: 'n1', id: '1', to: 'n1/user/later', type: 'add', reason: 'no_such_actor' },
      { node: 'n2', id: '1', to: 'n2/user/never', type: 'add' },
    ]);
    expect(counts).toEqual({ n1: 1, n2: 1, n3: 0 });
    expect(letters[0]).not.toHaveProperty('message');
    expect((await request('reveal.letters', { node: 'n1' })).letters).toMatchObject([{ message: { by: 3 } }]);
    await world.clock.runUntilSettled(nodes[0].system.spawn(counter, { name: 'later' }));
    expect(await act('node.n3.resend', { node: 'n1', id: '1' })).toEqual({ resent: '1' });
    expect(await act('node.n3.discard', { node: 'n2', id: '1' })).toEqual({ discarded: '1', wasThere: true });
    expect((await act('ask', { to: 'n1/user/later', message: { type: 'add', by: 0 } })).reply).toBe(3);
    expect((await request('inspect.letters')).letters).toEqual([]);
  });
});

describe('load', () => {
  it('is measured over a stretch of time, of nodes and of the busiest actors', async () => {
    const { world, nodes, request } = await cluster();
    const [first] = nodes;
    const work = async () => {
      for (let n = 0; n < 100; n++) {
        first.system.at('n1/user/local', counter).tell({ type: 'add', by: 1 });
        await sleep(world.clock, 10);
      }
    };
    void work();
    const { nodes: loads } = await request('inspect.load', { overMs: 500, busiest: 1 }, false);
    expect(loads).toMatchObject([
      {
        node: 'n1',
        overMs: 500,
        actors: 1,
        waiting: 0,
        busiest: [{ address: 'n1/user/local', type: 'counter' }],
        loopDelayMs: { mean: 0, max: 0 },
      },
      { node: 'n2', handledPerS: 0, busiest: [] },
      { node: 'n3', handledPerS: 0, busiest: [] },
    ]);
    const [{ handledPerS }] = loads as [{ handledPerS: number }];
    expect(handledPerS).toBeGreaterThan(90);
    expect(handledPerS).toBeLessThan(110);
  });
});

it('the load of a node shows the budgets of memory that its mailboxes ask', async () => {
  const { world, nodes, request } = await cluster();
  const budget = new MemoryBudget({ name: 'mail', maxBytes: 1_000 });
  const kept = defineActor('kept', { mailbox: { memory: { budget } }, state: () => 0, on: {} });
  await world.clock.runUntilSettled(nodes[0].system.spawn(kept));
  const { nodes: loads } = await request('inspect.load', {}, false);
  const budgets = [{ name: 'mail', usedBytes: 0, maxBytes: 1_000, refused: 0 }];
  expect(loads).toMatchObject([{ node: 'n1', budgets }, { node: 'n2' }, { node: 'n3' }]);
});

describe('placement', () => {
  it('says which node owns how much and one entity, and what is active', async () => {
    const { nodes, act, request } = await cluster();
    const key = keyOn(nodes[1]);
    await act('ask', { to: `counter/${key}`, message: { type: 'add', by: 1 } });
    const { shards, nodes: places } = (await request('inspect.placement')) as { shards: number; nodes: Json[] };
    expect([shards, places.reduce((sum, { shards: owned }) => sum + Number(owned), 0)]).toEqual([SHARDS, SHARDS]);
    expect(places).toMatchObject([
      { node: 'n1', entities: {} },
      { node: 'n2', entities: { counter: 1 } },
      { node: 'n3' },
    ]);
    expect(await request('inspect.placement', { entity: `counter/${key}` })).toMatchObject({ owner: 'n2' });
  });
});

describe('incidents', () => {
  it('are what went wrong, of all nodes in one list, and what several say is there once', async () => {
    const { world, nodes, act, request } = await cluster();
    const pool = defineSupervisor('pool', () => ({ intensity: 0, children: [{ id: 'a', start: counter }] }));
    await world.clock.runUntilSettled(nodes[0].system.supervise(pool, { name: 'pool', restart: 'temporary' }));
    await act('ask', { to: 'n2/user/local', message: { type: 'crash', why: 'test' } });
    await act('ask', { to: 'n1/user/pool/a', message: { type: 'crash', why: 'test' } });
    world.network.crash('n3');
    await world.clock.advance(3_000);
    const { incidents, missing } = (await request('inspect.incidents')) as { incidents: Json[]; missing: Json[] };
    const of = (type: string) => incidents.filter((incident) => incident.type === type);
    expect(of('actor_crashed')).toMatchObject([
      { subject: 'n2/user/local', by: ['n2'], count: 1, detail: { error: 'as asked' } },
      { subject: 'n1/user/pool/a', by: ['n1'] },
    ]);
    expect(of('actor_restarted')).toMatchObject([{ subject: 'n2/user/local' }]);
    expect(of('supervisor_gave_up')).toMatchObject([{ subject: 'n1/user/pool', detail: { child: 'a' } }]);
    expect(of('node_down')).toMatchObject([{ subject: 'n3' }]);
    expect(missing).toEqual([]);
    const last = await request('inspect.incidents', { limit: 1, type: 'node_down' });
    expect(last.incidents).toMatchObject([{ type: 'node_down' }]);
  });

  it('are in the order in which they happened, though a node was stopped and heard of some when it woke', async () => {
    const { world, act, request } = await cluster();
    const wake = world.network.freeze('n3');
    await world.clock.advance(8_000);
    await act('node.n1.ask', { to: 'n1/user/local', message: { type: 'crash', why: 'test' } });
    wake();
    await world.clock.advance(5_000);
    const { incidents } = (await request('inspect.incidents')) as { incidents: { type: string; subject: string }[] };
    const down = incidents.filter(({ type }) => type === 'node_down');
    expect(down).toMatchObject([{ subject: 'n3', by: expect.arrayContaining(['n1', 'n2', 'n3']) }]);
    const types = incidents.map(({ type }) => type);
    expect(types.indexOf('node_down')).toBeLessThan(types.indexOf('actor_crashed'));
    expect(types.indexOf('actor_crashed')).toBeLessThan(types.indexOf('node_removed'));
  });

  it('deadlocks are among them, with their cycle', async () => {
    const { world, nodes, request } = await cluster();
    const one = defineActor('one', {
      state: () => 0,
      on: {
        go: async (_state, { to, back }: { to: string; back?: string }, context) => {
          const message = { type: 'go', to: back ?? context.address };
          await context.ask(context.actor(to), message, { timeoutMs: 60_000 });
        },
      },
    });
    const { system } = nodes[0];
    for (const name of ['a', 'b']) await world.clock.runUntilSettled(system.spawn(one, { name }));
    const ended = system.ref('/user/a').ask({ type: 'go', to: 'n1/user/b', back: 'n1/user/a' });
    await world.clock.runUntilSettled(ended.catch(() => {}));
    const { incidents } = (await request('inspect.deadlocks')) as { incidents: Json[] };
    expect(incidents).toMatchObject([
      { type: 'deadlock_resolved', by: ['n1'], detail: { cycle: expect.arrayContaining([expect.anything()]) } },
    ]);
  });
});
