/** What a node does about its connection and about what others do not take in, on a virtual clock. */
import { expect, test } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

test('a node whose connection has ended for good fails with the reason, and can be stopped', async () => {
  const { world, node, failures, transports } = simCluster(1, []);
  const stays = await node('n1');
  const ends = await node('n2');
  await world.clock.runUntilSettled(transports.get('n2')?.close() ?? Promise.resolve());
  expect(failures).toMatchObject([{ code: 'transport_closed' }]);
  await world.clock.runUntilSettled(ends.stop());
  await world.clock.advance(5_000);
  expect(stays.membership.view.members).toMatchObject([{ id: 'n1' }]);
});

test('a node that is stopped does not fail when its connection is closed after it', async () => {
  const { world, node, failures, transports } = simCluster(1, []);
  const stops = await node('n1');
  await world.clock.runUntilSettled(stops.stop());
  await world.clock.runUntilSettled(transports.get('n1')?.close() ?? Promise.resolve());
  expect(failures).toEqual([]);
});

test('what another node does not take in is among the dead letters of the node that told it, with the reason', async () => {
  const { world, node } = simCluster(1, []);
  const [tells] = [await node('n1'), await node('n2')];
  await world.clock.advance(500);
  tells.actor('n2/user/nobody').tell({ type: 'x' });
  await world.clock.advance(100);
  expect(tells.system.deadLetters.list()).toMatchObject([
    { to: 'n2/user/nobody', message: { type: 'x' }, reason: 'refused', error: { code: 'no_such_actor' } },
  ]);
});

test('a node that reads more slowly than messages come says so to all', async () => {
  const { world, node } = simCluster(1, []);
  const [hears] = [await node('n1'), await node('n2')];
  const events: unknown[] = [];
  hears.events.subscribe((event) => events.push(event));
  await world.clock.advance(100);
  world.network.overrun('n2', { bytes: 20_000_000, delayMs: 700 });
  await world.clock.advance(100);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'node_slow', node: 'n2', bytes: 20_000_000, delayMs: 700 }),
  );
});
