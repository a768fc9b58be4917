/** What Pekko's split-brain resolver demands, where the quorum rule leaves anything of it to demand (decision 0030). */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { type ClusterEvent, type ClusterNode, ownerOf } from '@jaegis/cluster';
import type { Observation } from '@jaegis/core';
import { expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: { add: ({ total }, { by }: { by: number }) => ({ state: { total: total + by }, reply: total + by }) },
});
// A definition of any protocol: the list is for the runtime.
const entities = [counter] as unknown as ActorDefinition<Protocol>[];

/** As everybody hears it. */
type Down = ClusterEvent & {
  readonly of: string;
  readonly voters: readonly string[];
  readonly evidence: readonly Observation[];
};

async function cluster(...names: string[]) {
  const { world, node } = simCluster(names.length, entities);
  const nodes = new Map<string, ClusterNode>();
  const start = async (name: string) => void nodes.set(name, await node(name));
  const downs: Down[] = [];
  const client = await node('client', 'client');
  client.events.subscribe((event) => {
    if (event.type === 'status_changed' && event.to === 'down') downs.push(event as Down); // by news.ts
  });
  for (const name of names) await start(name);
  await world.clock.advance(1_000);
  const of = (name: string) => nodes.get(name) ?? expect.fail(`no node ${name}`);
  const ids = (name: string) => of(name).membership.view.members.map(({ id }) => String(id));
  const leader = () => [...nodes].find(([, { membership }]) => membership.isLeader)?.[0] ?? expect.fail('no leader');
  const others = (...left: string[]) => names.filter((name) => !left.includes(name));
  const until = (isTrue: () => boolean) => world.clock.runUntil(isTrue, 10_000);
  return { world, start, of, ids, leader, others, downs, until };
}

it('SBR:KeepMajority self alone: the two that see each other go on, and the one alone refuses and is taken out', async () => {
  const { world, of, ids, others, until } = await cluster('A', 'B', 'C');
  world.network.disconnect('B');
  await until(() => others('B').every((name) => !ids(name).includes('B')));
  await until(() => of('B').membership.standing === 'refusing');
  expect(ids('A')).toEqual(['A', 'C']);
});

it('SBR:KeepMajority indirectly connected (6): two that do not see each other stay while all others see both', async () => {
  const { world, ids, downs } = await cluster('A', 'B', 'C', 'D', 'E');
  world.network.cut('B', 'C');
  await world.clock.advance(15_000);
  expect(downs).toEqual([]);
  expect(ids('A')).toEqual(['A', 'B', 'C', 'D', 'E']);
});

it('SBR:KeepMajority indirect + crashed: of two that do not see each other and one that has crashed, that one is down', async () => {
  const { world, ids, downs, until } = await cluster('A', 'B', 'C', 'D', 'E');
  world.network.cut('A', 'B');
  await world.clock.advance(5_000);
  world.network.crash('C');
  await until(() => !ids('D').includes('C'));
  await world.clock.advance(5_000);
  expect(downs.map(({ of }) => of)).toEqual(['C']);
});

it('SBR:Strategy add and remove / collect and filter (4): a node that comes back under its name replaces what it was', async () => {
  const { world, start, ids, of, others } = await cluster('A', 'B', 'C');
  const before = of('B').membership.self.incarnation;
  world.network.crash('B');
  await start('B');
  await world.clock.advance(1_000);
  for (const name of others('B')) expect(ids(name)).toEqual(['A', 'B', 'C']);
  const held = of('A').membership.view.members.find(({ id }) => id === 'B');
  expect(held?.incarnation).toBe(of('B').membership.self.incarnation);
  expect(held?.incarnation).not.toBe(before);
});

it('SBR:down unreachable when leader / not when not leader / when becoming leader: only who leads declares, also the next', async () => {
  const { world, leader, others, ids, downs, until } = await cluster('A', 'B', 'C', 'D', 'E');
  const first = leader();
  const [victim = '', watcher = ''] = others(first);
  world.network.crash(victim);
  await until(() => !ids(watcher).includes(victim));
  await world.clock.advance(100);
  expect(downs).toMatchObject([{ of: victim, node: first }]);
  world.network.crash(first);
  await until(() => !ids(watcher).includes(first));
  await world.clock.advance(100);
  const next = downs.find(({ of }) => of === first);
  expect(others(first, victim)).toContain(next?.node);
});

it('SBR:down minority partition; keep oldest (actor level): what several observers report is one piece of evidence', async () => {
  const { world, leader, others, ids, downs, until } = await cluster('A', 'B', 'C', 'D', 'E');
  const [victim = '', watcher = ''] = others(leader());
  world.network.crash(victim);
  await until(() => !ids(watcher).includes(victim));
  await world.clock.advance(100);
  const [{ evidence = [], voters = [] } = {}] = downs;
  expect(new Set(evidence.map(({ by }) => by.id)).size).toBeGreaterThanOrEqual(2);
  expect(voters.length).toBeGreaterThanOrEqual(3);
});

it('SBR:not down all when becoming stable again: nobody is down for having been away for a moment', async () => {
  const { world, ids, downs } = await cluster('A', 'B', 'C', 'D', 'E');
  for (let n = 0; n < 20; n++) {
    const name = ['A', 'B', 'C', 'D', 'E'][n % 5] ?? '';
    world.network.disconnect(name);
    await world.clock.advance(60);
    world.network.reconnect(name);
    await world.clock.advance(400);
  }
  await world.clock.advance(5_000);
  expect(downs).toEqual([]);
  expect(ids('A')).toEqual(['A', 'B', 'C', 'D', 'E']);
});

it('SBRi:safety oracle: of a cluster that falls apart one side serves each entity, and it has one history', async () => {
  const { world, of, ids, others, until } = await cluster('A', 'B', 'C', 'D', 'E');
  const keys = Array.from({ length: 10 }, (_, key) => `k${key}`);
  const add = (name: string, key: string, timeoutMs: number) =>
    world.clock.runUntilSettled(of(name).entity(counter, key).ask({ type: 'add', by: 1 }, { timeoutMs }));
  for (const key of keys) expect(await add('A', key, 5_000)).toBe(1);
  for (const name of ['D', 'E']) world.network.disconnect(name);
  await until(() => others('D', 'E').every((name) => ids(name).length === 3));
  await until(() => ['D', 'E'].every((name) => of(name).membership.standing === 'refusing'));
  for (const key of keys) {
    await expect(add('D', key, 1_000)).rejects.toMatchObject({ code: 'cluster_unavailable' });
    expect(await add('B', key, 5_000)).toBe(2);
    expect(['A', 'B', 'C']).toContain(ownerOf({ type: 'counter', key }, of('A').membership.view)?.id);
  }
  for (const name of ['D', 'E']) world.network.reconnect(name);
  await until(() => ids('A').length === 5 && of('E').membership.standing === 'serving');
  for (const key of keys) expect(await add('E', key, 5_000)).toBe(3);
});
