/** What a wire promises of messages that are larger than the server takes. */
import { limits, OutcomeUnknownError, StorageUnavailableError, type View } from '@jaegis/core';
import { expect, test } from 'vitest';
import { type Any, asking, here, pair, there } from './wire.test-pair.ts';

const LARGE = 50_000;
const MOST = 4_096;
const large = (n: number): Any => ({ type: 'large', n, text: 'x'.repeat(LARGE) });
const small = (n: number): Any => ({ type: 'small', n });

async function listening() {
  const heard: Any[] = [];
  const both = await pair((_to, message, ask) => {
    heard.push(message);
    ask?.reply(message);
  }, MOST);
  return { ...both, heard };
}

test('they arrive whole, in their place among the others', async () => {
  const { world, mine, heard } = await listening();
  const messages = [small(0), large(1), small(2), large(3), large(4), small(5)];
  for (const message of messages) mine.tell(there, '/user/a', message);
  await world.clock.advance(1_000);
  expect(heard).toEqual(messages);
  mine.tell(there, '/user/a', small(6));
  await world.clock.advance(10);
  expect(heard.at(-1)).toEqual(small(6));
  await world.clock.advance(1_000);
  expect(mine.traffic).toEqual([{ node: 'there', unacknowledgedBytes: 0, waitingBytes: 0 }]);
});

test('asks and replies are of any size, and nothing stays in the store', async () => {
  const { world, mine, blobs } = await listening();
  const asks = [large(1), small(2), large(3)].map((message) => mine.ask(there, 'there', asking(message), undefined));
  expect(await world.clock.runUntilSettled(Promise.all(asks))).toEqual([large(1), small(2), large(3)]);
  await world.clock.advance(1_000);
  expect(blobs.kept.size).toBe(0);
});

test('an error that is too large for a message arrives too', async () => {
  const { world, mine } = await pair((_to, _message, ask) => ask?.fail(new Error('x'.repeat(LARGE))), MOST);
  const reply = mine.ask(there, 'there', asking(small(1)), undefined);
  await expect(world.clock.runUntilSettled(reply)).rejects.toMatchObject({ message: expect.stringContaining('xxxx') });
});

test('what is too large even for that is refused', async () => {
  const { mine } = await listening();
  const huge: Any = { type: 'huge', text: 'x'.repeat(limits.largeBytes) };
  expect(() => mine.tell(there, '/user/a', huge)).toThrow(expect.objectContaining({ code: 'not_serializable' }));
});

test('one that cannot be put into the store goes back to its sender, and the others arrive', async () => {
  const { world, mine, heard, blobs, returned } = await listening();
  blobs.refuse = new StorageUnavailableError('as asked');
  const ask = mine.ask(there, 'there', asking(large(0), 120_000), undefined);
  mine.tell(there, '/user/a', large(1));
  mine.tell(there, '/user/a', small(2));
  await expect(world.clock.runUntilSettled(ask)).rejects.toMatchObject({ code: 'storage_unavailable' });
  await world.clock.advance(1_000);
  expect(heard).toEqual([small(2)]);
  expect(returned.flatMap(({ tells }) => tells)).toMatchObject([{ message: { n: 1 }, isUncertain: false }]);
});

test('what was not acknowledged by a node that is gone is given back whole', async () => {
  const { world, mine, returned } = await listening();
  world.network.cut('here', 'there');
  mine.tell(there, '/user/a', large(1));
  await world.clock.advance(100);
  mine.onView({ epoch: 2, members: [here] } as View);
  await world.clock.advance(1_000);
  expect(returned.flatMap(({ tells }) => tells)).toEqual([
    expect.objectContaining({ message: large(1), isUncertain: true }),
  ]);
});

test('a sender of many small ones behind a large one is slowed down as by any slow receiver', async () => {
  const { world, mine, heard, blobs } = await listening();
  const put = Promise.withResolvers<void>();
  blobs.before = put.promise;
  mine.tell(there, '/user/a', large(0));
  const tell = (n: number) => mine.tell(there, '/user/a', { ...small(n), text: 'x'.repeat(2_000) } as Any);
  for (let n = 1; n <= 1_000; n++) tell(n);
  await world.clock.advance(500);
  const [traffic] = mine.traffic;
  expect(traffic?.unacknowledgedBytes).toBeGreaterThan(limits.wireWindowBytes / 2);
  expect(traffic?.waitingBytes).toBeGreaterThan(0);
  expect(heard).toEqual([]);
  put.resolve();
  await world.clock.advance(1_000);
  expect(heard.map(({ n }) => n)).toEqual(Array.from({ length: 1_001 }, (_, n) => n));
});

test('of many large replies only a few are fetched at once', async () => {
  const { world, mine, blobs } = await pair((_to, _message, ask) => ask?.reply('x'.repeat(LARGE)), MOST);
  const asks = Array.from({ length: 30 }, (_, n) => mine.ask(there, 'there', asking(small(n)), undefined));
  await world.clock.runUntilSettled(Promise.all(asks));
  expect(blobs.mostFetching).toBe(limits.largeFetches);
});

test('one of which it is not known whether it is in the store goes back to its sender as uncertain', async () => {
  const { world, mine, returned, blobs } = await listening();
  blobs.refuse = new OutcomeUnknownError('No answer.');
  mine.tell(there, '/user/a', large(1));
  await world.clock.advance(20_000);
  blobs.refuse = new StorageUnavailableError('No leader.');
  await world.clock.advance(40_000);
  expect(returned.flatMap(({ tells }) => tells)).toMatchObject([
    { message: { n: 1 }, isUncertain: true, error: { cause: { code: 'outcome_unknown' } } },
  ]);
});

test('an ask that is given up while it waits behind a large message is not handled', async () => {
  const { world, mine, heard, blobs } = await listening();
  let put = () => {};
  blobs.before = new Promise((resolve) => {
    put = resolve;
  });
  mine.tell(there, '/user/a', large(1));
  const controller = new AbortController();
  const ask = mine.ask(there, 'there', asking(small(2)), controller.signal);
  await world.clock.advance(100);
  controller.abort();
  await expect(ask).rejects.toMatchObject({ code: 'cancelled' });
  await world.clock.advance(100);
  put();
  await world.clock.advance(1_000);
  expect(heard).toEqual([large(1)]);
});
