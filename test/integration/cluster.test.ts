/** Nodes of a cluster on a real server: one address space, inspection from outside, and what is refused at the door. */
import { connect } from '@nats-io/transport-node';
import {
  type ClusterEvent,
  createPolicy,
  defineActor,
  defineApp,
  type JaegisNode,
  requestInspection,
  startNode,
} from 'jaegis';
import { afterEach, describe, expect, it } from 'vitest';
import { bareRequest } from '../support/bare-nats.ts';
import { withServers } from '../support/nats.ts';

const nats = withServers(1);

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }) => ({
      state: { total: state.total + message.by },
      reply: state.total + message.by,
    }),
    carry: (_state, message: { value: unknown }) => ({ reply: message.value }),
    crash: () => {
      throw new Error('as asked');
    },
  },
});
const app = defineApp({ entities: [counter], actors: [{ name: 'local', definition: counter }] });

const running: JaegisNode[] = [];
let clusters = 0;
afterEach(async () => {
  for (const node of running.splice(0)) await node.stop();
});

async function cluster(...names: string[]): Promise<JaegisNode[]> {
  const name = `test-${++clusters}`;
  const nodes = names.map((id) => startNode({ name: id, cluster: name, nats: nats.urls, app, logLevel: 'silent' }));
  running.push(...(await Promise.all(nodes)));
  // Each is a member when it has started; that all have heard of all takes a moment more.
  for (const node of running) await expect.poll(() => node.view.members.length).toBe(names.length);
  return running;
}

function second(nodes: readonly JaegisNode[]): [JaegisNode, JaegisNode] {
  const [a, b] = nodes;
  if (!a || !b) throw new Error('two nodes were asked for');
  return [a, b];
}

describe('one address space', () => {
  it('an actor on another node is told and asked by its address', async () => {
    const [a] = second(await cluster('n1', 'n2'));
    const remote = a.actor<{ add: { message: { by: number }; reply: number } }>('n2/user/local');
    remote.tell({ type: 'add', by: 1 });
    expect(await remote.ask({ type: 'add', by: 2 })).toBe(3);
  });

  it('an entity is the same from every node', async () => {
    const [a, b] = second(await cluster('n1', 'n2'));
    for (const key of ['a', 'b', 'c', 'd']) {
      await a.entity(counter, key).ask({ type: 'add', by: 1 });
      expect(await b.entity(counter, key).ask({ type: 'add', by: 1 })).toBe(2);
    }
  });

  it('a value arrives as it was sent, also Map, Date, bigint and typed arrays', async () => {
    const [a] = second(await cluster('n1', 'n2'));
    const value = { map: new Map([['k', 1n]]), date: new Date(5), array: new Float64Array([0.1, -0, Number.NaN]) };
    const remote = a.actor<{ carry: { message: { value: unknown }; reply: unknown } }>('n2/user/local');
    expect(await remote.ask({ type: 'carry', value })).toEqual(value);
  });

  it('a value that cannot travel is refused at the sender with its path', async () => {
    const [a] = second(await cluster('n1', 'n2'));
    const remote = a.actor<{ carry: { message: { value: unknown }; reply: unknown } }>('n2/user/local');
    const refused = remote.ask({ type: 'carry', value: { deep: [() => 1] } });
    await expect(refused).rejects.toMatchObject({
      code: 'not_serializable',
      data: { path: expect.stringContaining('deep[0]') },
    });
  });

  it('errors say whose they are: no such actor, no such node, a crash over there', async () => {
    const [a] = second(await cluster('n1', 'n2'));
    await expect(a.actor('n2/user/nobody').ask({ type: 'x' })).rejects.toMatchObject({ code: 'no_such_actor' });
    await expect(a.actor('n9/user/local').ask({ type: 'x' })).rejects.toMatchObject({ code: 'node_down' });
    const crash = a.actor('n2/user/local').ask({ type: 'crash' });
    await expect(crash).rejects.toMatchObject({ code: 'actor_crashed', cause: { message: 'as asked' } });
  });

  it('an ask with the same idempotency key takes effect once', async () => {
    const [a, b] = second(await cluster('n1', 'n2'));
    const asked = await a.entity(counter, 'k').ask({ type: 'add', by: 5 }, { idempotencyKey: 'payment-1' });
    const again = await b.entity(counter, 'k').ask({ type: 'add', by: 5 }, { idempotencyKey: 'payment-1' });
    expect([asked, again]).toEqual([5, 5]);
    expect(await a.entity(counter, 'k').ask({ type: 'add', by: 1 })).toBe(6);
  });

  it('a key is known to the next owner, who reads the past only for one that may be in it', async () => {
    const [a, b] = second(await cluster('n1', 'n2'));
    const ask = (node: JaegisNode, key: number) =>
      node.entity(counter, 'k').ask({ type: 'add', by: 1 }, { idempotencyKey: `${key}` });
    for (let key = 1; key <= 10; key++) expect(await ask(a, key)).toBe(key);
    for (const node of [a, b]) await node.stop();
    const onlooker = await connect({ servers: [...nats.urls] });
    let reads = 0;
    onlooker.subscribe('$JS.API.DIRECT.GET.>', {
      callback: (_, message) => {
        if (message.string().includes('counter')) reads++;
      },
    });
    await onlooker.flush();
    const next = await startNode({ name: 'n3', cluster: a.cluster, nats: nats.urls, app, logLevel: 'silent' });
    running.push(next);
    const heard = () => onlooker.flush().then(() => reads);
    expect([await ask(next, 11), await ask(next, 10), await heard()]).toEqual([11, 10, 0]);
    expect([await ask(next, 3), await heard()]).toEqual([3, 1]);
    await onlooker.close();
  });

  it('state outlives all nodes, and every turn can be read', async () => {
    const [a, b] = second(await cluster('n1', 'n2'));
    for (const by of [1, 2, 3]) await a.entity(counter, 'kept').ask({ type: 'add', by });
    const { cluster: name } = a;
    for (const node of [a, b]) await node.stop();
    const next = await startNode({ name: 'n3', cluster: name, nats: nats.urls, app, logLevel: 'silent' });
    running.push(next);
    expect(await next.entity(counter, 'kept').ask({ type: 'add', by: 4 })).toBe(10);
    const states: unknown[] = [];
    for await (const turn of next.history(next.entity(counter, 'kept'))) states.push(turn.state);
    expect(states).toEqual([{ total: 1 }, { total: 3 }, { total: 6 }, { total: 10 }]);
  });
});

describe('a breaker of the cluster', () => {
  it('opens on all nodes when one has found out, also on one that starts later, and closes on all', async () => {
    const nodes = await cluster('n1', 'n2');
    const [a, b] = second(nodes);
    const breakerOf = (node: JaegisNode) =>
      node.clusterBreaker({ name: 'the db', failures: 2, openMs: 2_000, successes: 1 });
    const [one, other] = [await breakerOf(a), await breakerOf(b)];
    const policy = createPolicy({ breaker: one });
    const down = () => policy.run(() => Promise.reject(new Error('down'))).catch((error: Error) => error.message);
    expect([await down(), await down()]).toEqual(['down', 'down']);
    await expect.poll(() => other.breaker.state).toBe('open');
    const next = await startNode({ name: 'n3', cluster: a.cluster, nats: nats.urls, app, logLevel: 'silent' });
    running.push(next);
    const late = await breakerOf(next);
    const up = createPolicy({ breaker: late, retry: { backoff: { kind: 'constant', delayMs: 50 } } });
    await expect.poll(() => late.breaker.state).toBe('open');
    expect(await up.run(() => 'up')).toBe('up');
    const all = [one, other, late];
    await expect.poll(() => all.map(({ breaker }) => breaker.state)).toEqual(['closed', 'closed', 'closed']);
    for (const breaker of all) breaker.close();
  });
});

describe('inspection without our SDK', () => {
  const url = () => nats.urls[0] ?? '';

  it('the supervision tree of the whole cluster is JSON at one subject', async () => {
    const [a] = second(await cluster('n1', 'n2'));
    await a.entity(counter, 'seen').ask({ type: 'add', by: 1 });
    const tree = JSON.parse(await bareRequest(url(), `jaegis.${a.cluster}.inspect.tree`));
    expect(tree).toMatchObject({ cluster: a.cluster, nodes: [{ id: 'n1' }, { id: 'n2' }] });
    expect(JSON.stringify(tree)).toContain('"id":"counter/seen","kind":"entity"');
    expect(JSON.stringify(tree)).toContain('"id":"local","kind":"actor"');
  });

  it('one actor or entity is found by its address, wherever it is', async () => {
    const [a] = second(await cluster('n1', 'n2'));
    await a.entity(counter, 'seen').ask({ type: 'add', by: 1 });
    const ask = async (address: string) =>
      JSON.parse(await bareRequest(url(), `jaegis.${a.cluster}.inspect.actor`, JSON.stringify({ address })));
    expect(await ask('counter/seen')).toMatchObject({ kind: 'entity', type: 'counter', status: 'running', handled: 1 });
    expect(await ask('n2/user/local')).toMatchObject({ node: 'n2', kind: 'actor', id: 'local' });
    expect(await ask('counter/nobody')).toMatchObject({ error: { code: 'no_such_actor' } });
    const bad = JSON.parse(await bareRequest(url(), `jaegis.${a.cluster}.inspect.actor`, '{}'));
    expect(bad).toMatchObject({ error: { code: 'invalid_message' } });
  });

  it('health lists the members, and the micro protocol answers ping, info and stats', async () => {
    const [a] = second(await cluster('n1', 'n2'));
    const health = JSON.parse(await bareRequest(url(), `jaegis.${a.cluster}.inspect.health`));
    expect(health.members).toMatchObject([{ node: 'n1' }, { node: 'n2' }]);
    const load = JSON.parse(await bareRequest(url(), `jaegis.${a.cluster}.inspect.load`, '{"overMs": 50}'));
    expect(load.nodes).toMatchObject([{ node: 'n1', heapBytes: expect.any(Number), cpu: expect.any(Number) }, {}]);
    const ping = JSON.parse(await bareRequest(url(), '$SRV.PING.jaegis'));
    expect(ping).toMatchObject({
      type: 'io.nats.micro.v1.ping_response',
      name: 'jaegis',
      metadata: { cluster: a.cluster },
    });
    const info = JSON.parse(await bareRequest(url(), `$SRV.INFO.jaegis.${ping.id}`));
    expect(info).toMatchObject({ type: 'io.nats.micro.v1.info_response', id: ping.id });
    expect(info.endpoints).toContainEqual(expect.objectContaining({ name: 'tree', queue_group: 'q' }));
    const stats = JSON.parse(await bareRequest(url(), `$SRV.STATS.jaegis.${ping.id}`));
    expect(stats).toMatchObject({ type: 'io.nats.micro.v1.stats_response', endpoints: expect.any(Array) });
    expect(new Date(stats.started).toISOString()).toBe(stats.started);
  });
});

describe('a bad setting is refused with its path', () => {
  it.each([
    [{ name: 'a b' }, 'name'],
    [{ cluster: '' }, 'cluster'],
    [{ threads: 0 }, 'threads'],
    [{ history: -1 }, 'history'],
    [{ nats: [] }, 'nats'],
  ])('%j', async (options, path) => {
    await expect(startNode(options)).rejects.toMatchObject({ code: 'invalid_config', data: { path } });
  });

  it('and an address where nobody is with how to mend it', async () => {
    const started = startNode({ nats: 'nats://127.0.0.1:1', logLevel: 'silent' });
    await expect(started).rejects.toMatchObject({
      code: 'connect_failed',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });

  it('and two definitions of one type', () => {
    expect(() => defineApp({ entities: [counter, counter] })).toThrow(/"counter" is there twice/);
  });
});

describe('a failure that nobody mends', () => {
  it('climbs to the root and stops the node with its reason', async () => {
    const fragile = defineApp({
      actors: [{ name: 'local', definition: counter }],
      restartLimit: { intensity: 1, periodMs: 60_000 },
    });
    const node = await startNode({ cluster: 'fragile', nats: nats.urls, app: fragile, logLevel: 'silent' });
    running.push(node);
    const local = node.actor(`${node.name}/user/local`);
    for (let crash = 0; crash < 2; crash++) {
      await expect(local.ask({ type: 'crash' })).rejects.toMatchObject({ code: 'actor_crashed' });
    }
    expect(await node.stopped).toMatchObject({ code: 'intensity_exceeded', data: { child: 'local' } });
  });

  it('in a start leaves nothing running', async () => {
    const broken = defineActor('broken', {
      state: () => {
        throw new Error('no first state');
      },
      on: {},
    });
    const bad = defineApp({ actors: [{ name: 'broken', definition: broken }] });
    const started = startNode({ name: 'n1', cluster: 'broken', nats: nats.urls, app: bad, logLevel: 'silent' });
    await expect(started).rejects.toThrow('no first state');
    await expect(bareRequest(nats.urls[0] ?? '', 'jaegis.broken.inspect.tree')).rejects.toThrow('nobody listens');
  });

  it.each([{ intensity: -1 }, { intensity: 1.5 }, { periodMs: 0 }])('%j is no restart limit', (restartLimit) => {
    expect(() => defineApp({ restartLimit })).toThrow(expect.objectContaining({ code: 'invalid_definition' }));
  });
});

it('the policies of a node are inspected, and what changes in them is told to all', async () => {
  const policy = createPolicy({ name: 'counters', breaker: { failures: 1 }, bulkhead: { limit: 4 } });
  const cluster = `test-${++clusters}`;
  const options = { cluster, nats: nats.urls, app, logLevel: 'silent' } as const;
  const [a, b] = await Promise.all([
    startNode({ ...options, name: 'n1', policies: [policy] }),
    startNode({ ...options, name: 'n2' }),
  ]);
  running.push(a, b);
  await expect.poll(() => a.view.members.length + b.view.members.length).toBe(4);
  const told: ClusterEvent[] = [];
  b.onEvent((event) => event.type === 'policy' && told.push(event));
  const far = a.actor<{ crash: { message: object; reply: unknown } }>('n2/user/local');
  await expect(far.ask({ type: 'crash' }, { policy })).rejects.toMatchObject({ code: 'actor_crashed' });
  await expect(far.ask({ type: 'crash' }, { policy })).rejects.toMatchObject({ code: 'breaker_open' });
  const opened = { policy: 'counters', part: 'breaker', change: 'opened', node: 'n1' };
  await expect
    .poll(() => told)
    .toMatchObject([{ ...opened, reason: { kind: 'failures', error: { code: 'actor_crashed' } } }]);
  await using inspection = await requestInspection({ nats: nats.urls, cluster });
  const parts = [
    { name: 'bulkhead', state: { limit: 4, inFlight: 0 } },
    { name: 'breaker', state: { state: 'open', retryAfterMs: expect.any(Number) } },
  ];
  expect((await inspection.policies()).nodes).toMatchObject([
    { node: 'n1', policies: [{ name: 'counters', parts }] },
    { node: 'n2', policies: [] },
  ]);
});
