/** What a node promises of messages that it sends into inboxes. */
import { jsonCodec } from '@jaegis/codec';
import { type InboxStream, limits, StorageUnavailableError } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { InboxSender } from './inbox-sender.ts';

const cart = (key: string) => ({ type: 'cart', key });

/** A sender whose puts end when and as the test says. */
function sending() {
  const world = createSimWorld({ seed: 1 });
  const puts: string[] = [];
  const state = { put: () => Promise.resolve() };
  const inbox: Pick<InboxStream, 'put'> = {
    put: async (_subject, _data, { id }) => {
      puts.push(id);
      await state.put();
      return { sequence: puts.length, isRepeated: false };
    },
  };
  const sender = new InboxSender({
    cluster: 'c',
    node: 'n1',
    inbox: inbox as InboxStream, // only put is used
    codec: jsonCodec(),
    clock: world.clock,
    random: world.random,
  });
  return { world, sender, state, puts };
}

const never = () => new Promise<void>(() => {});

test('messages to one entity are put one after the other, in order', async () => {
  const { world, sender, puts } = sending();
  const sends = ['a', 'b', 'c'].map((id) => sender.send(cart('1'), { type: 'x' }, { id }));
  await world.clock.runUntilSettled(Promise.all(sends));
  expect(puts).toEqual(['cart/1:a', 'cart/1:b', 'cart/1:c']);
});

test('more messages to one entity than may wait are refused with the limit, and others are taken', async () => {
  const { sender, state, puts } = sending();
  state.put = never;
  for (let n = 0; n < limits.sendsWaiting; n++) void sender.send(cart('1'), { type: 'x' }, {});
  await expect(sender.send(cart('1'), { type: 'x' }, {})).rejects.toMatchObject({
    code: 'overloaded',
    data: { limit: limits.sendsWaiting, option: 'sendsWaiting' },
  });
  void sender.send(cart('2'), { type: 'x' }, { id: 'other' });
  await Promise.resolve();
  expect(puts.at(-1)).toBe('cart/2:other');
});

test('more bytes than may wait are refused with the limit, until they are kept', async () => {
  const { world, sender, state } = sending();
  const put = Promise.withResolvers<void>();
  state.put = () => put.promise;
  const text = 'x'.repeat(limits.sendBytesWaiting / 10);
  const large = { type: 'x', text };
  const larger = { type: 'x', text: text + text };
  const sends = Array.from({ length: 9 }, (_, n) => sender.send(cart(`${n}`), large, {}));
  await expect(sender.send(cart('9'), larger, {})).rejects.toMatchObject({
    code: 'overloaded',
    data: { option: 'sendBytesWaiting' },
  });
  put.resolve();
  await world.clock.runUntilSettled(Promise.all(sends));
  await world.clock.runUntilSettled(sender.send(cart('9'), larger, {}));
});

test('a message whose time was up while those before it were tried is not put any more', async () => {
  const { world, sender, state, puts } = sending();
  state.put = () => Promise.reject(new StorageUnavailableError('No leader.'));
  const first = expect(sender.send(cart('1'), { type: 'x' }, { id: 'a', timeoutMs: 1_000 })).rejects.toThrow();
  const second = sender.send(cart('1'), { type: 'x' }, { id: 'b', timeoutMs: 500 });
  const ended = expect(second).rejects.toMatchObject({ code: 'storage_unavailable' });
  await world.clock.advance(3_000);
  await Promise.all([first, ended]);
  expect(puts).not.toContain('cart/1:b');
});
