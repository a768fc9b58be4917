import { limits, NotSerializableError } from '@jaegis/core';
import { describe, expect, test } from 'vitest';
import { Commits, type Step } from './commits.ts';

/** Turns that are written when the test says so. */
function journal() {
  const turns: { readonly steps: readonly Step[]; readonly settle: (error?: Error) => void }[] = [];
  const log: string[] = [];
  const alone = { isAlone: false };
  const commits = new Commits({
    commit: (steps) =>
      new Promise((resolve, reject) => {
        turns.push({ steps, settle: (error) => (error ? reject(error) : resolve()) });
      }),
    release: (steps) => log.push(`released ${steps.map(({ id }) => id).join(' ')}`),
    onFailed: (error, suspects) =>
      log.push([`failed: ${(error as Error).message}`, ...suspects.map(({ id }) => id)].join(' ')),
    isAlone: () => alone.isAlone,
  });
  const add = (id: string, changes = true, reply: unknown = 'ok') => {
    const ask = {
      isOpen: true,
      reply: (reply: unknown) => log.push(`${id} gets ${reply}`),
      fail: (error: unknown) => log.push(`${id} fails: ${(error as Error).message}`),
    };
    commits.add({
      id,
      ask,
      reply,
      limitMs: undefined,
      effects: [],
      sends: { messages: 0, bytes: 0 },
      deadLetter: undefined,
      trace: undefined,
      inbox: undefined,
      changes,
      isOwed: false,
    });
  };
  return { turns, log, commits, add, alone, idsOf: (turn: number) => turns[turn]?.steps.map(({ id }) => id) };
}

const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('commits in groups', () => {
  test('messages of one turn of the scheduler share a record, and those that come meanwhile the next one', async () => {
    const { turns, log, commits, add, idsOf } = journal();
    add('a');
    add('b');
    await turnOfLoop();
    add('c');
    add('d');
    await turnOfLoop();
    expect(turns).toHaveLength(1);
    expect(idsOf(0)).toEqual(['a', 'b']);
    expect(log).toEqual([]);
    turns[0]?.settle();
    await turnOfLoop();
    expect(log).toEqual(['released a b']);
    expect(idsOf(1)).toEqual(['c', 'd']);
    turns[1]?.settle();
    await commits.settled();
    expect(log).toEqual(['released a b', 'released c d']);
    expect(commits.isIdle).toBe(true);
  });

  test('a question waits for the turns that it has seen, and writes none', async () => {
    const { turns, log, commits, add } = journal();
    add('change');
    await turnOfLoop();
    add('question', false);
    await turnOfLoop();
    expect(log).toEqual([]);
    turns[0]?.settle();
    await commits.settled();
    expect(turns).toHaveLength(1);
    expect(log).toEqual(['released change', 'released question']);
  });

  test('when a turn cannot be written all that waits fails, and nothing leaves', async () => {
    const { turns, log, commits, add } = journal();
    add('a');
    await turnOfLoop();
    add('b');
    turns[0]?.settle(new Error('fenced'));
    await commits.settled();
    expect(log).toEqual(['a fails: fenced', 'b fails: fenced', 'failed: fenced']);
    add('c');
    expect(log.at(-1)).toBe('c fails: fenced');
    expect(turns).toHaveLength(1);
  });

  test('the one message whose turn cannot be written is told why, and those after it to ask again', async () => {
    const { turns, log, commits, add } = journal();
    add('a');
    add('question', false);
    await turnOfLoop();
    add('b');
    turns[0]?.settle(new NotSerializableError('too large'));
    await commits.settled();
    const others = 'fails: Another message left what cannot be written: too large';
    expect(log).toEqual(['a fails: too large', `question ${others}`, `b ${others}`, 'failed: too large a']);
  });

  test('where several share a turn that cannot be written all are told to ask again', async () => {
    const { turns, log, commits, add } = journal();
    add('a');
    add('b');
    await turnOfLoop();
    turns[0]?.settle(new NotSerializableError('too large'));
    await commits.settled();
    const others = 'fails: Another message left what cannot be written: too large';
    expect(log).toEqual([`a ${others}`, `b ${others}`, 'failed: too large a b']);
  });

  test('there is no room beside a message that is to have a turn of its own', async () => {
    const { turns, commits, add, alone } = journal();
    alone.isAlone = true;
    expect(commits.room()).toBeUndefined();
    add('a');
    const room = commits.room();
    await turnOfLoop();
    turns[0]?.settle();
    await room;
    expect(commits.isIdle).toBe(true);
    expect(commits.room()).toBeUndefined();
  });

  test('there is no room once the replies that wait are large together', async () => {
    const { turns, commits, add } = journal();
    for (let bytes = 0; bytes < limits.turnBytes; bytes += 5_000) {
      expect(commits.room()).toBeUndefined();
      add(`${bytes}`, true, 'r'.repeat(5_000));
    }
    expect(commits.room()).toBeDefined();
    await turnOfLoop();
    expect(commits.room()).toBeUndefined();
    turns[0]?.settle();
    await commits.settled();
  });

  test('what is abandoned is told so, also where the turn is written after all', async () => {
    const { turns, log, commits, add } = journal();
    add('a');
    await turnOfLoop();
    commits.abandon(new Error('killed'));
    turns[0]?.settle();
    await commits.settled();
    expect(log).toEqual(['a fails: killed']);
  });

  test('a step is found by its id until its turn is written', async () => {
    const { turns, commits, add } = journal();
    add('a');
    await turnOfLoop();
    add('b');
    expect([commits.find('a')?.id, commits.find('b')?.id, commits.find('c')]).toEqual(['a', 'b', undefined]);
    turns[0]?.settle();
    await turnOfLoop();
    expect([commits.find('a'), commits.find('b')?.id]).toEqual([undefined, 'b']);
    turns[1]?.settle();
    await commits.settled();
  });

  test('there is no room while too many messages wait', async () => {
    const { turns, commits, add } = journal();
    add('first');
    await turnOfLoop();
    for (let count = 0; count < 1_024; count++) add(String(count));
    let isRoom = false;
    const room = commits.room()?.then(() => {
      isRoom = true;
    });
    await turnOfLoop();
    expect(isRoom).toBe(false);
    turns[0]?.settle();
    await room;
    expect(commits.room()).toBeUndefined();
    await turnOfLoop();
    turns[1]?.settle();
    await commits.settled();
  });
});
