/** What a node does about its own connection, on a virtual clock. */
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
