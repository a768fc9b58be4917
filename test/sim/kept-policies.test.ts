/** Policies of nodes that die and come back, kept in the store of their cluster. On a virtual clock. */
import type { ClusterEvent } from '@jaegis/cluster';
import { silentLogger } from '@jaegis/core';
import { createPolicy, PolicyKeeper, StoreShelf } from '@jaegis/resilience';
import { expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

async function cluster() {
  const { world, node } = simCluster(1, []);
  const { clock } = world;
  const store = await clock.runUntilSettled(world.connect('the bucket').openStore({ name: 'BREAKERS' }));
  const observer = await node('observer');
  const heard: ClusterEvent[] = [];
  observer.events.subscribe((event) => heard.push(event));
  const live = async () => {
    const policy = createPolicy({ name: 'prices', breaker: { failures: 1, openMs: 60_000 } }, world);
    const shelf = new StoreShelf(store, 'n1');
    const keeper = new PolicyKeeper({ policies: [policy], shelf, clock, logger: silentLogger });
    await node('n1', 'member', {
      policies: [policy],
      beforeItJoins: (announce) =>
        keeper.start(({ policy, why }) => announce({ type: 'policy', policy, change: 'not_resumed', why })),
    });
    const run = (operation: () => unknown) =>
      clock.runUntilSettled(policy.run(operation).catch(({ code }: { code?: string }) => code ?? 'down'));
    return { run };
  };
  const told = () => heard.filter(({ type }) => type === 'policy');
  return { world, store, live, told };
}

it('a breaker is open from the first moment of the next life on, and the cluster is told', async () => {
  const { world, live, told } = await cluster();
  const first = await live();
  expect(await first.run(() => Promise.reject(new Error('down')))).toBe('down');
  await world.clock.advance(100);
  world.network.crash('n1');
  await world.clock.advance(10_000);
  const second = await live();
  expect(await second.run(() => 'well')).toBe('breaker_open');
  await world.clock.advance(50_000);
  expect(await second.run(() => 'well')).toBe('well');
  await world.clock.advance(100);
  const node = 'n1';
  expect(told()).toMatchObject([
    { node, change: 'opened', reason: { kind: 'failures' } },
    { node, change: 'opened', reason: { kind: 'imported' }, retryAfterMs: expect.closeTo(50_000, -4) },
    { node, change: 'half_opened' },
  ]);
});

it('what cannot be read makes no node fail, and is told', async () => {
  const { world, store, live, told } = await cluster();
  const data = new TextEncoder().encode('half of i');
  await world.clock.runUntilSettled(store.put('kept.n1.prices', data, { expectedRevision: 0 }));
  const { run } = await live();
  expect(await run(() => 'well')).toBe('well');
  await world.clock.advance(100);
  expect(told()).toMatchObject([{ node: 'n1', policy: 'prices', change: 'not_resumed', why: 'unreadable' }]);
});
