/**
 * Records damaged on purpose in a real stream, and on a real server's disk: found out, put aside with a diagnosis, and
 * nothing else harmed. What is like it on the simulated server: test/sim/quarantine.test.ts.
 */
import { readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, type Journal, type JournalRecord, limits } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { type JaegisNode, pinoLogger, startNode, type TreeNode } from 'jaegis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';
import { app, author, copy, flipIn, lastTurn, page, write } from './corrupt-app.ts';
import { between, chance, isLong, seed } from './seed.ts';

const patient = { timeoutMs: 30_000 };

const random = chance('corrupt');
/** Anywhere, also in the mark, the format and the checksum. */
function flipped(data: Uint8Array): Uint8Array {
  const at = between(random, 0, data.length - 1);
  return data.with(at, (data[at] ?? 0) ^ (1 << between(random, 0, 7)));
}
const damages: readonly (readonly [string, (data: Uint8Array) => Uint8Array])[] = [
  ...Array.from({ length: isLong ? 20 : 2 }, (_, index) => [`with flipped bit ${index}`, flipped] as const),
  ['cut short', (data) => data.slice(0, between(random, 1, data.length - 1))],
  ['of other bytes', () => new TextEncoder().encode('not a turn at all')],
];

describe(`in a stream, seed ${seed}`, () => {
  const nats = withServers(1);
  let reader: Awaited<ReturnType<typeof connectNats>>;
  let journal: Journal;
  beforeAll(async () => {
    const logger = pinoLogger({ level: 'silent' });
    reader = await connectNats({ servers: nats.urls, name: 'reader', logger, clock: realClock() });
    journal = await reader.openJournal({
      name: 'JAEGIS_corrupt_TURNS',
      subjects: ['jaegis.corrupt.turn.>'],
      replicas: 1,
      storage: 'file',
      historyPerSubject: limits.turnHistory,
    });
  });
  afterAll(() => reader?.close());

  const node = (name: string) =>
    startNode({ name, cluster: 'corrupt', nats: [...nats.urls], app, logLevel: 'silent', threads: 1 });

  async function subjectOf(key: string, type = 'page'): Promise<string> {
    const [subject, ...more] = await journal.subjects(`jaegis.corrupt.turn.*.${type}.${key}`);
    if (subject === undefined || more.length > 0) throw new Error(`${key} has one subject`);
    return subject;
  }

  /** Makes the newest record a damaged copy of itself, while nobody owns the entity. */
  async function damage(key: string, how: (data: Uint8Array) => Uint8Array, type = 'page'): Promise<number> {
    const record = await journal.last(await subjectOf(key, type));
    if (record === undefined) throw new Error('nothing was written');
    return journal.append(record.subject, how(record.data), { expectedSequence: record.sequence });
  }

  test.each(damages)(
    'a record %s is put aside with a diagnosis, and its entity goes on from the last good one',
    async (what, how) => {
      const [broken, sound] = [`${what.replaceAll(' ', '-')}`, `beside-${what.replaceAll(' ', '-')}`];
      await using first = await node('first');
      for (const line of ['one', 'two']) await write(first, broken, line);
      await write(first, sound, 'one');
      await first.stop();
      const sequence = await damage(broken, how);
      await using second = await node('second');
      const events: unknown[] = [];
      second.onEvent((event) => events.push(event));
      expect(await write(second, broken, 'three')).toBe(3);
      expect(await write(second, sound, 'two')).toBe(2);
      const said = {
        type: 'turns_quarantined',
        entity: `page/${broken}`,
        errors: [{ code: 'corrupt_record', data: { sequence } }],
      };
      await expect.poll(() => events).toContainEqual(expect.objectContaining(deep(said)));
      const newest = await journal.last(await subjectOf(broken));
      expect((await lastTurn(second, broken)).deadLetters).toMatchObject([{ id: `turn@${sequence}` }]);
      expect(newest?.sequence).toBeGreaterThan(sequence);
      expect(entityIn(second.tree(), `page/${broken}`)).toMatchObject({ quarantined: 1, deadLetters: 0 });
      expect(entityIn(second.tree(), `page/${sound}`)).toMatchObject({ quarantined: 0, deadLetters: 0 });
    },
  );

  test('what was put aside is listed for the whole cluster, also of entities that are not active or cannot start', async () => {
    await using first = await node('first');
    for (const key of ['listed-lost', 'listed-newer', 'listed-given-up']) await write(first, key, 'one');
    await first.entity(page, 'listed-given-up').send({ type: 'write', line: 5 as unknown as string });
    await expect.poll(async () => (await lastTurn(first, 'listed-given-up')).deadLetters).toHaveLength(1);
    await first.stop();
    await damage('listed-lost', (data) => data.slice(0, data.length - 5));
    await damage('listed-newer', ofNewerFormat);
    await using second = await node('second');
    await write(second, 'listed-lost', 'two');
    await second.stop();
    const program = runProgram('packages/cli/src/main.ts', [
      'letters',
      '--nats',
      nats.urls.join(),
      '--cluster',
      'corrupt',
    ]);
    expect(await program.ended).toBe(0);
    const lines = program
      .output()
      .split('\n')
      .filter((line) => line.includes('/listed-'));
    expect(lines.toSorted()).toEqual([
      expect.stringMatching(/page\/listed-given-up +given up @#\d+ write +invalid_message: /),
      expect.stringMatching(/page\/listed-lost +lost turn@\d+ +corrupt_record: /),
      expect.stringMatching(/page\/listed-newer +cannot be read +migration_refused: /),
    ]);
  });

  /** As they were, but for the newest, which is damaged: nothing is left of its turn. */
  async function damageNewest(type: string, key: string): Promise<void> {
    const records: JournalRecord[] = [];
    for await (const record of journal.history(await subjectOf(key, type))) records.push(record);
    let expectedSequence = records.at(-1)?.sequence ?? 0;
    for (const [index, { subject, data }] of records.entries()) {
      const bytes = index === records.length - 1 ? data.slice(0, data.length - 5) : data;
      expectedSequence = await journal.append(subject, bytes, { expectedSequence, replaces: index === 0 });
    }
  }

  test('a lost turn that had sent: its timer fires again, and what is sent afterwards is not taken for what it sent', async () => {
    await using first = await node('first');
    const send = (by: JaegisNode, line: string, laterMs: number) =>
      by.entity(author, 'novel').ask({ type: 'write', line, laterMs }, patient);
    const copied = async (by: JaegisNode) => (await by.entity(copy, 'novel').ask({ type: 'read' }, patient)).toSorted();
    await send(first, 'one', 1);
    await expect.poll(() => copied(first)).toEqual(['one', 'one again']);
    await first.stop();
    await damageNewest('author', 'novel');
    await using second = await node('second');
    expect(await send(second, 'two', 3_600_000)).toBe(2);
    await expect.poll(() => copied(second), { timeout: 30_000 }).toEqual(['one', 'one again', 'one again', 'two']);
    const { deadLetters, timers } = await lastTurn(second, 'novel', 'author');
    expect(deadLetters).toMatchObject([{ message: { type: 'lost_turn' }, error: { code: 'corrupt_record' } }]);
    expect(timers.map(({ name }) => name)).toEqual(['two']);
  });

  test('a record of a newer version is neither read nor written over', async () => {
    await using first = await node('first');
    await write(first, 'newer', 'one');
    await first.stop();
    const sequence = await damage('newer', ofNewerFormat);
    await using second = await node('second');
    await expect(write(second, 'newer', 'two', 5_000)).rejects.toMatchObject({ code: 'migration_refused' });
    expect(await write(second, 'others', 'one')).toBe(1);
    expect((await journal.last(await subjectOf('newer')))?.sequence).toBe(sequence);
  });
});

describe('on the disk of a server', () => {
  const nats = withServers(1);
  const blocks = (stream: string) => join(nats.servers[0]?.storeDir ?? '', `jetstream/$G/streams/${stream}/msgs/1.blk`);

  test.each([
    ['with a flipped bit', (file: string) => flipIn(file, 'the-damaged-line')],
    ['cut short', (file: string) => truncateSync(file, statSync(file).size - 20)],
  ])(
    'a record %s is missed by its owner, which goes on from the one before; those written before it are whole',
    async (what, damage) => {
      const cluster = what.replaceAll(' ', '-');
      const options = { cluster, nats: [...nats.urls], app, logLevel: 'silent', threads: 1 } as const;
      await using node = await startNode({ ...options, name: 'n1' });
      expect(await write(node, 'beside', 'one')).toBe(1);
      expect(await write(node, 'broken', 'one')).toBe(1);
      expect(await write(node, 'broken', 'the-damaged-line')).toBe(2);
      const [server] = nats.servers;
      await server?.kill();
      damage(blocks(`JAEGIS_${cluster}_TURNS`));
      await server?.restart();
      await expect(write(node, 'broken', 'three', 30_000)).rejects.toMatchObject({ code: 'corrupt_record' });
      expect(await write(node, 'broken', 'four')).toBe(2);
      expect(await write(node, 'beside', 'two')).toBe(2);
    },
  );
});

describe('on the disk of one of three servers', () => {
  const nats = withServers(3);

  test('a record with a flipped bit is mended by the others: nothing is lost, also when one of them dies', async () => {
    const options = { cluster: 'three', nats: [...nats.urls], app, logLevel: 'silent', threads: 1 } as const;
    await using node = await startNode({ ...options, name: 'n1' });
    expect(await write(node, 'broken', 'the-damaged-line')).toBe(1);
    for (const [index, line] of ['two', 'three', 'four'].entries()) {
      expect(await write(node, 'broken', line)).toBe(index + 2);
    }
    const [server, other] = nats.servers;
    const block = join(server?.storeDir ?? '', 'jetstream/$G/streams/JAEGIS_three_TURNS/msgs/1.blk');
    // Two of three have it when it is acknowledged.
    await expect.poll(() => readFileSync(block).includes('the-damaged-line'), { timeout: 30_000 }).toBe(true);
    await server?.kill();
    flipIn(block, 'the-damaged-line');
    await server?.restart();
    expect(await write(node, 'broken', 'five')).toBe(5);
    await other?.kill();
    expect(await write(node, 'broken', 'six')).toBe(6);
    await node.stop();
    await using next = await startNode({ ...options, name: 'n2' });
    expect(await write(next, 'broken', 'seven')).toBe(7);
    const turns: number[] = [];
    for await (const { turn } of next.history({ entity: { type: 'page', key: 'broken' } })) turns.push(turn);
    expect(turns).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

function ofNewerFormat(data: Uint8Array): Uint8Array {
  const newer = data.with(1, 99);
  new DataView(newer.buffer).setUint32(2, crc32(newer.subarray(6)) ^ 99);
  return newer;
}

function entityIn(tree: TreeNode, id: string): TreeNode | undefined {
  return tree.children.find((child) => child.id === 'entities')?.children.find((child) => child.id === id);
}

/** The same with matchers that allow more keys, at each level. */
function deep(value: object): object {
  const inner = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(inner);
    return typeof each === 'object' && each !== null ? expect.objectContaining(deep(each)) : each;
  };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inner(each)]));
}
