/** What there is one of in a cluster: entities that are always active, and actors that are pinned to one node. */
import { type ActorDefinition, defineActor, type Protocol, SINGLETON } from '@jaegis/actors';
import { type ClusterNode, type ClusterNodeOptions, ownerOf } from '@jaegis/cluster';
import { expect, test } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const clockwork = defineActor('clockwork', {
  state: () => 0,
  passivateAfterMs: 500,
  on: {
    count: (total) => ({ state: total + 1, reply: total + 1 }),
    crash: () => {
      throw new Error('as asked');
    },
  },
});
// Definitions of any protocol: the list is for the runtime.
const singletons = [clockwork] as unknown as ActorDefinition<Protocol>[];
const entity = { type: 'clockwork', key: SINGLETON };

function cluster() {
  const { world, node } = simCluster(1, []);
  const nodes = new Map<string, ClusterNode>();
  const start = async (name: string, more: Partial<ClusterNodeOptions> = {}) => {
    const made = await node(name, 'member', { singletons, ...more });
    nodes.set(name, made);
    return made;
  };
  const active = () => [...nodes].filter(([, each]) => each.inspect().children[1]?.children.length === 1);
  const activeOn = () => active().map(([name]) => name);
  return { world, nodes, start, node, activeOn };
}

test('a singleton is active without a message, on one node, and does not fall asleep', async () => {
  const { world, nodes, start, activeOn } = cluster();
  for (const name of ['n1', 'n2', 'n3']) await start(name);
  await world.clock.advance(10_000);
  const view = nodes.get('n1')?.membership.view ?? expect.fail('there is a view');
  expect(activeOn()).toEqual([ownerOf(entity, view)?.id]);
});

test.each(['crashes', 'is stopped'])('when its node %s a singleton goes on elsewhere, from its record', async (how) => {
  const { world, nodes, start, node, activeOn } = cluster();
  for (const name of ['n1', 'n2', 'n3']) await start(name);
  const client = await node('c', 'client');
  const ref = client.entity(clockwork, SINGLETON);
  expect(await world.clock.runUntilSettled(ref.ask({ type: 'count' }))).toBe(1);
  const owner = String(ownerOf(entity, client.membership.view)?.id);
  if (how === 'crashes') world.network.crash(owner);
  else await world.clock.runUntilSettled(nodes.get(owner)?.stop() ?? Promise.resolve());
  nodes.delete(owner);
  await world.clock.advance(5_000);
  expect(activeOn()).toEqual([ownerOf(entity, client.membership.view)?.id]);
  expect(await world.clock.runUntilSettled(ref.ask({ type: 'count' }))).toBe(2);
});

test('a singleton that crashes too often is begun again, without a message', async () => {
  const { world, start, activeOn } = cluster();
  const one = await start('n1');
  await world.clock.advance(100);
  const ref = one.entity(clockwork, SINGLETON);
  for (let crash = 0; crash < 4; crash++) {
    const crashed = world.clock.runUntilSettled(ref.ask({ type: 'crash' }));
    await expect(crashed).rejects.toMatchObject({ code: 'actor_crashed' });
  }
  await world.clock.advance(100);
  expect(activeOn()).toEqual([]);
  await world.clock.advance(6_000);
  expect(activeOn()).toEqual(['n1']);
});

test('there is no other entity of its type', async () => {
  const { world, start } = cluster();
  const one = await start('n1');
  const asked = world.clock.runUntilSettled(one.entity(clockwork, 'other').ask({ type: 'count' }));
  await expect(asked).rejects.toMatchObject({ code: 'no_such_actor' });
});

const mailer = defineActor('mailer', {
  state: () => 0,
  on: { send: (sent) => ({ state: sent + 1, reply: sent + 1 }) },
});

/** Nodes with a pinned actor that needs `mail`. */
function pinning() {
  const { world, node } = simCluster(1, []);
  const nodes = new Map<string, ClusterNode>();
  const start = async (name: string, labels: readonly string[]) => {
    const pinned = [{ name: 'mailer', labels: ['mail'], start: () => made.system.spawn(mailer, { name: 'mailer' }) }];
    const made: ClusterNode = await node(name, 'member', { labels, pinned });
    nodes.set(name, made);
  };
  const runsOn = () =>
    [...nodes]
      .filter(([, { system }]) => system.inspect().children.some(({ id }) => id === 'mailer'))
      .map(([name]) => name);
  return { world, nodes, start, runsOn };
}

test('a pinned actor runs on one node that has its labels, and is started on another when that crashes or is stopped', async () => {
  const { world, nodes, start, runsOn } = pinning();
  await start('n1', []);
  await world.clock.advance(1_000);
  expect(runsOn()).toEqual([]);
  for (const name of ['n2', 'n3', 'n4']) await start(name, ['mail']);
  await world.clock.advance(10_000);
  const asker = nodes.get('n1') ?? expect.fail('n1 lives');
  const ask = () => world.clock.runUntilSettled(asker.actor<MailerProtocol>('*/user/mailer').ask({ type: 'send' }));
  const [first = ''] = runsOn();
  expect([await ask(), await ask()]).toEqual([1, 2]);
  world.network.crash(first);
  nodes.delete(first);
  await world.clock.advance(5_000);
  const [second = ''] = runsOn();
  expect(await ask()).toBe(1);
  await world.clock.runUntilSettled(nodes.get(second)?.stop() ?? Promise.resolve());
  nodes.delete(second);
  await world.clock.advance(1_000);
  expect(runsOn()).toHaveLength(1);
  expect(new Set([first, second, ...runsOn()])).toEqual(new Set(['n2', 'n3', 'n4']));
  expect(await ask()).toBe(1);
});

type MailerProtocol = typeof mailer extends ActorDefinition<infer P> ? P : never;

test('what nobody can run is refused with the label that is missing', async () => {
  const { world, nodes, start } = pinning();
  await start('n1', ['other']);
  const one = nodes.get('n1') ?? expect.fail('n1 lives');
  const asked = one.actor<MailerProtocol>('*/user/mailer').ask({ type: 'send' });
  await expect(world.clock.runUntilSettled(asked)).rejects.toMatchObject({
    code: 'no_host',
    data: { missing: ['mail'] },
  });
});
