/** A server that has no room for more, and gets some: nothing acknowledged is lost, and work goes on by itself. */
import type { Logger } from '@jaegis/core';
import { connectNats, type NatsConnection } from '@jaegis/nats';
import { pinoLogger, realClock } from '@jaegis/node';
import { defineActor, defineApp, type JaegisError, type JaegisNode, startNode } from 'jaegis';
import { describe, expect, test } from 'vitest';
import { startNats, withServers } from '../support/nats.ts';
import { smallDisk } from '../support/small-disk.ts';
import { between, chance, isLong, seed } from './seed.ts';

const LARGE = 200_000;
/** Messages that take up room until they are taken off. */
const BALLAST = 20;

const heap = defineActor('heap', {
  state: () => ({ count: 0, filling: '' }),
  on: {
    grow: ({ count }, { bytes }: { bytes: number }) => ({
      state: { count: count + 1, filling: 'x'.repeat(bytes) },
      reply: count + 1,
    }),
    /** Is large on its way and leaves little. */
    weigh: ({ count, filling }, _message: { load: string }) => ({ state: { count: count + 1, filling } }),
    remind: ({ count }, _message, context) => {
      context.schedule('soon', { afterMs: 1 }, { type: 'grow', bytes: 1 });
      return { reply: count };
    },
    count: ({ count }) => ({ reply: count }),
  },
});

const app = defineApp({ entities: [heap] });
const keys = Array.from({ length: 10 }, (_, index) => `heap-${index}`);
const patient = { timeoutMs: 30_000 };

const common = { cluster: 'full', logLevel: 'silent', threads: 1 } as const;

describe('a server without room', () => {
  const nats = withServers(1, { maxStoreBytes: 8_000_000 });

  test('tells senders, keeps what it acknowledged, and goes on when there is room', async () => {
    const urls = [...nats.urls];
    const logger = pinoLogger({ level: 'silent' });
    await using connection = await connected(urls, logger);
    const ballast = await connection.openInbox({ name: 'BALLAST', subjects: ['b'], replicas: 1, storage: 'file' });
    for (let id = 0; id < BALLAST; id++) await ballast.put('b', new Uint8Array(LARGE), { id: `${id}` });
    await using node = await startNode({ ...common, nats: urls, name: 'n1', app });
    const acknowledged = await fill(node);
    const [first = ''] = keys;
    const send = node.entity(heap, first).send({ type: 'grow', bytes: 1 }, { id: 'sent', timeoutMs: 5_000 });
    await expect(send).rejects.toMatchObject({ code: 'overloaded' });
    const remind = node.entity(heap, first).ask({ type: 'remind' }, patient);
    await expect(remind).rejects.toMatchObject({ code: 'overloaded' });
    await ballast.remove('b', Number.MAX_SAFE_INTEGER);
    await goesOn(node, acknowledged);
  });
});

describe.each([1, 3] as const)('a stream on %d servers at its limit', (count) => {
  const nats = withServers(count);

  test('tells senders, keeps what it acknowledged, and goes on when the limit is raised', async () => {
    const options = { ...common, nats: [...nats.urls], app };
    await using node = await startNode({ ...options, name: 'n1', maxTurnBytes: 4_000_000 });
    const acknowledged = await fill(node);
    await using _other = await startNode({ ...options, name: 'n2', maxTurnBytes: 100_000_000 });
    await goesOn(node, acknowledged);
  });
});

describe.each([1, 3] as const)('an inbox on %d servers at its limit', (count) => {
  const nats = withServers(count);

  test('tells senders, keeps what it acknowledged, and goes on when messages are taken off', async () => {
    const options = { ...common, cluster: 'inbox', nats: [...nats.urls], app };
    await using client = await startNode({ ...options, name: 'c1', role: 'client', maxInboxBytes: 4_000_000 });
    const [first = '', second = ''] = keys;
    const load = 'x'.repeat(LARGE);
    const weigh = (id: number) => client.entity(heap, first).send({ type: 'weigh', load }, { id: `${id}`, ...patient });
    let acknowledged = 0;
    const refused = await firstFailure(async (id) => {
      await weigh(id);
      acknowledged += 1;
    });
    expect(refused.code).toBe('overloaded');
    expect(acknowledged).toBeGreaterThan(15);
    expect(acknowledged).toBeLessThan(20);
    await using node = await startNode({ ...options, name: 'n1' });
    await node.entity(heap, second).ask({ type: 'count' }, patient);
    const counted = () => node.entity(heap, first).ask({ type: 'count' }, patient);
    await expect.poll(counted, { timeout: 60_000 }).toBe(acknowledged);
    await expect.poll(() => weigh(-1).catch(String), { timeout: 60_000 }).toBeUndefined();
    await expect.poll(counted, { timeout: 60_000 }).toBe(acknowledged + 1);
    await node.entity(heap, second).ask({ type: 'remind' }, patient);
  });
});

const random = chance('full');
const disks = Array.from({ length: isLong ? 3 : 1 }, () => [1, 3] as const).flat();

describe.each(disks)(`a disk that is full, under %d servers of ours, seed ${seed}`, (servers) => {
  test('lets senders know that they got no answer, keeps what was acknowledged, and work goes on when there is room', async () => {
    const disk = smallDisk(64_000_000);
    const told: string[] = [];
    await using nats = await startNats({
      count: servers,
      storeDir: disk.folder,
      report: ({ type }) => told.push(type),
    });
    await using node = await startNode({ ...common, nats: [...nats.urls], name: 'n1', app });
    const acknowledged = new Map(keys.map((key) => [key, 0]));
    const grow = (key: string, timeoutMs: number) =>
      node
        .entity(heap, key)
        .ask({ type: 'grow', bytes: LARGE }, { timeoutMs, idempotencyKey: `${acknowledged.get(key)}` });
    for (const key of keys) acknowledged.set(key, await grow(key, 30_000));
    disk.fill(between(random, LARGE / 10, 3 * LARGE));
    const key = (attempt: number) => keys[attempt % keys.length] ?? '';
    let attempt = 0;
    const refused = await firstFailure(async (number) => {
      attempt = number;
      acknowledged.set(key(number), await grow(key(number), 3_000));
    });
    expect(refused).toMatchObject({ code: 'ask_timeout' });
    await expect.poll(() => told, { timeout: 30_000 }).toContain('write-failed');
    disk.makeRoom();
    await expect
      .poll(() => grow(key(attempt), 10_000).catch(String), { timeout: 120_000 })
      .toBe((acknowledged.get(key(attempt)) ?? 0) + 1);
    acknowledged.set(key(attempt), (acknowledged.get(key(attempt)) ?? 0) + 1);
    const count = (type: string) => told.filter((each) => each === type).length;
    await expect.poll(() => count('restarted') - count('write-failed'), { timeout: 60_000 }).toBe(0);
    await expectCounts(node, acknowledged);
  });
});

/** Until it is refused, and some more. What was acknowledged, by key. */
async function fill(node: JaegisNode): Promise<Map<string, number>> {
  const acknowledged = new Map(keys.map((key) => [key, 0]));
  const grow = async (key: string) =>
    acknowledged.set(key, await node.entity(heap, key).ask({ type: 'grow', bytes: LARGE }, patient));
  const refused = await firstFailure((attempt) => grow(keys[attempt % keys.length] ?? ''));
  expect(refused.code).toBe('overloaded');
  for (let again = 0; again < 20; again++)
    await expect(grow(keys[0] ?? '')).rejects.toMatchObject({ code: 'overloaded' });
  await expectCounts(node, acknowledged);
  return acknowledged;
}

async function goesOn(node: JaegisNode, acknowledged: Map<string, number>): Promise<void> {
  const [first = ''] = keys;
  const ref = node.entity(heap, first);
  const grow = () => ref.ask({ type: 'grow', bytes: 1 }, { ...patient, idempotencyKey: 'goes-on' });
  const before = acknowledged.get(first) ?? 0;
  await expect.poll(() => grow().catch(String), { timeout: 60_000 }).toBe(before + 1);
  await ref.send({ type: 'grow', bytes: 1 }, { id: 'goes on', ...patient });
  await ref.ask({ type: 'remind' }, patient);
  await expect.poll(() => ref.ask({ type: 'count' }, patient), { timeout: 60_000 }).toBe(before + 3);
  await expectCounts(node, new Map([...acknowledged, [first, before + 3]]));
}

async function connected(servers: readonly string[], logger: Logger): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connectNats({ servers, name: 'ballast', logger, clock: realClock() });
  return { ...connection, [Symbol.asyncDispose]: () => connection.close() };
}

/** Of the attempts one after the other. */
async function firstFailure(attempt: (number: number) => Promise<unknown>): Promise<JaegisError> {
  for (let number = 0; ; number++) {
    try {
      await attempt(number);
    } catch (error) {
      return error as JaegisError; // what asks reject with
    }
  }
}

async function expectCounts(node: JaegisNode, counts: ReadonlyMap<string, number>): Promise<void> {
  const read = ([key]: [string, number]) => node.entity(heap, key).ask({ type: 'count' }, patient);
  expect(await Promise.all([...counts].map(read))).toEqual([...counts.values()]);
}
