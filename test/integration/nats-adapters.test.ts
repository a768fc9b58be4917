/** The transport and the journal on a real server: what the ports of core promise, and what nats.js alone would not keep. */
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import {
  type Delivery,
  type Journal,
  type JournalRecord,
  type Logger,
  limits,
  silentLogger,
  type TransportStatus,
} from '@jaegis/core';
import { type ConnectOptions, connectNats, type JournalOptions, type NatsConnection } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { afterEach, expect, test } from 'vitest';
import { bareRequest } from '../support/bare-nats.ts';
import { withServers } from '../support/nats.ts';

const nats = withServers(1);
const open: { close(): Promise<void> }[] = [];
let names = 0;

afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
});

async function connect(options: Partial<ConnectOptions> = {}): Promise<NatsConnection> {
  const connection = await connectNats({ servers: nats.urls, logger: silentLogger, clock: realClock(), ...options });
  open.push(connection);
  return connection;
}

/** A name, and so subjects, that no other test of this file has. */
const unique = () => `t${++names}`;

function optionsFor(name: string, more: Partial<JournalOptions> = {}): JournalOptions {
  return { name, subjects: [`${name}.>`], replicas: 1, storage: 'memory', historyPerSubject: 8, ...more };
}

async function journalFor(name: string, more: Partial<JournalOptions> = {}): Promise<Journal> {
  return (await connect()).openJournal(optionsFor(name, more));
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

function collect(): { handler: (delivery: Delivery) => void; seen: Delivery[]; next: Promise<Delivery> } {
  const seen: Delivery[] = [];
  const { promise: next, resolve } = Promise.withResolvers<Delivery>();
  return { handler: (delivery) => resolve(seen[seen.push(delivery) - 1] ?? delivery), seen, next };
}

/** Two round trips: what one connection sent has reached the other. */
async function settle(from: NatsConnection, to: NatsConnection): Promise<void> {
  await from.transport.flush();
  await to.transport.flush();
}

test('messages of one publisher arrive in the order published', async () => {
  const [from, to, name] = [await connect(), await connect(), unique()];
  const { handler, seen } = collect();
  to.transport.subscribe(`${name}.*`, handler);
  await to.transport.flush();
  const sent = Array.from({ length: 2_000 }, (_, index) => String(index));
  for (const item of sent) from.transport.publish(`${name}.x`, bytes(item));
  await settle(from, to);
  expect(seen.map(({ data }) => text(data))).toEqual(sent);
  expect(seen[0]).toMatchObject({ subject: `${name}.x`, replyTo: undefined, noResponders: false });
});

test('a message with a reply subject that nobody listens on is answered with noResponders', async () => {
  const [{ transport }, name] = [await connect(), unique()];
  const { handler, seen, next } = collect();
  transport.subscribe(`${name}.reply`, handler);
  transport.publish(`${name}.nobody`, bytes('hello'), { replyTo: `${name}.reply` });
  expect(await next).toMatchObject({ subject: `${name}.reply`, noResponders: true });
  transport.publish(`${name}.reply`, new Uint8Array());
  await transport.flush();
  expect(seen.map(({ noResponders }) => noResponders)).toEqual([true, false]);
});

test('a reply subject reaches the receiver, whose answer is no noResponders', async () => {
  const [{ transport }, other, name] = [await connect(), await connect(), unique()];
  const { handler, next } = collect();
  other.transport.subscribe(`${name}.service`, ({ replyTo, data }) => {
    other.transport.publish(replyTo ?? 'none', data);
  });
  await other.transport.flush();
  transport.subscribe(`${name}.reply`, handler);
  transport.publish(`${name}.service`, bytes('ping'), { replyTo: `${name}.reply` });
  const answer = await next;
  expect([text(answer.data), answer.noResponders]).toEqual(['ping', false]);
});

test('of the subscriptions with one queue name each message goes to one, and to all without', async () => {
  const [from, to, name] = [await connect(), await connect(), unique()];
  const [left, right, all] = [collect(), collect(), collect()];
  to.transport.subscribe(name, left.handler, { queue: 'workers' });
  to.transport.subscribe(name, right.handler, { queue: 'workers' });
  to.transport.subscribe(name, all.handler);
  await to.transport.flush();
  for (let index = 0; index < 200; index++) from.transport.publish(name, bytes(String(index)));
  await settle(from, to);
  const shared = [...left.seen, ...right.seen].map(({ data }) => Number(text(data))).sort((a, b) => a - b);
  expect(shared).toEqual(Array.from({ length: 200 }, (_, index) => index));
  expect(all.seen).toHaveLength(200);
  expect(left.seen.length * right.seen.length).toBeGreaterThan(0);
});

test('nothing is delivered after unsubscribe', async () => {
  const [{ transport }, name] = [await connect(), unique()];
  const { handler, seen } = collect();
  const subscription = transport.subscribe(name, handler);
  transport.publish(name, bytes('one'));
  await transport.flush();
  subscription.unsubscribe();
  subscription.unsubscribe();
  transport.publish(name, bytes('two'));
  await transport.flush();
  expect(seen.map(({ data }) => text(data))).toEqual(['one']);
});

test('a handler that throws is logged and gets the next message', async () => {
  const logged: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (_, fields) => logged.push(fields?.error), child: () => logger };
  const [{ transport }, name] = [await connect({ logger }), unique()];
  const failure = new Error('the handler failed');
  const seen: string[] = [];
  transport.subscribe(name, ({ data }) => {
    seen.push(text(data));
    throw failure;
  });
  transport.publish(name, bytes('one'));
  transport.publish(name, bytes('two'));
  await transport.flush();
  expect(seen).toEqual(['one', 'two']);
  expect(logged).toEqual([failure, failure]);
});

test('200 kB arrive as sent, and data above maxPayload is refused', async () => {
  const [{ transport }, name] = [await connect(), unique()];
  const { handler, next, seen } = collect();
  transport.subscribe(name, handler);
  const data = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251);
  transport.publish(name, data);
  expect(Buffer.compare((await next).data, data)).toBe(0);
  const tooLarge = new Uint8Array(transport.maxPayload + 1);
  expect(() => transport.publish(name, tooLarge)).toThrow(expect.objectContaining({ code: 'not_serializable' }));
  await transport.flush();
  expect(seen).toHaveLength(1);
});

test('what was published before close arrives, and after it every call throws', async () => {
  const [from, to, name] = [await connect(), await connect(), unique()];
  const { handler, next } = collect();
  to.transport.subscribe(name, handler);
  await to.transport.flush();
  const statuses: string[] = [];
  from.transport.onStatus((status) => statuses.push(status));
  const journal = await from.openJournal(optionsFor(unique()));
  from.transport.publish(name, bytes('last words'));
  await from.close();
  await from.close();
  expect(text((await next).data)).toBe('last words');
  expect(statuses).toEqual(['closed']);
  expect(from.transport.connected).toBe(false);
  const closed = expect.objectContaining({ code: 'transport_closed' });
  expect(() => from.transport.publish(name, bytes('x'))).toThrow(closed);
  expect(() => from.transport.subscribe(name, handler)).toThrow(closed);
  expect(() => from.transport.onStatus(() => {})).toThrow(closed);
  await expect(from.transport.flush()).rejects.toEqual(closed);
  await expect(journal.last('any')).rejects.toEqual(closed);
});

test('an append needs the last sequence of its subject, 0 where there is none', async () => {
  const name = unique();
  const journal = await journalFor(name);
  const first = await journal.append(`${name}.a`, bytes('one'), { expectedSequence: 0 });
  const other = await journal.append(`${name}.b`, bytes('b'), { expectedSequence: 0 });
  const second = await journal.append(`${name}.a`, bytes('two'), { expectedSequence: first });
  expect([other > first, second > other]).toEqual([true, true]);
  for (const expectedSequence of [0, first, other, second + 1]) {
    await expect(journal.append(`${name}.a`, bytes('no'), { expectedSequence })).rejects.toMatchObject({
      code: 'wrong_sequence',
      data: { subject: `${name}.a`, expectedSequence },
    });
  }
  expect(await journal.last(`${name}.a`)).toMatchObject({ subject: `${name}.a`, sequence: second, data: bytes('two') });
});

test('of two writers that expect the same sequence one wins', async () => {
  const name = unique();
  const writers = [await journalFor(name), await journalFor(name)];
  let expectedSequence = 0;
  for (let round = 0; round < 20; round++) {
    const results = await Promise.allSettled(
      writers.map((writer, index) => writer.append(`${name}.a`, bytes(`${round}.${index}`), { expectedSequence })),
    );
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({ code: 'wrong_sequence' });
    expectedSequence = won[0]?.value ?? -1;
    const newest = await writers[0]?.last(`${name}.a`);
    expect(newest).toMatchObject({
      sequence: expectedSequence,
      data: bytes(`${round}.${results[0]?.status === 'fulfilled' ? 0 : 1}`),
    });
  }
});

test('last gives undefined where there is no record, and the time of the server where there is', async () => {
  const name = unique();
  const journal = await journalFor(name);
  expect(await journal.last(`${name}.a`)).toBeUndefined();
  const before = Date.now();
  await journal.append(`${name}.a`, new Uint8Array(), { expectedSequence: 0 });
  const newest = await journal.last(`${name}.a`);
  expect(newest?.data).toHaveLength(0);
  expect(newest?.timeMs).toBeGreaterThanOrEqual(before);
});

test('a record of 200 kB is read as written, by last and by history', async () => {
  const name = unique();
  const journal = await journalFor(name);
  const data = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251);
  await journal.append(`${name}.a`, data, { expectedSequence: 0 });
  const [only] = await all(journal, `${name}.a`);
  expect(Buffer.compare((await journal.last(`${name}.a`))?.data ?? bytes('none'), data)).toBe(0);
  expect(Buffer.compare(only?.data ?? bytes('none'), data)).toBe(0);
});

/** Appends texts to subjects in turn, each fenced. */
async function write(journal: Journal, records: readonly (readonly [subject: string, value: string])[]): Promise<void> {
  const sequences = new Map<string, number>();
  for (const [subject, value] of records) {
    const expectedSequence = sequences.get(subject) ?? 0;
    sequences.set(subject, await journal.append(subject, bytes(value), { expectedSequence }));
  }
}

async function all(journal: Journal, filter: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const record of journal.history(filter)) records.push(record);
  return records;
}

const shown = async (journal: Journal, filter: string) =>
  (await all(journal, filter)).map(({ subject, data }) => `${subject}=${text(data)}`);

test('history is oldest first over all subjects that match, and keeps the newest of each', async () => {
  const name = unique();
  const journal = await journalFor(name, { historyPerSubject: 3 });
  const [a, b, c] = [`${name}.x.a`, `${name}.x.b`, `${name}.y.c`];
  await write(journal, [
    [a, '1'],
    [b, '1'],
    [a, '2'],
    [c, '1'],
    [a, '3'],
    [a, '4'],
    [b, '2'],
    [a, '5'],
  ]);
  expect(await shown(journal, a)).toEqual([`${a}=3`, `${a}=4`, `${a}=5`]);
  expect(await shown(journal, `${name}.x.*`)).toEqual([`${b}=1`, `${a}=3`, `${a}=4`, `${b}=2`, `${a}=5`]);
  expect(await shown(journal, `${name}.>`)).toEqual([`${b}=1`, `${c}=1`, `${a}=3`, `${a}=4`, `${b}=2`, `${a}=5`]);
  expect(await shown(journal, `${name}.z.>`)).toEqual([]);
});

test('history ends at the newest record of the time of the call, also while others append', async () => {
  const name = unique();
  const journal = await journalFor(name);
  await write(journal, [
    [`${name}.a`, '1'],
    [`${name}.b`, '1'],
  ]);
  const seen: string[] = [];
  for await (const { subject, data } of journal.history(`${name}.>`)) {
    seen.push(`${subject}=${text(data)}`);
    await journal.append(`${name}.later.${seen.length}`, bytes('x'), { expectedSequence: 0 });
  }
  expect(seen).toEqual([`${name}.a=1`, `${name}.b=1`]);
});

test('history up to a sequence that is known costs one request, however many records there are', async () => {
  const [name, reader, onlooker] = [unique(), await connect(), await connect()];
  const journal = await reader.openJournal(optionsFor(name, { historyPerSubject: 100 }));
  await write(
    journal,
    Array.from({ length: 100 }, (_, index) => [`${name}.a`, `${index}`] as const),
  );
  const { handler, seen } = collect();
  for (const request of ['STREAM.MSG.GET', 'DIRECT.GET']) {
    onlooker.transport.subscribe(`$JS.API.${request}.${name}`, handler);
  }
  await onlooker.transport.flush();
  const records: JournalRecord[] = [];
  for await (const record of journal.history(`${name}.a`, 0, 100)) records.push(record);
  await settle(reader, onlooker);
  expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  expect(seen.map(({ subject }) => subject)).toEqual([`$JS.API.DIRECT.GET.${name}`]);
});

test('history of an empty journal ends at once', async () => {
  const name = unique();
  expect(await shown(await journalFor(name), `${name}.>`)).toEqual([]);
});

test('subjects are those that match and hold a record, sorted', async () => {
  const name = unique();
  const journal = await journalFor(name);
  expect(await journal.subjects(`${name}.>`)).toEqual([]);
  const [b, a, other] = [`${name}.x.b`, `${name}.x.a`, `${name}.y.c`];
  await write(journal, [
    [b, '1'],
    [other, '1'],
    [a, '1'],
    [b, '2'],
  ]);
  expect(await journal.subjects(`${name}.x.*`)).toEqual([a, b]);
  expect(await journal.subjects(`${name}.>`)).toEqual([a, b, other]);
});

test('many may open one journal at a time; with other options it is refused', async () => {
  const name = unique();
  const connections = await Promise.all([connect(), connect(), connect()]);
  const journals = await Promise.all(connections.map((connection) => connection.openJournal(optionsFor(name))));
  await journals[0]?.append(`${name}.a`, bytes('1'), { expectedSequence: 0 });
  expect(await journals[2]?.last(`${name}.a`)).toMatchObject({ data: bytes('1') });
  await expect(journalFor(name, { storage: 'file' })).rejects.toMatchObject({
    code: 'cluster_mismatch',
    message: expect.stringContaining('storage is "memory", not "file"'),
  });
});

test('an append that a full journal has no room for is refused as overloaded', async () => {
  const name = unique();
  const journal = await journalFor(name, { maxBytes: 4_096 });
  await journal.append(`${name}.a`, new Uint8Array(3_000), { expectedSequence: 0 });
  const refused = journal.append(`${name}.b`, new Uint8Array(3_000), { expectedSequence: 0 });
  await expect(refused).rejects.toMatchObject({ code: 'overloaded' });
  expect(await journal.subjects(`${name}.>`)).toEqual([`${name}.a`]);
});

test('a feed that nobody reads from takes no more than its bound from the server, and goes on when somebody does', async () => {
  const [name, count, size] = [unique(), 40, 1_000_000];
  const options = { name, subjects: [`${name}.>`], replicas: 1, storage: 'memory' } as const;
  const inbox = await (await connect()).openInbox(options);
  for (let id = 0; id < count; id++) await inbox.put(`${name}.a`, new Uint8Array(size), { id: `${id}` });
  const stop = new AbortController();
  const reader = inbox.feed([`${name}.>`], stop.signal)[Symbol.asyncIterator]();
  await reader.next();
  const { consumers } = await jetStreamApi(`CONSUMER.LIST.${name}`);
  const delivered = async () => {
    const info = await jetStreamApi(`CONSUMER.INFO.${name}.${consumers[0].name}`);
    return info.delivered.consumer_seq * size;
  };
  // All that the server sends, it sends before it answers.
  expect(await delivered()).toBeLessThanOrEqual(limits.inboxFeedBytes);
  expect(await delivered()).toBeLessThanOrEqual(limits.inboxFeedBytes);
  for (let read = 1; read < count; read++) expect((await reader.next()).value.sequence).toBe(read + 1);
  stop.abort();
  await reader.next();
});

async function jetStreamApi(request: string) {
  return JSON.parse(await bareRequest(nats.urls[0] ?? '', `$JS.API.${request}`));
}

test('what is published while the connection is lost arrives when it is back, in order', async () => {
  const [proxy, to, name] = [await breakable(nats.urls[0] ?? ''), await connect(), unique()];
  const from = await connect({ servers: [proxy.url] });
  const { handler, seen } = collect();
  to.transport.subscribe(`${name}.>`, handler);
  const own = collect();
  from.transport.subscribe(`${name}.own`, own.handler);
  await settle(to, from);
  const journal = await from.openJournal(optionsFor(unique()));
  const isLost = stateOf(from, 'disconnected');
  proxy.cut();
  await isLost;
  for (const item of ['1', '2', '3']) from.transport.publish(`${name}.x`, bytes(item));
  await expect(journal.append('any', bytes('x'), { expectedSequence: 0 })).rejects.toMatchObject({
    code: 'storage_unavailable',
  });
  const isBack = stateOf(from, 'connected');
  proxy.mend();
  await isBack;
  from.transport.publish(`${name}.x`, bytes('4'));
  await settle(from, to);
  expect(seen.map(({ data }) => text(data))).toEqual(['1', '2', '3', '4']);
  to.transport.publish(`${name}.own`, bytes('still here'));
  expect(text((await own.next).data)).toBe('still here');
});

function stateOf({ transport }: NatsConnection, wanted: TransportStatus): Promise<void> {
  return new Promise((resolve) => {
    const subscription = transport.onStatus((status) => {
      if (status !== wanted) return;
      subscription.unsubscribe();
      resolve();
    });
  });
}

/** A way to the server that can be cut: sockets are dropped and new ones refused until it is mended. */
async function breakable(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = createConnection(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {}).on('close', () => other.destroy());
      one.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const drop = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const proxy = {
    url: `nats://127.0.0.1:${portOf(server)}`,
    cut() {
      isCut = true;
      drop();
    },
    mend() {
      isCut = false;
    },
    async close() {
      isCut = true;
      drop();
      server.close();
      await once(server, 'close');
    },
  };
  open.push(proxy);
  return proxy;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  return address.port;
}

test('an address where nothing listens gives connect_failed, which names it', async () => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const port = portOf(listener);
  listener.close();
  await once(listener, 'close');
  await expect(connect({ servers: [`nats://127.0.0.1:${port}`] })).rejects.toMatchObject({
    code: 'connect_failed',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
});
