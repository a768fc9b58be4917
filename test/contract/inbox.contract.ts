/** The obligations of the inbox port, for any adapter. */
import type { InboxMessage, InboxStream } from '@jaegis/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytes, eventually, type InboxWishes, text, uniqueName, until, type World } from './world.ts';

export function inboxContract(adapter: string, makeWorld: () => World): void {
  describe(`inbox, ${adapter}`, () => {
    const world = makeWorld();
    puts(world);
    remembersIds(world);
    feeds(world);
    schedules(world);
    survivesALoss(world);
  });
}

/** An inbox of its own, whose subjects begin with its name. */
async function openNew(world: World, wishes: Partial<InboxWishes> = {}) {
  const name = uniqueName();
  const options = { name, subjects: [`${name}.>`], ...wishes };
  const connection = await world.connect();
  return { name, options, connection, inbox: await connection.openInbox(options) };
}

const contents = (messages: readonly InboxMessage[]) =>
  messages.map(({ subject, data }) => `${subject.slice(subject.indexOf('.') + 1)}: ${text(data)}`);

async function allOf(messages: AsyncIterable<InboxMessage>): Promise<InboxMessage[]> {
  const all: InboxMessage[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

async function putAll(inbox: InboxStream, subject: string, texts: readonly string[]): Promise<number[]> {
  const sequences: number[] = [];
  for (const item of texts) {
    sequences.push((await inbox.put(subject, bytes(item), { id: `${subject}/${item}` })).sequence);
  }
  return sequences;
}

/** Collects a feed until the test is over. */
function collect(inbox: InboxStream, filters: readonly string[]) {
  const stop = new AbortController();
  const seen: InboxMessage[] = [];
  const reading = (async () => {
    for await (const message of inbox.feed(filters, stop.signal)) seen.push(message);
  })();
  const end = () => {
    stop.abort();
    return reading;
  };
  onTestFinished(end);
  return { seen, end };
}

function puts(world: World): void {
  test('messages of one subject are read in the order they were put', async () => {
    const { name, inbox } = await openNew(world);
    const [first = 0, second = 0] = await putAll(inbox, `${name}.a`, ['1', '2']);
    await putAll(inbox, `${name}.b`, ['3']);
    await putAll(inbox, `${name}.a`, ['4']);
    expect(second).toBeGreaterThan(first);
    expect(contents(await inbox.read(`${name}.a`, 1, 10))).toEqual(['a: 1', 'a: 2', 'a: 4']);
    expect(contents(await inbox.read(`${name}.a`, second, 1))).toEqual(['a: 2']);
    expect(await inbox.read(`${name}.c`, 1, 10)).toEqual([]);
  });

  test('many that are put at once by one sender keep their order', async () => {
    const { name, inbox } = await openNew(world);
    const texts = Array.from({ length: 100 }, (_, index) => `${index}`);
    await Promise.all(texts.map((item) => inbox.put(`${name}.a`, bytes(item), { id: item })));
    expect(contents(await inbox.read(`${name}.a`, 1, 200))).toEqual(texts.map((item) => `a: ${item}`));
  });

  test('all that match are given in order, up to the newest when they were asked for', async () => {
    const { name, inbox } = await openNew(world);
    expect(await allOf(inbox.kept(`${name}.>`))).toEqual([]);
    await putAll(inbox, `${name}.a`, ['1', '2']);
    await putAll(inbox, `${name}.b.c`, ['3']);
    await putAll(inbox, `${name}.a`, ['4']);
    await inbox.schedule(`${name}.timer.x`, bytes('later'), { atMs: Date.now() + 3_600_000, target: `${name}.a` });
    const seen: InboxMessage[] = [];
    for await (const message of inbox.kept(`${name}.*`)) {
      seen.push(message);
      await putAll(inbox, `${name}.a`, [`late ${seen.length}`]);
    }
    expect(contents(seen)).toEqual(['a: 1', 'a: 2', 'a: 4']);
    expect(contents(await allOf(inbox.kept(`${name}.b.>`)))).toEqual(['b.c: 3']);
  });

  test('a message that is taken off while all are given is not given any more', async () => {
    const { name, inbox } = await openNew(world);
    const [, second = 0] = await putAll(inbox, `${name}.a`, ['1', '2', '3']);
    const seen: InboxMessage[] = [];
    for await (const message of inbox.kept(`${name}.>`)) {
      if (seen.push(message) === 1) await inbox.remove(`${name}.a`, second);
    }
    expect(contents(seen)).toEqual(['a: 1', 'a: 3']);
  });

  test('a message whose id was put before is not put again', async () => {
    const { name, inbox } = await openNew(world);
    const first = await inbox.put(`${name}.a`, bytes('1'), { id: 'same' });
    const second = await inbox.put(`${name}.a`, bytes('1'), { id: 'same' });
    expect(first.isRepeated).toBe(false);
    expect(second).toEqual({ sequence: first.sequence, isRepeated: true });
    expect(contents(await inbox.read(`${name}.a`, 1, 10))).toEqual(['a: 1']);
  });

  test('an id is forgotten after its window', async () => {
    const { name, inbox } = await openNew(world, { duplicateWindowMs: 200 });
    expect(inbox.duplicateWindowMs).toBe(200);
    await inbox.put(`${name}.a`, bytes('1'), { id: 'same' });
    await eventuallyTrue(async () => !(await inbox.put(`${name}.a`, bytes('1'), { id: 'same' })).isRepeated);
    expect(await inbox.read(`${name}.a`, 1, 10)).toHaveLength(2);
  });

  test('what is taken off is gone, and no other', async () => {
    const { name, inbox } = await openNew(world);
    const [, second = 0] = await putAll(inbox, `${name}.a`, ['1', '2', '3']);
    await putAll(inbox, `${name}.b`, ['4']);
    await inbox.remove(`${name}.a`, second);
    expect(contents(await inbox.read(`${name}.a`, 1, 10))).toEqual(['a: 3']);
    expect(contents(await inbox.read(`${name}.b`, 1, 10))).toEqual(['b: 4']);
    await inbox.remove(`${name}.a`, second);
    await inbox.remove(`${name}.c`, 100);
  });

  test('a message to a subject that the inbox does not hold is refused', async () => {
    const { inbox } = await openNew(world);
    await expect(inbox.put(uniqueName(), bytes('x'), { id: 'x' })).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
  });

  test('many can open the same new inbox at once; one with other settings is refused', async () => {
    const name = uniqueName();
    const connections = await Promise.all(Array.from({ length: 4 }, () => world.connect()));
    const inboxes = await Promise.all(connections.map((it) => it.openInbox({ name, subjects: [`${name}.>`] })));
    await Promise.all(inboxes.map((inbox, index) => inbox.put(`${name}.a`, bytes('x'), { id: `${index}` })));
    expect(await inboxes[0]?.read(`${name}.a`, 1, 10)).toHaveLength(4);
    await expect(
      connections[0]?.openInbox({ name, subjects: [`${name}.>`], duplicateWindowMs: 500 }),
    ).rejects.toMatchObject({ code: 'cluster_mismatch' });
  });
}

function remembersIds(world: World): void {
  test('a message that was taken off is not put again under its id while the servers live', async () => {
    const { name, inbox } = await openNew(world);
    const [first = 0] = await putAll(inbox, `${name}.a`, ['1']);
    await inbox.remove(`${name}.a`, first);
    expect(await inbox.put(`${name}.a`, bytes('1'), { id: `${name}.a/1` })).toEqual({
      sequence: first,
      isRepeated: true,
    });
    expect(await inbox.read(`${name}.a`, 1, 10)).toEqual([]);
  });

  test('servers that were away remember the ids of messages that are there; those of others they may forget', async () => {
    const { name, inbox } = await openNew(world);
    const [gone = 0, kept = 0] = await putAll(inbox, `${name}.a`, ['1', '2']);
    await inbox.remove(`${name}.a`, gone);
    await world.loseServer();
    await world.restoreServer();
    const again = (item: string) => inbox.put(`${name}.a`, bytes(item), { id: `${name}.a/${item}` });
    expect(await eventually(() => again('2'))).toEqual({ sequence: kept, isRepeated: true });
    const { isRepeated } = await again('1');
    expect(contents(await inbox.read(`${name}.a`, 1, 10))).toEqual(isRepeated ? ['a: 2'] : ['a: 2', 'a: 1']);
  });

  test('a message says under which id it was put, wherever it is read, and what was scheduled has none', async () => {
    const { name, inbox } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.a`]);
    await inbox.put(`${name}.a`, bytes('1'), { id: 'order ü' });
    await inbox.schedule(`${name}.timer.a`, bytes('2'), { atMs: 0, target: `${name}.a` });
    await until(() => seen.length === 2);
    const ids = (messages: readonly InboxMessage[]) => messages.map(({ id }) => id);
    expect(ids(seen)).toEqual(['order ü', undefined]);
    expect(ids(await inbox.read(`${name}.a`, 1, 10))).toEqual(['order ü', undefined]);
    expect(ids(await allOf(inbox.kept(`${name}.a`)))).toEqual(['order ü', undefined]);
  });
}

function feeds(world: World): void {
  test('a feed gives what is there and then what comes, of matching subjects only, in order', async () => {
    const { name, inbox } = await openNew(world);
    await putAll(inbox, `${name}.x.a`, ['1']);
    await putAll(inbox, `${name}.y.a`, ['2']);
    await putAll(inbox, `${name}.z.a`, ['3']);
    const { seen } = collect(inbox, [`${name}.x.>`, `${name}.z.>`]);
    await until(() => seen.length === 2);
    await putAll(inbox, `${name}.z.b`, ['4']);
    await putAll(inbox, `${name}.y.b`, ['5']);
    await putAll(inbox, `${name}.x.a`, ['6']);
    await until(() => seen.length === 4);
    expect(contents(seen)).toEqual(['x.a: 1', 'z.a: 3', 'z.b: 4', 'x.a: 6']);
  });

  test('a feed takes many filters and many messages', async () => {
    const { name, inbox } = await openNew(world);
    const filters = Array.from({ length: 200 }, (_, index) => `${name}.${index}.>`);
    const { seen } = collect(inbox, filters);
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    await Promise.all(numbers.map((it) => inbox.put(`${name}.${it % 200}.a`, bytes(`${it}`), { id: `${it}` })));
    await until(() => seen.length === 1_000);
    expect(new Set(contents(seen)).size).toBe(1_000);
    const sequences = seen.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  });

  test('a feed takes many messages of nearly the largest size', async () => {
    const { name, inbox, connection } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.>`]);
    const data = new Uint8Array(connection.transport.maxPayload - 1_000);
    for (let item = 1; item <= 20; item++) await inbox.put(`${name}.a`, data, { id: `${item}` });
    await until(() => seen.length === 20);
    expect(seen.map((message) => message.data.length)).toEqual(seen.map(() => data.length));
  });

  test('two feeds of one inbox are given the same', async () => {
    const { name, options, inbox } = await openNew(world);
    const other = await (await world.connect()).openInbox(options);
    const feedsOfBoth = [collect(inbox, [`${name}.>`]), collect(other, [`${name}.>`])];
    await putAll(inbox, `${name}.a`, ['1', '2']);
    await putAll(other, `${name}.b`, ['3']);
    await until(() => feedsOfBoth.every(({ seen }) => seen.length === 3));
    for (const { seen } of feedsOfBoth) expect(contents(seen)).toEqual(['a: 1', 'a: 2', 'b: 3']);
  });

  test('what was given and not taken off is given again to the next feed, and what was taken off is not', async () => {
    const { name, inbox } = await openNew(world);
    const sequences = await putAll(inbox, `${name}.a`, ['1', '2', '3']);
    const first = collect(inbox, [`${name}.>`]);
    await until(() => first.seen.length === 3);
    await first.end();
    await inbox.remove(`${name}.a`, sequences[0] ?? 0);
    const second = collect(inbox, [`${name}.>`]);
    await until(() => second.seen.length === 2);
    expect(contents(second.seen)).toEqual(['a: 2', 'a: 3']);
  });

  test('an ended feed gives nothing more', async () => {
    const { name, inbox } = await openNew(world);
    const { seen, end } = collect(inbox, [`${name}.>`]);
    await putAll(inbox, `${name}.a`, ['1']);
    await until(() => seen.length === 1);
    await end();
    await putAll(inbox, `${name}.a`, ['2']);
    expect(seen).toHaveLength(1);
  });
}

function schedules(world: World): void {
  const soon = (inbox: { readonly timeMs: number } | undefined, ms: number) => (inbox?.timeMs ?? 0) + ms;

  /** The server's clock, by a message that it has just taken. */
  async function serverTime(inbox: InboxStream, name: string): Promise<InboxMessage | undefined> {
    await inbox.put(`${name}.clock`, bytes('now'), { id: uniqueName() });
    return (await inbox.read(`${name}.clock`, 1, 100)).at(-1);
  }

  test('what is scheduled appears under its target at its time, and not before', async () => {
    const { name, inbox } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.in.>`]);
    const atMs = soon(await serverTime(inbox, name), 300);
    await inbox.schedule(`${name}.timer.a`, bytes('ring'), { atMs, target: `${name}.in.a` });
    expect(await inbox.read(`${name}.in.a`, 1, 10)).toEqual([]);
    await until(() => seen.length === 1);
    expect(contents(seen)).toEqual(['in.a: ring']);
    expect(seen[0]?.timeMs).toBeGreaterThanOrEqual(Math.floor(atMs));
  });

  test('what is due already appears at once', async () => {
    const { name, inbox } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.in.>`]);
    const atMs = soon(await serverTime(inbox, name), -60_000);
    await inbox.schedule(`${name}.timer.a`, bytes('late'), { atMs, target: `${name}.in.a` });
    await until(() => seen.length === 1);
    expect(contents(seen)).toEqual(['in.a: late']);
  });

  test('what is scheduled again under the same subject replaces the former', async () => {
    const { name, inbox } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.in.>`]);
    const now = await serverTime(inbox, name);
    await inbox.schedule(`${name}.timer.a`, bytes('never'), { atMs: soon(now, 400), target: `${name}.in.a` });
    await inbox.schedule(`${name}.timer.a`, bytes('once'), { atMs: soon(now, 500), target: `${name}.in.b` });
    await inbox.schedule(`${name}.timer.b`, bytes('last'), { atMs: soon(now, 900), target: `${name}.in.b` });
    await until(() => seen.length === 2);
    expect(contents(seen)).toEqual(['in.b: once', 'in.b: last']);
  });

  test('what was unscheduled does not appear', async () => {
    const { name, inbox } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.in.>`]);
    const now = await serverTime(inbox, name);
    await inbox.schedule(`${name}.timer.a`, bytes('never'), { atMs: soon(now, 400), target: `${name}.in.a` });
    await inbox.schedule(`${name}.timer.b`, bytes('last'), { atMs: soon(now, 800), target: `${name}.in.a` });
    await inbox.unschedule(`${name}.timer.a`);
    await inbox.unschedule(`${name}.timer.none`);
    await until(() => seen.length === 1);
    expect(contents(seen)).toEqual(['in.a: last']);
  });
}

function survivesALoss(world: World): void {
  test('a feed goes on after the server was away, without loss and without repeats', async () => {
    const { name, inbox, connection } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.>`]);
    await putAll(inbox, `${name}.a`, ['1', '2']);
    await until(() => seen.length === 2);
    for (const round of ['first', 'second']) {
      await world.loseServer();
      await until(() => !connection.transport.connected);
      await expect(inbox.put(`${name}.a`, bytes('never'), { id: 'never' })).rejects.toMatchObject({
        code: 'storage_unavailable',
      });
      await world.restoreServer();
      await eventually(() => inbox.put(`${name}.a`, bytes(round), { id: round }));
    }
    await until(() => seen.length === 4);
    expect(contents(seen)).toEqual(['a: 1', 'a: 2', 'a: first', 'a: second']);
  });

  test('a feed that was given messages before the servers were away goes on after them, whether they were taken off or not', async () => {
    const { name, inbox, connection } = await openNew(world);
    const { seen } = collect(inbox, [`${name}.>`]);
    const [first = 0] = await putAll(inbox, `${name}.a`, ['1', '2']);
    await putAll(inbox, `${name}.b`, ['3']);
    await until(() => seen.length === 3);
    await inbox.remove(`${name}.a`, first);
    await inbox.remove(`${name}.b`, Number.MAX_SAFE_INTEGER);
    await world.loseServer();
    await until(() => !connection.transport.connected);
    await world.restoreServer();
    await eventually(() => inbox.put(`${name}.b`, bytes('4'), { id: '4' }));
    await until(() => seen.length > 3);
    expect(contents(seen)).toEqual(['a: 1', 'a: 2', 'b: 3', 'b: 4']);
  });

  test('what was put, and what is scheduled, is there after the server was away', async () => {
    const { name, inbox } = await openNew(world);
    const [first = 0] = await putAll(inbox, `${name}.a`, ['1']);
    const [{ timeMs } = { timeMs: 0 }] = await inbox.read(`${name}.a`, first, 1);
    await inbox.schedule(`${name}.timer.a`, bytes('ring'), { atMs: timeMs + 500, target: `${name}.in.a` });
    await world.loseServer();
    await world.restoreServer();
    const { seen } = collect(inbox, [`${name}.in.>`]);
    await until(() => seen.length === 1);
    expect(contents(seen)).toEqual(['in.a: ring']);
    expect(contents(await eventually(() => inbox.read(`${name}.a`, 1, 10)))).toEqual(['a: 1']);
  });

  test('after close every call is refused and feeds end', async () => {
    const { name, inbox, connection } = await openNew(world);
    const reading = (async () => {
      for await (const _ of inbox.feed([`${name}.>`], new AbortController().signal));
    })();
    await putAll(inbox, `${name}.a`, ['1']);
    await connection.transport.close();
    await reading;
    const calls = [
      inbox.put(`${name}.a`, bytes('2'), { id: '2' }),
      inbox.read(`${name}.a`, 1, 1),
      inbox.remove(`${name}.a`, 1),
      inbox.schedule(`${name}.t`, bytes('3'), { atMs: 0, target: `${name}.a` }),
      inbox.unschedule(`${name}.t`),
    ];
    const codes = await Promise.all(
      calls.map((call) =>
        call.then(
          () => 'done',
          (error) => error.code,
        ),
      ),
    );
    expect(codes).toEqual(calls.map(() => 'transport_closed'));
  });
}

async function eventuallyTrue(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((resolve) => setImmediate(resolve));
}
