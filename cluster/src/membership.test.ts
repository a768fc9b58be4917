/** What a member does while its own connection is in trouble. */
import { binaryCodec } from '@jaegis/codec';
import { incarnation, nodeId, silentLogger, type Transport, TransportUnavailableError } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { Membership, type MembershipEvent } from './membership.ts';

const SILENT_MS = 5_000;

function cluster() {
  const world = createSimWorld({ seed: 1 });
  const codec = binaryCodec();
  const join = async (name: string) => {
    const { transport, openJournal, heart } = world.connect(name);
    const views = openJournal({ name: 'VIEW', subjects: ['jaegis.c.view'], historyPerSubject: 64 });
    const membership: Membership = new Membership({
      cluster: 'c',
      self: { id: nodeId(name), incarnation: incarnation(`${name}-1`) },
      member: true,
      transport,
      journal: await world.clock.runUntilSettled(views),
      codec,
      clock: world.clock,
      random: world.random.fork(name),
      logger: silentLogger,
      heart: heart({ cluster: 'c' }),
      load: () => ({ index: 0, epoch: membership.view.epoch, waiting: 0, heapBytes: 0, ready: true }),
    });
    const events: MembershipEvent[] = [];
    membership.onEvent((event) => events.push(event));
    await world.clock.runUntilSettled(membership.start());
    const ids = () => membership.view.members.map(({ id }) => id);
    return { membership, transport, events, ids };
  };
  return { world, codec, join };
}

/** Fills the send buffer of a transport, until the returned function is called. */
function fill(transport: Transport): () => void {
  const { publish } = transport;
  transport.publish = () => {
    throw new TransportUnavailableError('The buffer is full.');
  };
  return () => {
    transport.publish = publish;
  };
}

test('a member whose send buffer is full still sees who falls silent, and proposes it', async () => {
  const { world, join } = cluster();
  const first = await join('n1');
  await join('n2');
  await world.clock.advance(500);
  fill(first.transport);
  world.network.crash('n2');
  await world.clock.advance(SILENT_MS);
  expect(first.events).toContainEqual(expect.objectContaining({ type: 'node_down', down: 'n2' }));
  expect(first.ids()).toEqual(['n1']);
});

test('a listener that throws ends neither beats nor looks', async () => {
  const { world, join } = cluster();
  const first = await join('n1');
  await join('n2');
  first.membership.onEvent(({ type }) => {
    if (type === 'node_suspected') throw new Error('broken listener');
  });
  await world.clock.advance(500);
  world.network.crash('n2');
  await world.clock.advance(SILENT_MS);
  expect(first.ids()).toEqual(['n1']);
});

test('beats are not kept for a connection that is lost: one that comes back does not say how it was before', async () => {
  const { world, join } = cluster();
  const first = await join('n1');
  const spy = world.connect('spy').transport;
  let beats = 0;
  spy.subscribe('jaegis.c.beat.n1', () => beats++);
  await world.clock.runUntilSettled(spy.flush());
  world.network.disconnect('n1');
  await world.clock.advance(1_000);
  expect(beats).toBe(0);
  world.network.reconnect('n1');
  await world.clock.runUntilSettled(first.transport.flush());
  expect(beats).toBe(0);
  await world.clock.advance(1_000);
  expect(beats).toBeGreaterThanOrEqual(9);
});

test('a member that changes servers while the view cannot be written, and beats again, is not taken out', async () => {
  const { world, join } = cluster();
  const [first, second] = [await join('n1'), await join('n2')];
  await world.clock.advance(500);
  world.storage.isAvailable = false;
  world.network.disconnect('n2');
  await world.clock.advance(400);
  expect(first.events).toContainEqual(expect.objectContaining({ type: 'node_down', down: 'n2', noResponders: true }));
  world.network.reconnect('n2');
  await world.clock.advance(1_000);
  world.storage.isAvailable = true;
  await world.clock.advance(SILENT_MS);
  expect(first.ids()).toEqual(['n1', 'n2']);
  expect(second.events).not.toContainEqual(expect.objectContaining({ type: 'node_removed' }));
});

test.each([
  ['viewed', { members: [] }],
  ['viewed', { epoch: 'x', members: [] }],
  ['viewed', { epoch: 9, members: [{ id: 'n1' }] }],
  ['viewed', undefined],
])('what says "%s" and is none changes nothing: %j', async (word, value) => {
  const { world, codec, join } = cluster();
  const first = await join('n1');
  const { view } = first.membership;
  world.connect('other').transport.publish(`jaegis.c.${word}`, codec.encode(value));
  await world.clock.advance(500);
  expect(first.membership.view).toBe(view);
  expect(first.membership.health()).toMatchObject([{ node: 'n1', status: 'up' }]);
});
