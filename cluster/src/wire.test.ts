import type { Ask } from '@jaegis/actors';
import { NoSuchActorError } from '@jaegis/core';
import { expect, test } from 'vitest';
import { type Any, asking, echo, here, member, pair, there } from './wire.test-pair.ts';

/** A packet with one frame of this kind. */
function strange(kind: number): Uint8Array {
  return Uint8Array.of(0x4a, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, kind, 0, 0, 0, 0, 1, 0, 0, 0, 1, 7);
}

test('what one turn has for a node travels as one packet, in order, and so do the replies', async () => {
  const heard: unknown[] = [];
  const { world, mine, packets } = await pair((to, message, ask) => {
    heard.push([to, message.type]);
    ask?.reply(`to ${message.type}`);
  });
  mine.tell(there, '/user/a', { type: 'first' });
  const replies = [1, 2, 3].map((n) => mine.ask(there, 'there/user/a', asking({ type: `ask ${n}` }), undefined));
  mine.tell(there, ['cart', 'k'], { type: 'last' });
  expect(await world.clock.runUntilSettled(Promise.all(replies))).toEqual(['to ask 1', 'to ask 2', 'to ask 3']);
  expect(heard).toEqual([
    ['/user/a', 'first'],
    ['/user/a', 'ask 1'],
    ['/user/a', 'ask 2'],
    ['/user/a', 'ask 3'],
    [['cart', 'k'], 'last'],
  ]);
  expect(packets).toHaveLength(1);
});

test('what is more than a packet holds leaves in several, in order', async () => {
  const heard: number[] = [];
  const { world, mine, packets } = await pair((_to, message) => heard.push(message.n as number));
  const tell = (message: Any) => mine.tell(there, '/user/a', message);
  for (let n = 0; n < 2_000; n++) tell({ type: 'n', n, padding: 'x'.repeat(100) });
  await world.clock
    .runUntilSettled(mine.ask(there, 'there', asking({ type: 'n', n: -1 }, 50), undefined))
    .catch(() => {});
  expect(heard).toEqual([...Array.from({ length: 2_000 }, (_, n) => n), -1]);
  expect(packets.length).toBeGreaterThan(1);
});

test('a message changed after it was sent arrives as it was', async () => {
  const { world, mine } = await pair(echo);
  const message = { type: 'x', list: [1] };
  const reply = mine.ask(there, 'there', asking(message), undefined);
  message.list.push(2);
  expect(await world.clock.runUntilSettled(reply)).toEqual({ type: 'x', list: [1] });
});

test('the time that an asker has left travels with its ask', async () => {
  const { world, mine } = await pair((_to, _message, ask) => ask?.reply(ask.limitMs));
  expect(await world.clock.runUntilSettled(mine.ask(there, 'there', asking({ type: 'x' }, 750), undefined))).toBe(750);
});

test('an ask ends when its time is up, and a reply that comes later is dropped', async () => {
  const late: Ask[] = [];
  const { world, mine } = await pair((_to, _message, ask) => ask && late.push(ask));
  const reply = mine.ask(there, 'there/user/a', asking({ type: 'x' }, 100), undefined);
  await expect(world.clock.runUntilSettled(reply)).rejects.toMatchObject({ code: 'ask_timeout' });
  for (const ask of late) ask.reply('too late');
  expect(
    await world.clock.runUntilSettled(mine.ask(there, 'there', asking({ type: 'y' }, 10), undefined).catch(() => 0)),
  ).toBe(0);
});

test('an ask ends at once when its asker gives it up', async () => {
  const { world, mine } = await pair(() => {});
  const began = world.clock.monotonic();
  const controller = new AbortController();
  const reply = mine.ask(there, 'there', asking({ type: 'x' }), controller.signal);
  controller.abort();
  await expect(reply).rejects.toMatchObject({ code: 'cancelled' });
  const given = mine.ask(there, 'there', asking({ type: 'x' }), controller.signal);
  await expect(given).rejects.toMatchObject({ code: 'cancelled' });
  expect(world.clock.monotonic()).toBe(began);
});

test('an ask that its asker gives up, or whose time is up, ends at the node that it went to', async () => {
  const asks: Ask[] = [];
  const { world, mine } = await pair((_to, _message, ask) => ask && asks.push(ask));
  const controller = new AbortController();
  const given = mine.ask(there, 'there', asking({ type: 'given up' }), controller.signal).catch(() => 'given up');
  const late = mine.ask(there, 'there', asking({ type: 'late' }, 100), undefined).catch(() => 'late');
  const kept = mine.ask(there, 'there', asking({ type: 'kept' }), undefined);
  await world.clock.advance(50);
  const aborted = () => asks.map(({ isOpen, signal }) => [isOpen, signal.aborted]);
  expect(aborted()).toEqual([
    [true, false],
    [true, false],
    [true, false],
  ]);
  controller.abort();
  await world.clock.advance(20);
  expect(aborted().slice(0, 2)).toEqual([
    [false, true],
    [true, false],
  ]);
  await world.clock.advance(100);
  expect(aborted().slice(1)).toEqual([
    [false, true],
    [true, false],
  ]);
  for (const ask of asks) ask.reply('reply');
  expect(await world.clock.runUntilSettled(Promise.all([given, late, kept]))).toEqual(['given up', 'late', 'reply']);
});

test('an error comes back as what it was', async () => {
  const { world, mine } = await pair(() => {
    throw new NoSuchActorError('No actor lives there.', { data: { path: '/user/a' } });
  });
  await expect(
    world.clock.runUntilSettled(mine.ask(there, 'there', asking({ type: 'x' }), undefined)),
  ).rejects.toMatchObject({ code: 'no_such_actor', data: { path: '/user/a' } });
});

test('asks to a node that nobody runs end as soon as the server says so', async () => {
  const { world, mine } = await pair(echo);
  const nobody = member('nobody');
  const asks = [1, 2].map(() => mine.ask(nobody, 'nobody', asking({ type: 'x' }), undefined));
  const alive = mine.ask(there, 'there', asking({ type: 'x' }), undefined);
  const settled = await world.clock.runUntilSettled(Promise.allSettled([...asks, alive]));
  expect(settled).toMatchObject([
    { status: 'rejected', reason: { code: 'node_down', data: { node: 'nobody' } } },
    { status: 'rejected', reason: { code: 'node_down' } },
    { status: 'fulfilled' },
  ]);
});

test('asks to a node that has left the view end, and those to others do not', async () => {
  const { world, mine } = await pair(() => {});
  const gone = mine.ask(there, 'there', asking({ type: 'x' }), undefined);
  mine.onView({ epoch: 2, members: [here] });
  await expect(world.clock.runUntilSettled(gone)).rejects.toMatchObject({ code: 'node_down' });
});

test('what cannot be carried is refused to its sender, and what was sent beside it arrives', async () => {
  const { world, mine } = await pair(echo);
  const good = mine.ask(there, 'there', asking({ type: 'x' }), undefined);
  const refused = expect.objectContaining({ code: 'not_serializable' });
  const bad: Any = { type: 'x', f: () => {} };
  expect(() => mine.tell(there, '/user/a', bad)).toThrow(refused);
  await expect(mine.ask(there, 'there', asking(bad), undefined)).rejects.toEqual(refused);
  expect(await world.clock.runUntilSettled(good)).toEqual({ type: 'x' });
});

test('bytes that are no packet harm nobody', async () => {
  const { world, mine } = await pair(echo);
  const { transport } = world.connect('stranger');
  transport.publish('jaegis.c.node.there.1.in', Uint8Array.of(1, 2, 3), { replyTo: 'nowhere.1' });
  transport.publish('jaegis.c.node.there.1.in', strange(99), { replyTo: 'nowhere.1' });
  expect(await world.clock.runUntilSettled(mine.ask(there, 'there', asking({ type: 'x' }), undefined))).toEqual({
    type: 'x',
  });
});
