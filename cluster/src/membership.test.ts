/** Who may join, and what a member does while its own connection is in trouble. */
import { binaryCodec } from '@jaegis/codec';
import { incarnation, nodeId, silentLogger, type Transport, TransportUnavailableError } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { describe, expect, it, test } from 'vitest';
import { Membership, type MembershipEvent, type MembershipOptions } from './membership.ts';

const SILENT_MS = 5_000;

function cluster() {
  const world = createSimWorld({ seed: 1 });
  const codec = binaryCodec();
  let lives = 0;
  /** @param from The name of its connection, where it is another one. */
  const make = async (name: string, { from = name, ...more }: Partial<MembershipOptions> & { from?: string } = {}) => {
    const { transport, openJournal, heart } = world.connect(from);
    const log = openJournal({ name: 'HEALTH', subjects: ['jaegis.c.health'], historyPerSubject: 1_000 });
    const membership = new Membership({
      cluster: 'c',
      self: { id: nodeId(name), incarnation: incarnation(`${name}-${++lives}`) },
      member: true,
      transport,
      journal: await world.clock.runUntilSettled(log),
      codec,
      clock: world.clock,
      random: world.random.fork(from),
      logger: silentLogger,
      heart: heart({ cluster: 'c' }),
      load: () => ({ waiting: 0, heapBytes: 0, ready: true }),
      ...more,
    });
    const events: MembershipEvent[] = [];
    membership.onEvent((event) => events.push(event));
    const ids = () => membership.view.members.map(({ id }) => id);
    return { membership, transport, events, ids };
  };
  const start = (...made: readonly Awaited<ReturnType<typeof make>>[]) =>
    world.clock.runUntilSettled(Promise.all(made.map(({ membership }) => membership.start())));
  const join = async (...args: Parameters<typeof make>) => {
    const made = await make(...args);
    await start(made);
    return made;
  };
  return { world, codec, make, start, join };
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

test('a member whose send buffer was full takes up where it was: nothing it had to say ended anything', async () => {
  const { world, join } = cluster();
  const first = await join('n1');
  await join('n2');
  await world.clock.advance(500);
  const empty = fill(first.transport);
  world.network.crash('n2');
  await world.clock.advance(SILENT_MS);
  // It could not even ask itself.
  expect(first.ids()).toEqual(['n1', 'n2']);
  empty();
  await world.clock.advance(SILENT_MS);
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

test('a member that changes servers while nothing can be written, and beats again, is not taken out', async () => {
  const { world, join } = cluster();
  const [first, second] = [await join('n1'), await join('n2')];
  await world.clock.advance(500);
  world.storage.isAvailable = false;
  world.network.disconnect('n2');
  await world.clock.advance(400);
  expect(first.events).toContainEqual(expect.objectContaining({ type: 'node_suspected', suspect: 'n2' }));
  world.network.reconnect('n2');
  await world.clock.advance(1_000);
  world.storage.isAvailable = true;
  await world.clock.advance(SILENT_MS);
  expect(first.ids()).toEqual(['n1', 'n2']);
  expect(second.events).not.toContainEqual(expect.objectContaining({ type: 'node_removed' }));
});

describe('joining', () => {
  it('of many at once changes the view a few times, not once for each', async () => {
    const { make, start, join } = cluster();
    const first = await join('n00');
    const { epoch } = first.membership.view;
    const others: Awaited<ReturnType<typeof make>>[] = [];
    for (let number = 1; number <= 40; number++) others.push(await make(`n${String(number).padStart(2, '0')}`));
    await start(...others);
    expect(first.ids()).toHaveLength(41);
    expect(first.membership.view.epoch - epoch).toBeLessThan(10);
  });

  it('under the name of a node that lives is refused; once that one is dead it is replaced', async () => {
    const { world, join } = cluster();
    const first = await join('n1');
    await join('n2');
    await world.clock.advance(500);
    await expect(join('n2', { from: 'elsewhere' })).rejects.toMatchObject({
      code: 'name_taken',
      data: { node: 'n2' },
    });
    expect(first.ids()).toEqual(['n1', 'n2']);
    world.network.crash('n2');
    const heir = await join('n2', { from: 'elsewhere' });
    expect(heir.ids()).toEqual(['n1', 'n2']);
    expect(heir.membership.table.departed).toMatchObject([{ member: { id: 'n2' }, status: 'down' }]);
  });

  it('with another protocol than the cluster speaks is refused with both named', async () => {
    const { join } = cluster();
    await join('n1');
    await expect(join('n2', { protocol: 99 })).rejects.toMatchObject({
      code: 'cluster_mismatch',
      data: { protocol: 99, spoken: 1 },
    });
  });

  it('a later life keeps weight and labels', async () => {
    const { world, join } = cluster();
    const first = await join('n1');
    const self = { id: nodeId('n2'), incarnation: incarnation('before'), weight: 3, labels: ['gpu'] };
    const second = await join('n2', { self });
    await world.clock.advance(500);
    world.network.disconnect('n2');
    await world.clock.advance(SILENT_MS);
    expect(first.ids()).toEqual(['n1']);
    world.network.reconnect('n2');
    await world.clock.advance(SILENT_MS);
    const [, again] = first.membership.view.members;
    expect(again).toMatchObject({ id: 'n2', weight: 3, labels: ['gpu'] });
    expect(again?.incarnation).not.toBe('before');
    expect(again).toMatchObject(second.membership.self);
  });
});

describe('draining', () => {
  it('is in the view of all, once, and ends with the life', async () => {
    const { world, join } = cluster();
    const [first, second] = [await join('n1'), await join('n2')];
    await world.clock.runUntilSettled(second.membership.drain());
    await world.clock.runUntilSettled(second.membership.drain());
    await world.clock.advance(100);
    const { epoch } = first.membership.view;
    expect(first.membership.view.members).toMatchObject([{ id: 'n1' }, { id: 'n2', draining: true }]);
    expect(first.membership.health()).toMatchObject([{ status: 'alive' }, { status: 'draining', reason: 'draining' }]);
    await world.clock.runUntilSettled(second.membership.stop());
    await world.clock.advance(100);
    expect(first.membership.view).toMatchObject({ epoch: epoch + 1, members: [{ id: 'n1' }] });
    expect(first.membership.table.departed).toMatchObject([{ member: { id: 'n2' }, reason: 'left' }]);
  });

  it('of the leader lets another one lead, and nobody is declared down', async () => {
    const { world, join } = cluster();
    const [first, second] = [await join('n1'), await join('n2')];
    expect(first.membership.isLeader).toBe(true);
    await world.clock.runUntilSettled(first.membership.drain());
    await world.clock.runUntilSettled(first.membership.stop());
    await world.clock.advance(1_000);
    expect(second.membership.isLeader).toBe(true);
    expect(second.events).not.toContainEqual(expect.objectContaining({ type: 'node_down' }));
  });
});

test.each([
  ['entry', { sequence: 99 }],
  ['entry', { sequence: 9, previous: 8, entry: { kind: 'join' } }],
  ['entry', undefined],
  ['leads', { term: 'x' }],
  ['leads', { term: 99, leader: { id: 'n9', incarnation: 'x' }, index: 99 }],
  ['vote', { pre: true }],
  ['agree', { term: 1, of: [7] }],
  ['leader', { kind: 'join' }],
  ['leader', { kind: 'report', by: { id: 'n1', incarnation: 'n1-1' }, observations: [7] }],
])('what says "%s" and is none changes nothing: %j', async (word, value) => {
  const { world, codec, join } = cluster();
  const first = await join('n1');
  await world.clock.advance(200);
  const { table } = first.membership;
  const other = world.connect('other').transport;
  other.publish(`jaegis.c.consensus.${word}`, codec.encode(value), { replyTo: 'jaegis.c.answer' });
  await world.clock.advance(500);
  expect(first.membership.table).toBe(table);
  expect(first.membership).toMatchObject({ standing: 'serving', isLeader: true });
});

describe('in a cluster of more members than a member watches', () => {
  async function large(count: number) {
    const { world, make, start } = cluster();
    const nodes: Awaited<ReturnType<typeof make>>[] = [];
    for (let number = 1; number <= count; number++) nodes.push(await make(`n${number}`));
    await start(...nodes);
    await world.clock.advance(3_000);
    const sent = { questions: 0, pings: 0 };
    world.network.watch(({ subject, to }) => {
      if (to !== undefined) return;
      if (subject === 'jaegis.c.consensus.agree') sent.questions++;
      if (subject.endsWith('.ping')) sent.pings++;
    });
    return { world, nodes, sent };
  }

  it('one that hangs is given up, though most of those that agree did not watch it', async () => {
    const { world, nodes } = await large(41);
    const [first] = nodes;
    world.network.freeze('n7');
    await world.clock.advance(2_000);
    expect(first?.ids()).toHaveLength(40);
    expect(first?.ids()).not.toContain('n7');
  });

  it('one half that is cut off from the other is given up at once, after a few questions', async () => {
    const { world, nodes, sent } = await large(41);
    const names = nodes.map(({ membership }) => membership.self.id);
    for (const a of names.slice(0, 21)) for (const b of names.slice(21)) world.network.cut(a, b);
    await world.clock.advance(SILENT_MS);
    const seen = new Set(nodes.map(({ ids }) => ids().length));
    expect([...seen].some((count) => count === 20 || count === 21)).toBe(true);
    expect(sent.questions).toBeLessThan(20);
  });
});
