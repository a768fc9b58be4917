/** Asks that come while a node looks whether it still owns what they are for, on a virtual clock. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { ownerOf } from '@jaegis/cluster';
import { expect, test } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => 0,
  on: { add: (count) => ({ state: count + 1, reply: count + 1 }) },
});
// A definition of any protocol: the list is for the runtime.
const entities = [counter] as unknown as ActorDefinition<Protocol>[];

test('a node that was late is sent the asks that wait for it once, and answers them when it knows what it owns', async () => {
  const { world, node, transports } = simCluster(1, entities);
  const nodes = { n1: await node('n1'), n2: await node('n2') };
  const client = await node('c', 'client');
  await world.clock.advance(1_000);
  const keys = Array.from({ length: 200 }, (_, index) => `${index}`);
  const owned = keys.filter((key) => ownerOf({ type: 'counter', key }, client.membership.view)?.id === 'n1');
  const transport = transports.get('c') ?? expect.fail();
  const publish = transport.publish.bind(transport);
  /** Of the client to the node. */
  let packets = 0;
  transport.publish = (subject, ...more) => {
    if (subject.includes('.node.n1.') && subject.endsWith('.in')) packets++;
    publish(subject, ...more);
  };
  const goOn = world.network.hang('n1');
  await world.clock.advance(900);
  const answers = owned.map((key) => client.entity(counter, key).ask({ type: 'add' }, { timeoutMs: 10_000 }));
  await world.clock.advance(5);
  expect(packets).toBeGreaterThan(0);
  packets = 0;
  goOn();
  expect(nodes.n1.membership.standing).toBe('verifying');
  expect(await world.clock.runUntilSettled(Promise.all(answers))).toEqual(owned.map(() => 1));
  expect(packets).toBe(0);
});
