/** The faults. What holds without them is in test/contract. */
import type { Delivery } from '@jaegis/core';
import { expect, test } from 'vitest';
import { createSimWorld, type SimConnection, type SimWorld } from './sim-world.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);

function listen({ transport }: SimConnection, subject: string): Delivery[] {
  const got: Delivery[] = [];
  transport.subscribe(subject, (delivery) => got.push(delivery));
  return got;
}

async function openLog(world: SimWorld, node = 'a') {
  const connection = world.connect(node);
  const options = { name: 'log', subjects: ['log.>'], historyPerSubject: 8 };
  return { connection, journal: await connection.openJournal(options) };
}

/** What happened, with its time: two nodes that talk over a network with latency. */
async function conversation(seed: number): Promise<string[]> {
  const world = createSimWorld({ seed });
  const [a, b] = [world.connect('a'), world.connect('b')];
  const seen: string[] = [];
  for (const queue of ['first', 'second']) {
    b.transport.subscribe('work', ({ data }) => seen.push(`${queue} got ${text(data)} at ${world.clock.monotonic()}`), {
      queue: 'workers',
    });
  }
  await world.clock.advance(5);
  for (let index = 0; index < 20; index++) a.transport.publish('work', bytes(`${index}`));
  await world.clock.advance(50);
  return seen;
}

test('the same seed gives the same run, another seed another one', async () => {
  expect(await conversation(1)).toEqual(await conversation(1));
  expect(await conversation(1)).not.toEqual(await conversation(2));
});

test('a message takes the latency up and the latency down', async () => {
  const world = createSimWorld({ seed: 1, latency: { minMs: 10, maxMs: 10 } });
  const [a, b] = [world.connect('a'), world.connect('b')];
  const got = listen(b, 'x');
  await world.clock.advance(10);
  a.transport.publish('x', bytes('hello'));
  await world.clock.advance(19.5);
  expect(got).toEqual([]);
  await world.clock.advance(1);
  expect(got).toHaveLength(1);
});

test('who asks a node that crashed is told that nobody listens', async () => {
  const world = createSimWorld({ seed: 1 });
  const [a, b] = [world.connect('a'), world.connect('b')];
  const asked = listen(b, 'question');
  const answers = listen(a, 'answer');
  await world.clock.advance(5);
  world.network.crash('b');
  a.transport.publish('question', bytes('?'), { replyTo: 'answer' });
  await world.clock.advance(5);
  expect(answers.map(({ noResponders }) => noResponders)).toEqual([true]);
  expect(asked).toEqual([]);
});

test('a node that crashed is not heard, hears nothing and gets no answer, and can start again under its name', async () => {
  const world = createSimWorld({ seed: 1 });
  const [a, b] = [world.connect('a'), world.connect('b')];
  const [old, heard] = [listen(b, 'to.b'), listen(a, 'to.a')];
  const { journal } = await openLog(world, 'c');
  const settled: string[] = [];
  world.network.crash('c');
  void journal.last('log.a').finally(() => settled.push('read'));
  void b.transport.flush().finally(() => settled.push('flushed'));
  world.network.crash('b');
  b.transport.publish('to.a', bytes('from the dead'));
  const again = world.connect('b');
  const fresh = listen(again, 'to.b');
  await world.clock.advance(5);
  a.transport.publish('to.b', bytes('welcome'));
  await world.clock.advance(20_000);
  expect([old.length, heard.length, fresh.length, settled]).toEqual([0, 0, 1, []]);
});

test('a partition drops silently, both ways, between the two only, until it heals', async () => {
  const world = createSimWorld({ seed: 1 });
  const [a, b, c] = [world.connect('a'), world.connect('b'), world.connect('c')];
  const [atA, atB, atC] = [listen(a, 'to.>'), listen(b, 'to.>'), listen(c, 'to.>')];
  await world.clock.advance(5);
  world.network.cut('b', 'a');
  a.transport.publish('to.all', bytes('from a'), { replyTo: 'to.answer' });
  b.transport.publish('to.all', bytes('from b'));
  await world.clock.advance(5);
  const seen = [atA, atB, atC].map((got) => got.map(({ data }) => text(data)).sort());
  expect(seen).toEqual([['from a'], ['from b'], ['from a', 'from b']]);
  world.network.heal('a', 'b');
  a.transport.publish('to.all', bytes('healed'));
  await world.clock.advance(5);
  expect(text(atB.at(-1)?.data)).toBe('healed');
});

test('a lost answer is an unknown outcome, and the record is there', async () => {
  const world = createSimWorld({ seed: 1 });
  const { journal } = await openLog(world);
  world.storage.loseAnswers(1);
  const append = journal.append('log.a', bytes('1'), { expectedSequence: 0 });
  await expect(world.clock.runUntilSettled(append)).rejects.toMatchObject({ code: 'outcome_unknown' });
  const newest = await world.clock.runUntilSettled(journal.last('log.a'));
  expect(text(newest?.data)).toBe('1');
  const next = journal.append('log.a', bytes('2'), { expectedSequence: newest?.sequence ?? 0 });
  expect(await world.clock.runUntilSettled(next)).toBe(2);
});

test('an append whose connection is lost before its answer is of unknown outcome', async () => {
  const world = createSimWorld({ seed: 1, latency: { minMs: 10, maxMs: 10 } });
  const { journal } = await openLog(world);
  const append = journal.append('log.a', bytes('1'), { expectedSequence: 0 });
  const outcome = expect(append).rejects.toMatchObject({ code: 'outcome_unknown' });
  await world.clock.advance(15);
  world.network.disconnect('a');
  await outcome;
  world.network.reconnect('a');
  expect(text((await world.clock.runUntilSettled(journal.last('log.a')))?.data)).toBe('1');
});

test('without a leader every call is refused and nothing is written', async () => {
  const world = createSimWorld({ seed: 1 });
  const { connection, journal } = await openLog(world);
  const store = await connection.openStore({ name: 'settings' });
  world.storage.isAvailable = false;
  const refused = { code: 'storage_unavailable' };
  const calls = [
    () => journal.append('log.a', bytes('1'), { expectedSequence: 0 }),
    () => journal.last('log.a'),
    () => store.put('a', bytes('1'), { expectedRevision: 0 }),
  ];
  for (const call of calls) await expect(world.clock.runUntilSettled<unknown>(call())).rejects.toMatchObject(refused);
  world.storage.isAvailable = true;
  expect(await world.clock.runUntilSettled(journal.last('log.a'))).toBeUndefined();
  expect(await world.clock.runUntilSettled(store.get('a'))).toBeUndefined();
});

test('a writer does not change a record by changing the bytes it gave', async () => {
  const world = createSimWorld({ seed: 1 });
  const { journal } = await openLog(world);
  const data = bytes('kept');
  const append = journal.append('log.a', data, { expectedSequence: 0 });
  data.fill(0);
  await world.clock.runUntilSettled(append);
  expect(text((await world.clock.runUntilSettled(journal.last('log.a')))?.data)).toBe('kept');
});
