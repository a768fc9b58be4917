/** What `send` promises of messages that are larger than the server takes, on a virtual clock. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { LargeInbox, ownerOf } from '@jaegis/cluster';
import { limits, silentLogger } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const notes = defineActor('notes', {
  state: () => [] as (readonly [item: number, length: number])[],
  on: {
    add: (state, { item, text }: { item: number; text: string }) => ({
      state: [...state, [item, text.length] as const],
    }),
    seen: (state) => ({ reply: state }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [notes] as unknown as ActorDefinition<Protocol>[];
const maxPayload = 8_192;
const LARGE = 20_000;

/** Large and small ones in turns. */
const lengthOf = (item: number) => (item % 3 === 0 ? LARGE : 10);
const message = (item: number) => ({ type: 'add', item, text: 'x'.repeat(lengthOf(item)) }) as const;
const expected = (count: number) => Array.from({ length: count }, (_, item) => [item, lengthOf(item)]);

async function start(seed: number) {
  const { world, node } = simCluster(seed, entities, { maxPayload });
  const nodes = [await node('n1'), await node('n2'), await node('n3')];
  const client = await node('c', 'client');
  const ref = client.entity(notes, 'main');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const owner = () => String(ownerOf(ref.entity, client.membership.view)?.id);
  const seen = () => settled(ref.ask({ type: 'seen' }, { timeoutMs: 30_000 }));
  const bodies = () => settled(world.connect('reader').blobs({ name: 'BODIES' }).names());
  const until = async (count: number) => {
    for (let waited = 0; waited < 600_000 && (await seen()).length < count; waited += 50) await world.clock.advance(50);
    return seen();
  };
  return { world, node, nodes, client, ref, settled, owner, seen, bodies, until };
}

describe.each([1, 2, 3, 4])('seed %d', (seed) => {
  it('large messages are handled once, in their place among the small ones, and nothing is left of them', async () => {
    const { world, ref, settled, until, bodies } = await start(seed);
    await settled(Promise.all(Array.from({ length: 40 }, (_, item) => ref.send(message(item)))));
    expect(await until(40)).toEqual(expected(40));
    await world.clock.advance(5_000);
    expect(await bodies()).toEqual([]);
  });

  it('they survive the death of their owner, and answers that are lost', async () => {
    const { world, ref, settled, owner, until } = await start(seed);
    const sending = Array.from({ length: 20 }, (_, item) => ref.send(message(item), { timeoutMs: 60_000 }));
    await world.clock.advance(seed);
    world.storage.loseAnswers(3);
    world.network.crash(owner());
    await settled(Promise.all(sending));
    expect(await until(20)).toEqual(expected(20));
  });

  it('one that is sent again under its id is kept once, as it was the first time', async () => {
    const { ref, settled, until, bodies, world } = await start(seed);
    await settled(ref.send(message(0), { id: 'a' }));
    await settled(ref.send({ ...message(0), text: 'y'.repeat(2 * LARGE) }, { id: 'a' }));
    await settled(ref.send(message(1)));
    expect(await until(2)).toEqual(expected(2));
    await world.clock.advance(5_000);
    expect(await bodies()).toEqual([]);
  });
});

it('what is too large even so is refused, and nothing of it is kept', async () => {
  const { ref, settled, bodies } = await start(1);
  const sent = ref.send({ type: 'add', item: 1, text: 'x'.repeat(limits.largeBytes) });
  await expect(settled(sent)).rejects.toMatchObject({ code: 'not_serializable' });
  expect(await bodies()).toEqual([]);
});

it('a body that no message names is swept away after an hour; one that is named stays', async () => {
  const { world, nodes, client, settled, bodies } = await start(1);
  const subject = client.inboxSubject({ type: 'notes', key: 'main' });
  const connection = world.connect('sweeper');
  const store = connection.blobs({ name: 'BODIES' });
  const stream = await settled(connection.openInbox({ name: 'INBOX', subjects: client.inboxSubjects }));
  const { clock, random } = world;
  const { transport } = connection;
  const inbox = new LargeInbox({ inbox: stream, bodies: store, transport, clock, random, logger: silentLogger });
  for (const { system } of nodes) world.network.crash(system.node);
  await settled(client.entity(notes, 'main').send(message(0)));
  await settled(store.put(`${subject} ${clock.now().toString(36)} orphan`, new Uint8Array(10)));
  await settled(client.stop()); // an hour of beats takes long to simulate
  await clock.advance(limits.largeUnnamedMs - 60_000);
  await settled(inbox.sweep());
  expect(await bodies()).toHaveLength(2);
  await clock.advance(120_000);
  await settled(inbox.sweep());
  expect((await bodies()).map((name) => name.endsWith('orphan'))).toEqual([false]);
});

it('a message whose body is gone goes to the dead letters, and the next ones are handled', async () => {
  const { world, nodes, ref, node, settled, until, bodies } = await start(1);
  for (const { system } of nodes) world.network.crash(system.node);
  await settled(ref.send(message(0)));
  await settled(ref.send(message(1)));
  const store = world.connect('vandal').blobs({ name: 'BODIES' });
  for (const name of await bodies()) await settled(store.remove(name));
  await node('n4');
  expect(await until(1)).toEqual([[1, 10]]);
});
