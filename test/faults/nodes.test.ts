/** What dies besides servers: a handler, a node with machines on it, all nodes at once, and the only one beside a timer. */
import { type JaegisNode, startNode } from 'jaegis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lit, tally } from '../support/lamp.ts';
import { withServers } from '../support/nats.ts';
import { allLamps, counter, journal, lampDelayMs, ticker } from './app.ts';
import { members, ownedBy } from './members.ts';
import { NodeProcesses } from './node-processes.ts';
import { turnsKept } from './turn-order.ts';

const patient = { timeoutMs: 60_000 };
const keys = ['a', 'b', 'c', 'd', 'e'];

describe('processes of nodes on a server', () => {
  const nats = withServers(1);
  const nodes = new NodeProcesses('nodes');
  let client: JaegisNode;
  const start = (...names: string[]) => Promise.all(names.map((name) => nodes.start(name, nats.urls)));
  const kill = (...names: string[]) => Promise.all(names.map((name) => nodes.kill(name)));
  beforeAll(async () => {
    const options = { cluster: 'nodes', nats: [...nats.urls], logLevel: 'silent', threads: 1 } as const;
    client = await startNode({ ...options, name: 'client', role: 'client', history: turnsKept });
  });
  afterAll(async () => {
    await client?.stop();
    await nodes[Symbol.asyncDispose]();
  });

  test('when all are killed at once and started again, all that was acknowledged is there, and is done once', async () => {
    await start('n1', 'n2');
    const add = (key: string, attempt: string) =>
      client.entity(counter, key).ask({ type: 'add', by: 1 }, { ...patient, idempotencyKey: attempt });
    const write = (entry: string) => client.entity(journal, 'all').send({ type: 'write', entry }, { id: entry });
    for (const attempt of ['1', '2', '3']) {
      await Promise.all([...keys.map((key) => add(key, attempt)), write(`before-${attempt}`)]);
    }
    await kill('n1', 'n2');
    await write('nobody-lives');
    await start('n1', 'n2');
    for (const key of keys) {
      expect(await add(key, '3'), 'repeated with its key').toBe(3);
      expect(await add(key, '4')).toBe(4);
    }
    const read = () => client.entity(journal, 'all').ask({ type: 'read' }, patient);
    await expect.poll(read, { timeout: 60_000 }).toHaveLength(4);
    expect((await read()).toSorted()).toEqual(['before-1', 'before-2', 'before-3', 'nobody-lives']);
    await kill('n1', 'n2');
  });

  test('a handler that crashes has done nothing: its asker is told, its entity and its process go on', async () => {
    await start('n1');
    const ref = client.entity(counter, 'crashes');
    expect(await ref.ask({ type: 'add', by: 5 }, patient)).toBe(5);
    for (const _ of [1, 2])
      await expect(ref.ask({ type: 'crash' }, patient)).rejects.toMatchObject({ code: 'actor_crashed' });
    expect(await ref.ask({ type: 'add', by: 5 }, patient)).toBe(10);
    expect(await client.entity(journal, 'crashed').ask({ type: 'read' }, patient)).toEqual([]);
    await kill('n1');
  });

  test('a timer with a pattern fires at its times; those that pass while nobody lives are made up for by one firing', async () => {
    const periodMs = 1_000;
    const slots = (ticks: readonly number[]) => ticks.map((tick) => Math.floor(tick / periodMs));
    const read = () => client.entity(ticker, 'one').ask({ type: 'read' }, patient);
    const ticked = (count: number) =>
      expect.poll(async () => (await read()).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
    await start('n1');
    await client.entity(ticker, 'one').ask({ type: 'start', cron: '* * * * * *' }, patient);
    await ticked(2);
    const before = (await read()).length;
    await kill('n1');
    const diedAt = Date.now();
    await until(diedAt + 3 * periodMs);
    await start('n1');
    await ticked(before + 3);
    const stopped = await client.entity(ticker, 'one').ask({ type: 'stop' }, patient);
    await until(Date.now() + 2 * periodMs);
    const ticks = await read();
    expect(ticks).toHaveLength(stopped);
    // However late one is handled, it is the only one of its time and of those before it.
    expect(new Set(slots(ticks)).size).toBe(ticks.length);
    const missed = slots([diedAt + 3 * periodMs])[0] ?? 0;
    expect(slots(ticks).filter((slot) => slot > (slots([diedAt])[0] ?? 0) && slot < missed)).toEqual([]);
    await kill('n1');
  });

  test('machines whose node is killed go on elsewhere: entered once, dark in time, their promises as restore says', async () => {
    await start('mortal', 'heir');
    await members(client, 'mortal', 'heir');
    const lit = allLamps.map((definition) => ({
      definition,
      ref: client.entity(definition, ownedBy(client, definition.type, 'mortal')),
    }));
    const look = async ({ ref }: (typeof lit)[number]) =>
      ((await ref.ask({ type: 'look' }, patient)) as { readonly context: Lit }).context; // of a machine's answer
    const litAt = Date.now();
    await Promise.all(lit.map(({ definition, ref }) => ref.ask({ type: 'light', key: definition.type }, patient)));
    await Promise.all(lit.map(({ ref }) => ref.ask({ type: 'touch' }, patient)));
    const touchedAt = Date.now();
    for (const each of lit) expect(await look(each)).toMatchObject({ entered: 1, touched: 1, darkAt: 0, worked: '' });
    await nodes.kill('mortal');
    const killedAt = Date.now();
    await members(client, 'heir');
    for (const each of lit) {
      const { type } = each.definition;
      await expect.poll(async () => (await look(each)).darkAt, { timeout: 60_000 }).toBeGreaterThan(0);
      const { entered, touched, darkAt, worked } = await look(each);
      expect([type, entered, touched, worked]).toEqual([type, 1, 1, type.endsWith('-restart') ? 'heir' : 'cancelled']);
      await expect.poll(() => client.entity(tally, type).ask({ type: 'read' }, patient)).toBe(1);
      const leftMs = lampDelayMs - (touchedAt - litAt);
      const earliest = { deadline: litAt + lampDelayMs, remaining: killedAt + leftMs, anew: killedAt + lampDelayMs };
      expect(darkAt, type).toBeGreaterThanOrEqual(earliest[type.split('-')[1] as keyof typeof earliest]); // as lamps are named
    }
  });
});

/** A pattern is about times of the clock. */
function until(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs - Date.now()));
}
