/** The obligations of the journal port, for any adapter. */
import type { Journal, JournalRecord } from '@jaegis/core';
import { describe, expect, test } from 'vitest';
import { bytes, eventually, type JournalWishes, text, uniqueName, until, type World } from './world.ts';

export function journalContract(adapter: string, makeWorld: () => World): void {
  describe(`journal, ${adapter}`, () => {
    const world = makeWorld();
    appends(world);
    bounds(world);
    changesHistory(world);
    readsTheNewest(world);
    readsHistory(world);
    listsSubjects(world);
    opens(world);
    survivesALoss(world);
  });
}

/** A journal of its own, whose subjects begin with its name. */
async function openNew(world: World, wishes: Partial<JournalWishes> = {}) {
  const name = uniqueName();
  const options = { name, subjects: [`${name}.>`], historyPerSubject: 64, ...wishes };
  const connection = await world.connect();
  return { name, options, connection, journal: await connection.openJournal(options) };
}

async function allOf(records: AsyncIterable<JournalRecord>): Promise<JournalRecord[]> {
  const all: JournalRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

const contents = (records: readonly JournalRecord[]) => records.map(({ subject, data }) => `${subject}: ${text(data)}`);

/** Appends one after the other, each in the knowledge of the one before; gives the sequences. */
async function appendAll(journal: Journal, subject: string, texts: readonly string[], expectedSequence = 0) {
  const sequences: number[] = [];
  for (const item of texts) {
    const expected = sequences.at(-1) ?? expectedSequence;
    sequences.push(await journal.append(subject, bytes(item), { expectedSequence: expected }));
  }
  return sequences;
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error) => error.code,
  );

function appends(world: World): void {
  test('sequences grow and are shared by all subjects', async () => {
    const { name, journal } = await openNew(world);
    const a = await appendAll(journal, `${name}.a`, ['1', '2']);
    const b = await appendAll(journal, `${name}.b`, ['1']);
    const c = await appendAll(journal, `${name}.a`, ['3'], a[1]);
    expect([...a, ...b, ...c]).toEqual([1, 2, 3, 4]);
  });

  test.each([
    ['none', 0],
    ['an older one', 1],
    ['one of another subject', 3],
    ['one that does not exist yet', 4],
  ])('an append that expects %s is refused and writes nothing', async (_, expectedSequence) => {
    const { name, journal } = await openNew(world);
    const subject = `${name}.a`;
    await appendAll(journal, subject, ['1', '2']);
    await appendAll(journal, `${name}.b`, ['1']);
    await expect(journal.append(subject, bytes('3'), { expectedSequence })).rejects.toMatchObject({
      code: 'wrong_sequence',
      data: { subject, expectedSequence },
    });
    expect(contents(await allOf(journal.history(`${name}.>`)))).toEqual([
      `${subject}: 1`,
      `${subject}: 2`,
      `${name}.b: 1`,
    ]);
    expect(await journal.append(subject, bytes('3'), { expectedSequence: 2 })).toBe(4);
  });

  test('an append that expects a record where there is none is refused', async () => {
    const { name, journal } = await openNew(world);
    expect(await codeOf(journal.append(`${name}.a`, bytes('1'), { expectedSequence: 1 }))).toBe('wrong_sequence');
    expect(await journal.last(`${name}.a`)).toBeUndefined();
  });

  test('of two writers that expect the same sequence one wins, every time', async () => {
    const { name, options, journal } = await openNew(world);
    const other = await (await world.connect()).openJournal(options);
    const subject = `${name}.a`;
    let expectedSequence = 0;
    for (let round = 0; round < 20; round++) {
      const writers = round % 2 === 0 ? [journal, other] : [other, journal];
      const results = await Promise.allSettled(
        writers.map((writer, index) => writer.append(subject, bytes(`${round}/${index}`), { expectedSequence })),
      );
      const won = results.findIndex(({ status }) => status === 'fulfilled');
      const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'done'));
      expect(codes.toSorted()).toEqual(['done', 'wrong_sequence']);
      const newest = await journal.last(subject);
      expect(text(newest?.data)).toBe(`${round}/${won}`);
      expectedSequence = newest?.sequence ?? 0;
    }
  });

  test('who is refused finds the record that was first at once', async () => {
    const { name, options, journal } = await openNew(world);
    const other = await (await world.connect()).openJournal(options);
    const subject = `${name}.a`;
    let expectedSequence = 0;
    for (let round = 0; round < 20; round++) {
      const found = await Promise.all(
        [journal, other].map((writer) =>
          writer
            .append(subject, new Uint8Array(20_000), { expectedSequence })
            .catch(async () => (await writer.last(subject))?.sequence),
        ),
      );
      expect(found[0]).toBeGreaterThan(expectedSequence);
      expect(found[1]).toBe(found[0]);
      expectedSequence = found[0] ?? 0;
    }
  });

  test('appends to many subjects at once all succeed', async () => {
    const { name, journal } = await openNew(world);
    const subjects = Array.from({ length: 100 }, (_, index) => `${name}.${index}`);
    const sequences = await Promise.all(
      subjects.map((subject) => journal.append(subject, bytes(subject), { expectedSequence: 0 })),
    );
    expect(new Set(sequences).size).toBe(100);
    expect(await journal.subjects(`${name}.*`)).toEqual(subjects.toSorted());
  });

  test('who is alone in writing to a subject is never refused, however fast the appends follow each other', async () => {
    const { name, journal } = await openNew(world);
    const data = new Uint8Array(50_000);
    const writeAlone = async (subject: string) => {
      let expectedSequence = 0;
      for (let turn = 0; turn < 20; turn++)
        expectedSequence = await journal.append(subject, data, { expectedSequence });
      return 'done';
    };
    const writers = Array.from({ length: 20 }, (_, index) => codeOf(writeAlone(`${name}.${index}`)));
    expect(await Promise.all(writers)).toEqual(writers.map(() => 'done'));
  });

  test('a record of 200,000 bytes and an empty one are kept whole', async () => {
    const { name, journal } = await openNew(world);
    const large = new Uint8Array(200_000).map((_, index) => index % 251);
    await journal.append(`${name}.large`, large, { expectedSequence: 0 });
    await journal.append(`${name}.empty`, bytes(''), { expectedSequence: 0 });
    expect(Buffer.compare((await journal.last(`${name}.large`))?.data ?? bytes(''), large)).toBe(0);
    expect((await journal.last(`${name}.empty`))?.data).toEqual(bytes(''));
  });

  test('an append to a subject that the journal does not hold is refused', async () => {
    const { journal } = await openNew(world);
    const append = journal.append(uniqueName(), bytes('x'), { expectedSequence: 0 });
    expect(await codeOf(append)).toBe('storage_unavailable');
  });

  test.each(['', 'a b', 'a.*', 'a.>'])('nothing can be appended to %j', async (subject) => {
    const { journal } = await openNew(world);
    expect(await codeOf(journal.append(subject, bytes('x'), { expectedSequence: 0 }))).toBe('invariant_broken');
  });

  test('an append that replaces leaves nothing of its subject before it, and all of the others', async () => {
    const { name, journal } = await openNew(world);
    const [, second = 0] = await appendAll(journal, `${name}.a`, ['1', '2']);
    await appendAll(journal, `${name}.b`, ['3']);
    const refused = journal.append(`${name}.a`, bytes('x'), { expectedSequence: 1, replaces: true });
    expect(await codeOf(refused)).toBe('wrong_sequence');
    expect(contents(await allOf(journal.history(`${name}.a`)))).toHaveLength(2);
    const sequence = await journal.append(`${name}.a`, bytes('4'), { expectedSequence: second, replaces: true });
    await appendAll(journal, `${name}.a`, ['5'], sequence);
    expect(contents(await allOf(journal.history(`${name}.>`)))).toEqual([
      `${name}.b: 3`,
      `${name}.a: 4`,
      `${name}.a: 5`,
    ]);
  });

  test('a full journal refuses with overloaded and drops nothing', async () => {
    const { name, journal } = await openNew(world, { maxBytes: 10_000 });
    await journal.append(`${name}.old`, bytes('kept'), { expectedSequence: 0 });
    const codes: string[] = [];
    for (let index = 0; index < 4; index++) {
      codes.push(await codeOf(journal.append(`${name}.${index}`, new Uint8Array(4_000), { expectedSequence: 0 })));
    }
    expect(codes).toEqual(['done', 'done', 'overloaded', 'overloaded']);
    expect(text((await journal.last(`${name}.old`))?.data)).toBe('kept');
  });
}

function bounds(world: World): void {
  test('a record that is larger than the server takes is refused, and nothing is written', async () => {
    const { name, journal, connection } = await openNew(world);
    const subject = `${name}.a`;
    const large = new Uint8Array(connection.transport.maxPayload + 1);
    await expect(journal.append(subject, large, { expectedSequence: 0 })).rejects.toMatchObject({
      code: 'not_serializable',
    });
    expect(await journal.append(subject, bytes('1'), { expectedSequence: 0 })).toBe(1);
  });

  test('opening a journal with another bound changes it, and opening it with none does not', async () => {
    const { name, journal, options, connection } = await openNew(world, { maxBytes: 10_000 });
    const fill = (index: number) =>
      codeOf(journal.append(`${name}.${index}`, new Uint8Array(8_000), { expectedSequence: 0 }));
    expect([await fill(1), await fill(2)]).toEqual(['done', 'overloaded']);
    await connection.openJournal({ ...options, maxBytes: 20_000 });
    expect([await fill(2), await fill(3)]).toEqual(['done', 'overloaded']);
    const { maxBytes: _, ...unbounded } = options;
    await connection.openJournal(unbounded);
    expect(await fill(3)).toBe('overloaded');
  });
}

function changesHistory(world: World): void {
  test('opening a journal with another history changes it: older records go at once, and are not dropped sooner than said', async () => {
    const { name, journal, options, connection } = await openNew(world, { historyPerSubject: 4 });
    const subject = `${name}.a`;
    const kept = async () => (await allOf(journal.history(subject))).map(({ data }) => text(data));
    const sequences = await appendAll(journal, subject, ['1', '2', '3', '4', '5']);
    expect(journal.historyPerSubject).toBe(4);
    expect(await kept()).toEqual(['2', '3', '4', '5']);
    await connection.openJournal({ ...options, historyPerSubject: 2 });
    expect(await kept()).toEqual(['4', '5']);
    await connection.openJournal({ ...options, historyPerSubject: 3 });
    await appendAll(journal, subject, ['6', '7'], sequences.at(-1));
    expect(await kept()).toEqual(['5', '6', '7']);
  });

  test('opening a journal without saying how much history leaves it as it is; a new one has 64 records', async () => {
    const { name, options, connection, journal } = await openNew(world, { historyPerSubject: 2 });
    const { historyPerSubject: _, ...unsaid } = options;
    expect((await connection.openJournal(unsaid)).historyPerSubject).toBe(2);
    await appendAll(journal, `${name}.a`, ['1', '2', '3']);
    expect(await allOf(journal.history(`${name}.a`))).toHaveLength(2);
    const other = uniqueName();
    const made = await connection.openJournal({ name: other, subjects: [`${other}.>`] });
    await appendAll(
      made,
      `${other}.a`,
      Array.from({ length: 65 }, (_, index) => `${index}`),
    );
    expect(await allOf(made.history(`${other}.a`))).toHaveLength(64);
  });
}

function readsTheNewest(world: World): void {
  test('a subject without records has no newest one', async () => {
    const { name, journal } = await openNew(world);
    await appendAll(journal, `${name}.a`, ['1']);
    expect(await journal.last(`${name}.b`)).toBeUndefined();
  });

  test('the newest record says what was appended, where, and when', async () => {
    const { name, journal } = await openNew(world);
    const subject = `${name}.a`;
    const [, sequence] = await appendAll(journal, subject, ['1', '2']);
    const [first, second] = await allOf(journal.history(subject));
    expect(await journal.last(subject)).toEqual({ subject, sequence, data: bytes('2'), timeMs: second?.timeMs });
    expect(first?.timeMs).toBeGreaterThan(Date.UTC(2020, 1));
    expect(second?.timeMs).toBeGreaterThanOrEqual(first?.timeMs ?? Number.POSITIVE_INFINITY);
  });

  test('the newest record is never older than an append that succeeded', async () => {
    const { name, options, journal } = await openNew(world);
    const other = await (await world.connect()).openJournal(options);
    const subject = `${name}.a`;
    let expectedSequence = 0;
    for (let round = 0; round < 50; round++) {
      const [writer, reader] = round % 2 === 0 ? [journal, other] : [other, journal];
      expectedSequence = await writer.append(subject, bytes(`${round}`), { expectedSequence });
      expect(await reader.last(subject)).toMatchObject({ sequence: expectedSequence, data: bytes(`${round}`) });
    }
  });

  test('what a reader does to the data it was given does not reach the journal', async () => {
    const { name, journal } = await openNew(world);
    await appendAll(journal, `${name}.a`, ['kept']);
    (await journal.last(`${name}.a`))?.data.fill(0);
    for await (const { data } of journal.history(`${name}.a`)) data.fill(0);
    expect(text((await journal.last(`${name}.a`))?.data)).toBe('kept');
  });
}

function readsHistory(world: World): void {
  test('history over several subjects is in the order of their appends, and holds what matches only', async () => {
    const { name, journal } = await openNew(world);
    await appendAll(journal, `${name}.x.a`, ['1', '2']);
    await appendAll(journal, `${name}.y.a`, ['3']);
    await appendAll(journal, `${name}.x.b`, ['4']);
    await appendAll(journal, `${name}.x.a`, ['5'], 2);
    expect(contents(await allOf(journal.history(`${name}.x.*`)))).toEqual([
      `${name}.x.a: 1`,
      `${name}.x.a: 2`,
      `${name}.x.b: 4`,
      `${name}.x.a: 5`,
    ]);
    expect(contents(await allOf(journal.history(`${name}.y.>`)))).toEqual([`${name}.y.a: 3`]);
    expect(await allOf(journal.history(`${name}.z.>`))).toEqual([]);
  });

  test('history after a sequence holds what came later only', async () => {
    const { name, journal } = await openNew(world);
    const [, second = 0, third = 0] = await appendAll(journal, `${name}.a`, ['1', '2', '3']);
    await appendAll(journal, `${name}.b`, ['4']);
    expect(contents(await allOf(journal.history(`${name}.>`, second)))).toEqual([`${name}.a: 3`, `${name}.b: 4`]);
    expect(contents(await allOf(journal.history(`${name}.a`, third)))).toEqual([]);
  });

  test('history up to a sequence holds nothing later, also where that record is gone', async () => {
    const { name, journal } = await openNew(world, { historyPerSubject: 3 });
    const [first = 0, , third = 0] = await appendAll(journal, `${name}.a`, ['1', '2', '3']);
    expect(contents(await allOf(journal.history(`${name}.a`, 0, third)))).toHaveLength(3);
    await appendAll(journal, `${name}.b`, ['4']);
    await journal.append(`${name}.a`, bytes('5'), { expectedSequence: third });
    expect(contents(await allOf(journal.history(`${name}.>`, 0, third)))).toEqual([`${name}.a: 2`, `${name}.a: 3`]);
    expect(contents(await allOf(journal.history(`${name}.a`, 0, first)))).toEqual([]);
    expect(contents(await allOf(journal.history(`${name}.a`, third, third)))).toEqual([]);
  });

  test('history ends with what was newest when it was asked for', async () => {
    const { name, journal } = await openNew(world);
    await appendAll(journal, `${name}.a`, ['1', '2', '3']);
    const seen: JournalRecord[] = [];
    for await (const record of journal.history(`${name}.>`)) {
      seen.push(record);
      await appendAll(journal, `${name}.${seen.length}`, ['later']);
    }
    expect(contents(seen)).toEqual([`${name}.a: 1`, `${name}.a: 2`, `${name}.a: 3`]);
  });

  test('a long history is given whole and in order, with what is large in it', async () => {
    const { name, journal } = await openNew(world, { historyPerSubject: 600 });
    const large = 'x'.repeat(100_000);
    const all = Array.from({ length: 600 }, (_, index) => (index % 10 === 0 ? `${index} ${large}` : `${index}`));
    await appendAll(journal, `${name}.a`, all);
    await appendAll(journal, `${name}.b`, ['other']);
    const seen = await allOf(journal.history(`${name}.a`));
    expect(seen.map(({ data }) => text(data))).toEqual(all);
    expect(seen.every(({ subject, timeMs }) => subject === `${name}.a` && timeMs > Date.UTC(2020, 1))).toBe(true);
    expect(contents(await allOf(journal.history(`${name}.>`, seen.at(-2)?.sequence)))).toEqual([
      `${name}.a: 599`,
      `${name}.b: other`,
    ]);
  });

  test('records that are dropped while history is read may be left out, and no others', async () => {
    const { name, journal } = await openNew(world);
    const sequences = await appendAll(journal, `${name}.a`, ['1', '2', '3']);
    await appendAll(journal, `${name}.b`, ['4']);
    const seen: JournalRecord[] = [];
    for await (const record of journal.history(`${name}.>`)) {
      if (seen.push(record) > 1) continue;
      await journal.append(`${name}.a`, bytes('5'), { expectedSequence: sequences.at(-1) ?? 0, replaces: true });
    }
    const dropped = [`${name}.a: 2`, `${name}.a: 3`];
    const others = contents(seen).filter((content) => !dropped.includes(content));
    expect(others).toEqual([`${name}.a: 1`, `${name}.b: 4`]);
    expect(seen.map(({ sequence }) => sequence)).toEqual(
      seen.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
  });

  test('who stops reading history early can go on to use the journal', async () => {
    const { name, journal } = await openNew(world);
    await appendAll(journal, `${name}.a`, ['1', '2', '3']);
    for (let round = 0; round < 3; round++) {
      for await (const { sequence } of journal.history(`${name}.>`)) {
        expect(sequence).toBe(1);
        break;
      }
    }
    expect(await appendAll(journal, `${name}.a`, ['4'], 3)).toEqual([4]);
  });

  test('of each subject the newest records are kept, as many as were asked for', async () => {
    const { name, journal } = await openNew(world, { historyPerSubject: 2 });
    const sequences = await appendAll(journal, `${name}.a`, ['1', '2', '3', '4']);
    await appendAll(journal, `${name}.b`, ['5']);
    const kept = [`${name}.a: 3`, `${name}.a: 4`, `${name}.b: 5`];
    expect(contents(await allOf(journal.history(`${name}.>`)))).toEqual(kept);
    expect(await codeOf(journal.append(`${name}.a`, bytes('6'), { expectedSequence: 0 }))).toBe('wrong_sequence');
    expect(await appendAll(journal, `${name}.a`, ['6'], sequences.at(-1))).toEqual([6]);
  });
}

function listsSubjects(world: World): void {
  test('subjects with records are listed in order, those that match only', async () => {
    const { name, journal } = await openNew(world);
    for (const tail of ['x.c', 'x.a', 'y.b', 'x.b.d']) await appendAll(journal, `${name}.${tail}`, ['1', '2']);
    expect(await journal.subjects(`${name}.x.*`)).toEqual([`${name}.x.a`, `${name}.x.c`]);
    expect(await journal.subjects(`${name}.>`)).toEqual(
      ['x.a', 'x.b.d', 'x.c', 'y.b'].map((tail) => `${name}.${tail}`),
    );
    expect(await journal.subjects(`${name}.z.>`)).toEqual([]);
  });
}

function opens(world: World): void {
  test('many can open the same new journal at once', async () => {
    const name = uniqueName();
    const connections = await Promise.all(Array.from({ length: 4 }, () => world.connect()));
    const journals = await Promise.all(
      connections.map((connection) => connection.openJournal({ name, subjects: [`${name}.>`], historyPerSubject: 1 })),
    );
    await Promise.all(
      journals.map((journal, index) => journal.append(`${name}.${index}`, bytes('x'), { expectedSequence: 0 })),
    );
    expect(await journals[0]?.subjects(`${name}.>`)).toHaveLength(4);
  });

  test('a journal that is opened again holds its records', async () => {
    const { name, options, connection, journal } = await openNew(world);
    await appendAll(journal, `${name}.a`, ['1']);
    const again = await connection.openJournal(options);
    expect(text((await again.last(`${name}.a`))?.data)).toBe('1');
  });

  test('a journal that exists with other settings is refused', async () => {
    const { options, connection } = await openNew(world);
    const { name } = options;
    await expect(connection.openJournal({ ...options, subjects: [`${name}.a`] })).rejects.toMatchObject({
      code: 'cluster_mismatch',
      message: expect.stringContaining(`subjects is ["${name}.>"], not ["${name}.a"]`),
      data: { stream: name, differing: ['subjects'] },
    });
  });
}

function survivesALoss(world: World): void {
  test('while the server is away every call is refused, nothing is written, and what was written is there after', async () => {
    const { name, connection, journal } = await openNew(world);
    const subject = `${name}.a`;
    await appendAll(journal, subject, ['1', '2']);
    await world.loseServer();
    await until(() => !connection.transport.connected);
    const codes = [
      await codeOf(journal.append(subject, bytes('never'), { expectedSequence: 2 })),
      await codeOf(journal.last(subject)),
      await codeOf(allOf(journal.history(subject))),
      await codeOf(journal.subjects(subject)),
    ];
    expect(codes).toEqual(Array.from({ length: 4 }, () => 'storage_unavailable'));
    await world.restoreServer();
    await eventually(() => journal.append(subject, bytes('3'), { expectedSequence: 2 }));
    expect(contents(await allOf(journal.history(subject)))).toEqual(
      ['1', '2', '3'].map((item) => `${subject}: ${item}`),
    );
  });

  test('an append under way when the server goes is done, not written, or of unknown outcome, and says which', async () => {
    const { name, journal } = await openNew(world);
    const subject = `${name}.a`;
    await appendAll(journal, subject, ['1']);
    const outcome = codeOf(journal.append(subject, bytes('2'), { expectedSequence: 1 }));
    await world.loseServer();
    const code = await outcome;
    await world.restoreServer();
    const newest = text((await eventually(() => journal.last(subject)))?.data);
    const possible = { done: ['2'], storage_unavailable: ['1'], outcome_unknown: ['1', '2'] };
    expect(Object.keys(possible)).toContain(code);
    expect(possible[code as keyof typeof possible]).toContain(newest); // a key of it: checked above
  });

  test('after close every call is refused', async () => {
    const { name, options, connection, journal } = await openNew(world);
    await connection.transport.close();
    const codes = [
      await codeOf(journal.append(`${name}.a`, bytes('1'), { expectedSequence: 0 })),
      await codeOf(journal.last(`${name}.a`)),
      await codeOf(allOf(journal.history(`${name}.a`))),
      await codeOf(journal.subjects(`${name}.a`)),
      await codeOf(connection.openJournal(options)),
    ];
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'transport_closed'));
  });
}
