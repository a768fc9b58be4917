/** Who may do what, held against a real server with the very configuration that docs/security.md shows. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import {
  createPolicy,
  defineActor,
  defineApp,
  type NodeOptions,
  openClusterState,
  requestInspection,
  startNode,
} from 'jaegis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytes, text } from '../contract/world.ts';
import { withServers } from '../support/nats.ts';
import { as, connection, permissions, refusalOf } from '../support/roles.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }, context) => {
      context.schedule('later', { afterMs: 3_600_000 }, { type: 'add', by: 0 });
      const total = state.total + message.by;
      return { state: { total }, reply: total };
    },
    echo: (_state, { text }: { text: string }) => ({ reply: text }),
  },
});
const app = defineApp({ entities: [counter] });
const shop = { cluster: 'shop', app, logLevel: 'silent', threads: 1 } as const;

function start(nats: readonly string[], name: string, more: Partial<NodeOptions> = {}) {
  return startNode({ ...shop, nats, name, ...as('node'), ...more });
}

function startClient(nats: readonly string[], name = 'client') {
  return startNode({ ...shop, nats, name, role: 'client', ...as(name) });
}

/** nats.js itself, as an attacker would use it. */
async function dial(nats: readonly string[], role: string) {
  const { auth, inboxPrefix } = as(role);
  const client = await connect({ servers: [...nats], inboxPrefix, user: auth.user, pass: auth.password });
  onTestFinished(() => client.close());
  return client;
}

/** A client's role whose answers arrive below its own name, as the page says. */
function roleOf(name: string): { add: (config: string) => string } {
  const [, body = ''] = /^client = (\{[^}]*\})/m.exec(permissions) ?? [];
  const own = body.replace('_INBOX.client.>', `_INBOX.${name}.>`).replace('shop.reply.>', `shop.reply.${name}.>`);
  const user = `{ user: "${name}", password: "${name}-secret", permissions: $${name} }`;
  return { add: (config) => config.replace('authorization {\n  users = [', `${name} = ${own}\n$&\n    ${user}`) };
}

describe('the roles of a cluster', () => {
  const nats = withServers(1, { config: permissions });

  it('docs/security.md shows this configuration', () => {
    const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
    expect(page).toContain(permissions.trim());
  });

  it('can each do their work: nodes serve, clients ask and send, inspectors look', async () => {
    await using first = await start(nats.urls, 'n1');
    await using second = await start(nats.urls, 'n2');
    await using client = await startClient(nats.urls);
    await expect.poll(() => client.view.members.length).toBe(2);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const entity = client.entity(counter, key);
      await entity.send({ type: 'add', by: 1 });
      await expect.poll(() => entity.ask({ type: 'add', by: 0 })).toBe(1);
    }
    const large = 'x'.repeat(3_000_000);
    for (const key of ['a', 'b', 'c']) {
      expect(await client.entity(counter, key).ask({ type: 'echo', text: large })).toBe(large);
    }
    const heavy = { type: 'add' as const, by: 1, text: large };
    await client.entity(counter, 'heavy').send(heavy);
    await expect.poll(() => client.entity(counter, 'heavy').ask({ type: 'add', by: 0 })).toBe(1);
    const turns: number[] = [];
    for await (const { turn } of client.history({ entity: client.entity(counter, 'a').entity })) turns.push(turn);
    expect(turns[0]).toBe(1);
    await using inspection = await requestInspection({ nats: nats.urls, cluster: 'shop', ...as('inspector') });
    expect((await inspection.tree()).nodes.map(({ id }) => id).toSorted()).toEqual(['n1', 'n2']);
    expect([first.view.members.length, second.view.members.length]).toEqual([2, 2]);
  });

  it('an inspector sees no contents and changes nothing; an operator does both', async () => {
    await using _node = await start(nats.urls, 'n1');
    const look = (role: string) => requestInspection({ nats: nats.urls, cluster: 'shop', ...as(role) });
    await using operator = await look('operator');
    await using inspector = await look('inspector');
    expect(await operator.ask('counter/seen', { type: 'add', by: 7 })).toBe(7);
    expect(await operator.actor('counter/seen', { contents: true })).toMatchObject({ state: { total: 7 } });
    expect(await inspector.actor('counter/seen')).not.toHaveProperty('state');
    const denied = { code: 'permission_denied' };
    await expect(inspector.actor('counter/seen', { contents: true })).rejects.toMatchObject(denied);
    await expect(inspector.ask('counter/seen', { type: 'add' })).rejects.toMatchObject(denied);
    await expect(inspector.drain('n1')).rejects.toMatchObject(denied);
    await expect(inspector.tune('none', { breaker: 'open' })).rejects.toMatchObject(denied);
    await expect(operator.tune('none', { breaker: 'open' })).rejects.toMatchObject({ code: 'no_such_policy' });
    await using lost = await requestInspection({ nats: nats.urls, cluster: 'shop', ...as('client') });
    expect((await lost.view()).members).toMatchObject([{ id: 'n1' }]);
  });

  it('a node may bound what all turns take, also when the stream is there without a bound', async () => {
    await (await start(nats.urls, 'n1')).stop();
    await using _node = await start(nats.urls, 'n1', { maxTurnBytes: 50_000_000 });
    const manager = await jetstreamManager(await dial(nats.urls, 'node'), { checkAPI: false });
    expect((await manager.streams.info('JAEGIS_shop_TURNS')).config.max_bytes).toBe(50_000_000);
  });

  it('a node shares its breakers and keeps its policies; who may not is told so when it asks to', async () => {
    const prices = () => createPolicy({ name: 'prices', breaker: { failures: 1, openMs: 600_000 } });
    const stateOf = (policy: ReturnType<typeof prices>) => policy.inspect().parts[0]?.state;
    const kept = { policies: [prices()], keepPolicies: true } as const;
    const first = await start(nats.urls, 'n1', kept);
    const shared = await first.clusterBreaker({ name: 'shared', openMs: 600_000 });
    shared.breaker.trip({ kind: 'forecast', likelihood: 1, reason: 'as asked' });
    await expect(kept.policies[0].run(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
    await first.stop();

    const again = { policies: [prices()], keepPolicies: true } as const;
    await using second = await start(nats.urls, 'n1', again);
    expect(stateOf(again.policies[0])).toMatchObject({ state: 'open' });
    const { breaker } = await second.clusterBreaker({ name: 'shared', openMs: 600_000 });
    await expect.poll(() => breaker.state).toBe('open');

    await using client = await startClient(nats.urls);
    const denied = { code: 'permission_denied', message: expect.stringContaining('JAEGIS_shop_BREAKERS') };
    await expect(client.clusterBreaker({ name: 'shared' })).rejects.toMatchObject(denied);
    const keeping = startNode({ ...shop, nats: nats.urls, name: 'c2', role: 'client', ...as('client'), ...kept });
    await expect(keeping).rejects.toMatchObject(denied);
  });

  it.each([
    ['client', 'jaegis.shop.turn.1.counter.a'],
    ['client', 'jaegis.shop.health'],
    ['client', 'jaegis.shop.timer.1.counter.a.x'],
    ['client', '$JS.API.STREAM.DELETE.JAEGIS_shop_TURNS'],
    ['client', '$JS.API.STREAM.PURGE.JAEGIS_shop_TURNS'],
    ['client', '$JS.API.STREAM.UPDATE.JAEGIS_shop_TURNS'],
    // Each could have the server write bytes of the client's own to any subject.
    ['client', '$JS.API.STREAM.CREATE.JAEGIS_shop_MIRROR'],
    ['client', '$JS.API.STREAM.CREATE.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.STREAM.UPDATE.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.CONSUMER.CREATE.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.CONSUMER.CREATE.JAEGIS_shop_INBOX.a.jaegis.shop.inbox.1.counter.a'],
    ['client', '$JS.API.CONSUMER.DURABLE.CREATE.OBJ_JAEGIS_shop_LARGE.a'],
    ['client', '$JS.API.CONSUMER.MSG.NEXT.JAEGIS_shop_INBOX.a'],
    ['client', '$JS.API.DIRECT.GET.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.DIRECT.GET.JAEGIS_shop_INBOX'],
    ['client', '$JS.API.STREAM.PURGE.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$KV.JAEGIS_shop_BREAKERS.breaker.db'],
    ['client', '$JS.API.STREAM.CREATE.KV_JAEGIS_shop_BREAKERS'],
    ['client', 'jaegis.shop.reveal.actor'],
    ['client', 'jaegis.shop.operate.drain'],
    ['inspector', 'jaegis.shop.reveal.actor'],
    ['inspector', 'jaegis.shop.reveal.node.n1.actor'],
    ['inspector', 'jaegis.shop.operate.ask'],
    ['inspector', 'jaegis.shop.operate.node.n1.drain'],
    ['operator', 'jaegis.shop.turn.1.counter.a'],
    ['operator', 'jaegis.shop.node.n1.x.in'],
    ['operator', 'jaegis.shop.inbox.1.counter.a'],
    ['inspector', 'jaegis.shop.node.n1.x.in'],
    ['inspector', 'jaegis.shop.inbox.1.counter.a'],
    ['inspector', '$JS.API.STREAM.MSG.GET.JAEGIS_shop_TURNS'],
    ['backup', 'jaegis.shop.turn.1.counter.a'],
    ['backup', 'jaegis.shop.node.n1.x.in'],
    ['backup', '$JS.API.STREAM.CREATE.JAEGIS_shop_TURNS'],
    ['node', '$JS.API.STREAM.DELETE.JAEGIS_shop_TURNS'],
    ['node', '$JS.API.STREAM.PURGE.JAEGIS_shop_TURNS'],
    ['node', 'jaegis.other.health'],
    ['node', '$JS.API.STREAM.DELETE.JAEGIS_other_TURNS'],
  ])('%s may not publish to %s, and is told so', async (role, subject) => {
    const { transport } = await connection(nats.urls, as(role));
    expect(await refusalOf(transport, subject)).toMatchObject({ subject, error: { code: 'permission_denied' } });
  });

  it('a client cannot have the server write a turn for it, from bytes that it may write itself', async () => {
    await using _node = await start(nats.urls, 'n1');
    await using client = await startClient(nats.urls);
    await client.entity(counter, 'victim').ask({ type: 'echo', text: 'x'.repeat(3_000_000) });
    const { transport: member } = await connection(nats.urls, as('node'));
    const { transport } = await connection(nats.urls, as('client'));
    const turn = 'jaegis.shop.turn.1.counter.victim';
    const forged = new Promise((resolve) => member.subscribe(turn, ({ data }) => resolve(text(data))));
    await member.flush();
    transport.publish('$O.JAEGIS_shop_LARGE.C.forged', bytes('forged'));
    const consumer = { name: 'forger', deliver_subject: turn, filter_subject: '$O.JAEGIS_shop_LARGE.C.forged' };
    const config = { ...consumer, deliver_policy: 'all', ack_policy: 'none', replay_policy: 'instant' };
    const request = { stream_name: 'OBJ_JAEGIS_shop_LARGE', config };
    const subject = `$JS.API.CONSUMER.CREATE.${request.stream_name}.${config.name}.${config.filter_subject}`;
    const refused = refusalOf(transport, subject, bytes(JSON.stringify(request)));
    expect(await Promise.race([refused, forged])).toMatchObject({ subject, error: { code: 'permission_denied' } });
  });

  it.each([
    ['a turn', 'jaegis.shop.turn.1.counter.victim'],
    ['health', 'jaegis.shop.health'],
  ])('a client cannot have the server write %s for it by a schedule', async (_, target) => {
    await using _node = await start(nats.urls, 'n1');
    const client = await dial(nats.urls, 'client');
    const scheduled = headers();
    scheduled.set('Nats-Schedule', `@at ${new Date(0).toISOString()}`);
    scheduled.set('Nats-Schedule-Target', target);
    const options = { headers: scheduled, timeout: 5_000 };
    const answer = await client.request('jaegis.shop.inbox.1.counter.victim', 'forged', options);
    expect(answer.json()).toMatchObject({ error: { description: expect.stringContaining('target') } });
  });

  it('whoever has an answer sent to where turns or views are written disturbs an entity for a moment, and no more', async () => {
    await using first = await start(nats.urls, 'n1');
    const entity = first.entity(counter, 'disturbed');
    const { transport: member } = await connection(nats.urls, as('node'));
    const turns: string[] = [];
    member.subscribe('jaegis.shop.turn.*.counter.disturbed', ({ subject }) => turns.push(subject));
    await member.flush();
    expect(await entity.ask({ type: 'add', by: 1 })).toBe(1);
    await expect.poll(() => turns.length).toBe(1);
    const { transport } = await connection(nats.urls, as('inspector'));
    for (const replyTo of [turns[0] ?? '', 'jaegis.shop.health']) {
      transport.publish('jaegis.shop.inspect.health', bytes(''), { replyTo });
    }
    await expect.poll(() => turns.length).toBe(2);
    await expect.poll(() => entity.ask({ type: 'add', by: 0 }).catch(() => 0)).toBe(1);
    await using second = await start(nats.urls, 'n2');
    await expect.poll(() => [first, second].map(({ view }) => view.members.length)).toEqual([2, 2]);
  });

  it.each([
    ['node', 'jaegis.other.>'],
    ['node', '_INBOX.client.>'],
    ['node', '>'],
    ['client', 'jaegis.shop.node.>'],
    ['client', 'jaegis.shop.inbox.>'],
    ['client', 'jaegis.shop.turn.>'],
    ['client', 'jaegis.shop.health'],
    ['client', '$O.JAEGIS_shop_LARGE.>'],
    ['client', '_INBOX.>'],
    ['client', '>'],
    ['inspector', 'jaegis.shop.>'],
    ['inspector', 'jaegis.shop.reply.>'],
    ['inspector', 'jaegis.shop.event'],
    ['inspector', '_INBOX.>'],
    ['operator', 'jaegis.shop.>'],
    ['operator', '_INBOX.inspector.>'],
    ['backup', 'jaegis.shop.>'],
    ['backup', '_INBOX.node.>'],
  ])('%s may not subscribe to %s, and is told so at the next flush', async (role, subject) => {
    const { transport } = await connection(nats.urls, as(role));
    await transport.flush();
    transport.subscribe(subject, () => {});
    await expect(transport.flush()).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining(subject),
    });
  });

  it('a node that takes its answers where its user may not is refused with an error that says where', async () => {
    const refused = startNode({ ...shop, nats: nats.urls, auth: as('node').auth });
    await expect(refused).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining('_INBOX.'),
    });
  });

  it('a node with the user of a client is refused with a typed error that names what it may not', async () => {
    const refused = startNode({ ...shop, nats: nats.urls, cluster: 'other', ...as('client') });
    await expect(refused).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining('JAEGIS_other_HEALTH'),
    });
  });
});

describe('clients that share a user', () => {
  const own = ['ann', 'bob'].map((name) => roleOf(name));
  const nats = withServers(1, { config: own.reduce((config, { add }) => add(config), permissions) });

  it('hear what others of it are answered', async () => {
    await using _node = await start(nats.urls, 'n1');
    const { transport } = await connection(nats.urls, as('client'));
    const heard: string[] = [];
    transport.subscribe('jaegis.shop.reply.>', ({ data }) => heard.push(Buffer.from(data).toString('latin1')));
    await transport.flush();
    await using client = await startClient(nats.urls);
    await client.entity(counter, 'a').ask({ type: 'echo', text: 'for me alone' });
    await transport.flush();
    expect(heard.join()).toContain('for me alone');
  });

  it('hear nothing of each other when each has a user of its own, with its own subjects for answers', async () => {
    await using _node = await start(nats.urls, 'n1');
    await using ann = await startClient(nats.urls, 'ann');
    expect(await ann.entity(counter, 'a').ask({ type: 'echo', text: 'for Ann' })).toBe('for Ann');
    for await (const { turn } of ann.history({ entity: ann.entity(counter, 'a').entity }))
      expect(turn).toBeGreaterThan(0);
    for (const subject of ['jaegis.shop.reply.>', 'jaegis.shop.reply.ann.>', '_INBOX.>', '_INBOX.ann.>']) {
      const { transport } = await connection(nats.urls, as('bob'));
      transport.subscribe(subject, () => {});
      await expect(transport.flush()).rejects.toMatchObject({ code: 'permission_denied' });
    }
  });
});

describe('what a cluster keeps', () => {
  const [old, fresh] = [withServers(1, { config: permissions }), withServers(1, { config: permissions })];
  const stateOf = (nats: readonly string[], role: string) => openClusterState({ nats, cluster: 'shop', ...as(role) });

  it('is read and backed up by who may do no more, and brought back by who may all that a node may', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jaegis-roles-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const entity = await (async () => {
      await using node = await start(old.urls, 'n1');
      const a = node.entity(counter, 'a');
      await a.ask({ type: 'add', by: 4 });
      return a.entity;
    })();
    await using reader = await stateOf(old.urls, 'backup');
    const document = await reader.exportEntity(entity);
    expect((await reader.turnAt({ entity, turn: 1 })).state).toEqual({ total: 4 });
    expect(await reader.backup(join(folder, 'backup'))).toMatchObject({ entities: 1 });
    const denied = { code: 'permission_denied' };
    await expect(reader.importEntity(document, { as: { ...entity, key: 'b' } })).rejects.toMatchObject(denied);
    await using nobody = await stateOf(fresh.urls, 'backup');
    await expect(nobody.restore(join(folder, 'backup'))).rejects.toMatchObject(denied);

    await using member = await stateOf(old.urls, 'node');
    expect(await member.importEntity(document, { as: { ...entity, key: 'b' } })).toMatchObject({ turn: 2 });
    await using restorer = await stateOf(fresh.urls, 'node');
    await restorer.restore(join(folder, 'backup'));
    await using node = await start(fresh.urls, 'n2');
    expect(await node.entity(counter, 'a').ask({ type: 'add', by: 1 })).toBe(5);
  });
});
