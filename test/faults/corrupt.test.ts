/**
 * Records damaged on purpose in a real stream, and on a real server's disk: found out, put aside with a diagnosis, and
 * nothing else harmed. What is like it on the simulated server: test/sim/quarantine.test.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, type Journal, limits } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { defineActor, defineApp, type JaegisNode, pinoLogger, startNode, type TurnRecord } from 'jaegis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';

const page = defineActor('page', {
  state: () => ({ lines: [] as readonly string[] }),
  schema: {
    write: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof (value as { line?: unknown }).line === 'string'
            ? { value: value as { line: string } }
            : { issues: [{ message: 'must be a text', path: ['line'] }] },
      },
    },
  },
  on: {
    write: ({ lines }, { line }: { line: string }) => ({ state: { lines: [...lines, line] }, reply: lines.length + 1 }),
    read: ({ lines }) => ({ reply: lines }),
  },
});
const app = defineApp({ entities: [page] });
const patient = { timeoutMs: 30_000 };

const damages: readonly (readonly [string, (data: Uint8Array) => Uint8Array])[] = [
  ['with a flipped bit', (data) => data.with(data.length - 3, (data.at(-3) ?? 0) ^ 4)],
  ['cut short', (data) => data.slice(0, data.length - 5)],
  ['of other bytes', () => new TextEncoder().encode('not a turn at all')],
];

describe('in a stream', () => {
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

  async function subjectOf(key: string): Promise<string> {
    const [subject, ...more] = await journal.subjects(`jaegis.corrupt.turn.*.page.${key}`);
    if (subject === undefined || more.length > 0) throw new Error(`${key} has one subject`);
    return subject;
  }

  /** Makes the newest record a damaged copy of itself, while nobody owns the entity. */
  async function damage(key: string, how: (data: Uint8Array) => Uint8Array): Promise<number> {
    const record = await journal.last(await subjectOf(key));
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
    },
  );

  test('a record of a newer version is neither read nor written over', async () => {
    await using first = await node('first');
    await write(first, 'newer', 'one');
    await first.stop();
    const sequence = await damage('newer', (data) => {
      const newer = data.with(1, 99);
      new DataView(newer.buffer).setUint32(2, crc32(newer.subarray(6)) ^ 99);
      return newer;
    });
    await using second = await node('second');
    await expect(write(second, 'newer', 'two', 5_000)).rejects.toBeDefined();
    expect(await write(second, 'others', 'one')).toBe(1);
    expect((await journal.last(await subjectOf('newer')))?.sequence).toBe(sequence);
  });

  test('an inbox message that its schema refuses goes to the dead letters, and those after it are handled', async () => {
    await using only = await node('only');
    const ref = only.entity(page, 'sent');
    await ref.send({ type: 'write', line: 5 as unknown as string });
    await ref.send({ type: 'write', line: 'good' });
    await expect.poll(() => ref.ask({ type: 'read' }, patient)).toEqual(['good']);
    expect((await lastTurn(only, 'sent')).deadLetters).toMatchObject([
      { message: { type: 'write', line: 5 }, error: { code: 'invalid_message' } },
    ]);
  });
});

describe('on the disk of a server', () => {
  const nats = withServers(1);

  test('a record with a flipped bit is missed by its owner, which goes on from the one before; others are whole', async () => {
    const options = { cluster: 'disk', nats: [...nats.urls], app, logLevel: 'silent', threads: 1 } as const;
    await using node = await startNode({ ...options, name: 'n1' });
    expect(await write(node, 'beside', 'one')).toBe(1);
    expect(await write(node, 'broken', 'one')).toBe(1);
    expect(await write(node, 'broken', 'the-damaged-line')).toBe(2);
    const [server] = nats.servers;
    await server?.kill();
    flipIn(join(server?.storeDir ?? '', 'jetstream/$G/streams/JAEGIS_disk_TURNS/msgs/1.blk'), 'the-damaged-line');
    await server?.restart();
    await expect(write(node, 'broken', 'three', 30_000)).rejects.toMatchObject({ code: 'corrupt_record' });
    expect(await write(node, 'broken', 'four')).toBe(2);
    expect(await write(node, 'beside', 'two')).toBe(2);
  });
});

function write(node: JaegisNode, key: string, line: string, timeoutMs = 30_000): Promise<number> {
  return node.entity(page, key).ask({ type: 'write', line }, { timeoutMs });
}

async function lastTurn(node: JaegisNode, key: string): Promise<TurnRecord> {
  let last: TurnRecord | undefined;
  for await (const turn of node.history({ entity: { type: 'page', key } })) last = turn;
  return last ?? expect.fail(`page/${key} has no turn`);
}

/** Of the last place where the text stands. */
function flipIn(file: string, text: string): void {
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf(text);
  if (at < 0) throw new Error(`${text} is not in ${file}`);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(file, bytes);
}

/** The same with matchers that allow more keys, at each level. */
function deep(value: object): object {
  const inner = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(inner);
    return typeof each === 'object' && each !== null ? expect.objectContaining(deep(each)) : each;
  };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inner(each)]));
}
