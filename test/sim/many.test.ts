/** How much a node asks of the servers for the entities that come to it, on a virtual clock. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { ownerOf } from '@jaegis/cluster';
import { limits } from '@jaegis/core';
import { expect, test } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => 0,
  on: { add: (count) => ({ state: count + 1, reply: count + 1 }) },
});
// A definition of any protocol: the list is for the runtime.
const entities = [counter] as unknown as ActorDefinition<Protocol>[];

// Reads of each: its newest record; where that is not the only one and the ask may have been answered already, also all that
// are kept (one after the other here; a real server gives many at once).
test.each([
  { name: 'that may have reached it', isLate: false, turns: 1, reads: 1 },
  { name: 'that may have reached it', isLate: false, turns: 3, reads: 4 },
  { name: 'that it was not there for any more', isLate: true, turns: 3, reads: 1 },
])(
  'asks to all entities of a killed node, of $turns turns, $name, cost few requests each, of which a bounded number is under way',
  async ({ isLate, turns, reads }) => {
    const { world, node } = simCluster(1, entities);
    for (const name of ['n1', 'n2']) await node(name);
    const client = await node('c', 'client');
    const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
    const keys = Array.from({ length: 2_000 }, (_, index) => `${index}`);
    const ask = (key: string) => client.entity(counter, key).ask({ type: 'add' }, { timeoutMs: 60_000 });
    for (let turn = 1; turn <= turns; turn++) await settled(Promise.all(keys.map(ask)));
    const moved = keys.filter((key) => ownerOf({ type: 'counter', key }, client.membership.view)?.id === 'n1');
    const { storage } = world;
    const request = storage.request.bind(storage);
    const seen = { reads: 0, writes: 0, underWay: 0, most: 0 };
    storage.request = (link, wanted) => {
      if (wanted.isWrite) seen.writes++;
      else seen.reads++;
      seen.most = Math.max(seen.most, wanted.isWrite ? 0 : ++seen.underWay);
      return request(link, wanted).finally(() => {
        if (!wanted.isWrite) seen.underWay--;
      });
    };
    if (isLate) world.network.crash('n1');
    else world.network.hold('n1', 'down');
    const asked = moved.map(ask);
    await world.clock.advance(10);
    world.network.crash('n1');
    const answers = await settled(Promise.all(asked));
    expect(new Set(answers)).toEqual(new Set([turns + 1]));
    expect(moved.length).toBeGreaterThan(500);
    expect(seen.most).toBeLessThanOrEqual(limits.loads + 16);
    expect(seen.reads / moved.length).toBeLessThan(reads + 0.1);
    expect(seen.writes / moved.length).toBeLessThan(1.1);
  },
);
