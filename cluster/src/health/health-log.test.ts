import { binaryCodec } from '@jaegis/codec';
import { incarnation, nodeId, silentLogger } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import type { Change } from './entries.ts';
import { HealthLog } from './health-log.ts';

const subject = 'jaegis.c.health';
const [one, two] = ['n1', 'n2'].map((name) => ({ id: nodeId(name), incarnation: incarnation('1') })) as [Life, Life];
type Life = { id: ReturnType<typeof nodeId>; incarnation: ReturnType<typeof incarnation> };

async function logs() {
  const world = createSimWorld({ seed: 1 });
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const open = async (name: string) => {
    const { openJournal } = world.connect(name);
    const journal = await settled(openJournal({ name: 'HEALTH', subjects: [subject], historyPerSubject: 1_000 }));
    const log = new HealthLog({ subject, journal, codec: binaryCodec(), logger });
    const write = (change: Change, term: number, by = one) => settled(log.append(change, { term, by, atMs: 1 }));
    const ids = () => log.view.members.map(({ id }) => String(id));
    return { log, journal, write, ids, catchUp: () => settled(log.catchUp()) };
  };
  return { world, settled, errors, open };
}

const join = (member: Life): Change => ({ kind: 'join', member, protocol: 1, version: '1' });

describe('the health log', () => {
  it('of two who take one term one is refused, and knows by then who has it', async () => {
    const { open } = await logs();
    const [first, second] = [await open('a'), await open('b')];
    await first.write({ kind: 'term' }, 1, one);
    await expect(second.write({ kind: 'term' }, 1, two)).rejects.toMatchObject({ code: 'wrong_sequence' });
    expect(second.log.table).toMatchObject({ term: 1, leader: one });
  });

  it('a leader that was deposed cannot write', async () => {
    const { open } = await logs();
    const [first, second] = [await open('a'), await open('b')];
    await first.write({ kind: 'term' }, 1, one);
    await second.catchUp();
    await second.write({ kind: 'term' }, 2, two);
    await expect(first.write(join(one), 1)).rejects.toMatchObject({ code: 'wrong_sequence' });
    // And where it wrote after it had read, nobody would heed it.
    await first.write(join(one), 1);
    await second.catchUp();
    expect([first.ids(), second.ids()]).toEqual([[], []]);
  });

  it('what was written although the answer was lost is recognised', async () => {
    const { world, open } = await logs();
    const first = await open('a');
    await first.write({ kind: 'term' }, 1);
    world.storage.loseAnswers(1);
    expect(await first.write(join(one), 1)).toMatchObject({ sequence: 2, previous: 1 });
    expect(first.ids()).toEqual(['n1']);
  });

  it('an entry that is told is taken in where it follows, and asked for otherwise', async () => {
    const { open } = await logs();
    const [first, second] = [await open('a'), await open('b')];
    const told = [
      await first.write({ kind: 'term' }, 1),
      await first.write(join(one), 1),
      await first.write(join(two), 1),
    ];
    const [begin, middle, end] = told as [(typeof told)[0], (typeof told)[0], (typeof told)[0]];
    expect(second.log.receive(begin)).toBe(true);
    expect(second.log.receive(end)).toBe(false);
    expect(second.log.receive(middle)).toBe(true);
    expect(second.log.receive(begin)).toBe(true);
    expect(second.ids()).toEqual(['n1']);
    await second.catchUp();
    expect(second.log.table).toEqual(first.log.table);
  });

  it('a snapshot takes the place of all before it, and whoever reads it knows the same', async () => {
    const { open } = await logs();
    const first = await open('a');
    for (const change of [{ kind: 'term' } as const, join(one), join(two)]) await first.write(change, 1);
    expect(first.log.sinceSnapshot).toBe(3);
    await first.write({ kind: 'snapshot', table: first.log.table }, 1);
    expect(first.log.sinceSnapshot).toBe(0);
    const second = await open('b');
    await second.catchUp();
    expect(second.log.table).toEqual(first.log.table);
    expect(second.log.table.index).toBe(4);
    await first.write({ kind: 'leave', member: two }, 1);
    await second.catchUp();
    expect([first.ids(), second.ids()]).toEqual([['n1'], ['n1']]);
  });

  it.each([
    ['is no value', [1, 2, 3]],
    ['is no entry', [...binaryCodec().encode({ term: 'x' })]],
    ['is empty', []],
  ])('a record that %s is passed over, loudly, and what comes after it counts', async (_, bytes) => {
    const { settled, errors, open } = await logs();
    const [first, second] = [await open('a'), await open('b')];
    for (const change of [{ kind: 'term' } as const, join(one)]) await first.write(change, 1);
    await settled(first.journal.append(subject, Uint8Array.from(bytes), { expectedSequence: 2 }));
    await expect(first.write(join(two), 1)).rejects.toMatchObject({ code: 'wrong_sequence' });
    await first.write(join(two), 1);
    await second.catchUp();
    expect([first.ids(), second.ids()]).toEqual([
      ['n1', 'n2'],
      ['n1', 'n2'],
    ]);
    expect(errors).toEqual(Array(2).fill(expect.stringContaining('cannot be read')));
    expect(second.log.table).toEqual(first.log.table);
  });
});
