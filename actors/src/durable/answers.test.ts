import { keyedAskId, limits } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { Answers, idOfSend, newestOf } from './answers.ts';
import { nothingPast, PastAsks } from './past-asks.ts';

function remembered(before: readonly { readonly id: string; readonly reply: unknown }[] = []) {
  const clock = { now: 0 };
  const answers = new Answers({
    load: async () => before,
    newest: before.length === 0 ? undefined : { turn: 2, answered: [] },
    keptTurns: limits.turnHistory,
    now: () => clock.now,
  });
  const keyed = (key: number) => ({ id: keyedAskId(`k${key}`), reply: key });
  const fill = (count: number, make: (index: number) => { readonly id: string; readonly reply: unknown }) => {
    for (let index = 0; index < count; index++) answers.add([make(index)]);
  };
  return { answers, clock, keyed, fill };
}

describe('the answers that an entity remembers', () => {
  it('are of its last keys, as many as the bound says', () => {
    const { answers, keyed, fill } = remembered();
    fill(limits.idempotencyKeys + 1, keyed);
    expect(answers.get(keyed(0).id)).toBeUndefined();
    expect(answers.get(keyed(1).id)).toEqual({ reply: 1 });
  });

  it('are not pushed out by asks without a key, however many', () => {
    const { answers, keyed, fill } = remembered();
    answers.add([keyed(1)]);
    fill(2 * limits.recentAsks, (index) => ({ id: `random${index}`, reply: index }));
    expect(answers.get(keyed(1).id)).toEqual({ reply: 1 });
    expect(answers.get('random0')).toBeUndefined();
    expect(answers.get(`random${2 * limits.recentAsks - 1}`)).toBeDefined();
  });

  it('of asks without a key are forgotten once their time is over', () => {
    const { answers, clock } = remembered();
    answers.add([{ id: 'short', reply: 1, limitMs: 5_000 }]);
    clock.now = 5_000;
    answers.add([{ id: 'next', reply: 2, limitMs: 5_000 }]);
    expect([answers.get('short'), answers.get('next')]).toMatchObject([undefined, { reply: 2 }]);
  });

  it('know the last sends, as many and as long as the bounds say, apart from asks of the same name', () => {
    const { answers, clock, keyed, fill } = remembered();
    const send = (index: number) => ({ id: idOfSend(`s${index}`), reply: undefined });
    answers.add([keyed(1), { id: 'random', reply: 1 }]);
    fill(limits.recentSends + 1, send);
    expect([answers.hasSent('s0'), answers.hasSent('s1'), answers.hasSent('k1')]).toEqual([false, true, false]);
    expect([answers.get(keyed(1).id), answers.get('random')]).toMatchObject([{ reply: 1 }, { reply: 1 }]);
    clock.now = limits.recentSendMs;
    answers.add([send(-1)]);
    expect([answers.hasSent('s1'), answers.hasSent('s-1')]).toEqual([false, true]);
  });

  it('take the last sends along where a turn replaces the history', () => {
    const { answers, keyed } = remembered();
    answers.add([keyed(1), { id: idOfSend('s'), reply: undefined }]);
    expect(answers.carried.map(({ id }) => id)).toEqual([keyed(1).id, idOfSend('s')]);
  });

  it('know one whose reply is undefined', () => {
    const { answers } = remembered();
    answers.add([
      { id: keyedAskId('a'), reply: undefined },
      { id: 'random', reply: undefined },
    ]);
    expect(answers.get(keyedAskId('a'))).toMatchObject({ reply: undefined });
    expect(answers.get('random')).toMatchObject({ reply: undefined });
  });

  it('are those of the turns that are kept and of this activation, which are the newer ones', async () => {
    const { answers, keyed } = remembered([
      { id: keyedAskId('k1'), reply: 'before' },
      { id: 'random', reply: 3 },
    ]);
    answers.add([keyed(2)]);
    await Promise.all([answers.known(), answers.known()]);
    expect(answers.known()).toBeUndefined();
    expect([answers.get(keyed(1).id), answers.get(keyed(2).id)]).toEqual([{ reply: 'before' }, { reply: 2 }]);
    expect(answers.get('random')).toMatchObject({ reply: 3 });
  });

  it('are read from the turns that are kept only for an id that may be in them', async () => {
    const old = keyedAskId('old');
    const past = new PastAsks(nothingPast, limits.turnHistory);
    past.add([old], false);
    let reads = 0;
    const load = async () => {
      reads++;
      return [
        { id: old, reply: 'old' },
        { id: keyedAskId('newest'), reply: 'newest' },
      ];
    };
    const { bytes = nothingPast } = past;
    const newest = { turn: 2, answered: [{ id: keyedAskId('newest'), reply: 'newest' }], past: bytes };
    const answers = new Answers({ load, newest, keptTurns: limits.turnHistory, now: () => 0 });
    expect([answers.knows(keyedAskId('new')), answers.knows(keyedAskId('newest'))]).toEqual([undefined, undefined]);
    expect(answers.get(keyedAskId('newest'))).toEqual({ reply: 'newest' });
    expect(reads).toBe(0);
    await answers.knows(old);
    expect([answers.get(old), reads]).toEqual([{ reply: 'old' }, 1]);
    expect(answers.knows(old)).toBeUndefined();
  });

  it('that a turn takes along are the newest of both kinds, within the bounds', () => {
    const { answers, keyed, fill } = remembered();
    fill(limits.carriedAnswers + 5, keyed);
    fill(limits.carriedAnswers + 5, (index) => ({ id: `random${index}`, reply: index }));
    const ids = answers.carried.map(({ id }) => id);
    expect(ids).toHaveLength(2 * limits.carriedAnswers);
    expect(ids[0]).toBe(keyed(5).id);
    expect(ids.at(-1)).toBe(`random${limits.carriedAnswers + 4}`);
  });
});

it('the newest answers are counted and weighed', () => {
  const answered = [10, 1_000, 10, 10].map((bytes, index) => ({ id: `${index}`, reply: 'r'.repeat(bytes) }));
  const idsWithin = (count: number, bytes: number) => newestOf(answered, { count, bytes }).map(({ id }) => id);
  expect(idsWithin(10, 10_000)).toEqual(['0', '1', '2', '3']);
  expect(idsWithin(3, 10_000)).toEqual(['1', '2', '3']);
  expect(idsWithin(10, 500)).toEqual(['2', '3']);
  expect(idsWithin(10, 5)).toEqual([]);
});
