/** Turns that cannot be written for what is in them: who is told, who is not harmed, and what is given up. */
import { type ActorDefinition, decodeTurn, defineActor, type Protocol } from '@jaegis/actors';
import { jsonCodec } from '@jaegis/codec';
import { limits } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const MEBIBYTE = 1024 * 1024;

interface Kept {
  readonly total: number;
  readonly more: unknown;
}

const keeper = defineActor('keeper', {
  state: (): Kept => ({ total: 0, more: undefined }),
  on: {
    add: (state, message: { reply?: number }) => ({
      state: { ...state, total: state.total + 1 },
      reply: message.reply === undefined ? state.total + 1 : `${state.total}`.padEnd(message.reply, 'r'),
    }),
    /** Leaves a state that no record can hold. */
    spoil: (state, message: { with: 'a function' | 'too much' }) => ({
      state: { ...state, more: message.with === 'a function' ? () => {} : 'm'.repeat(2 * MEBIBYTE) },
      reply: true,
    }),
    answerOddly: (state) => ({ state: { ...state, total: state.total + 1 }, reply: { callback: () => {} } }),
    pass: (state, message: { to: string; bytes: number; count?: number }, context) => {
      for (let count = 0; count < (message.count ?? 1); count++)
        context.send({ entity: { type: 'keeper', key: message.to } }, {
          type: 'add',
          padding: 'p'.repeat(message.bytes),
        } as never);
      return { state: { ...state, total: state.total + 1 }, reply: true };
    },
    large: () => {
      throw new Error('as asked');
    },
    total: (state) => ({ reply: state.total }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [keeper] as unknown as ActorDefinition<Protocol>[];

async function start(seed: number) {
  const { world, node } = simCluster(seed, entities);
  const one = await node('n1');
  const client = await node('c', 'client');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const connection = world.connect('reader');
  const subjects = ['jaegis.sim.turn.>'];
  const journal = await settled(connection.openJournal({ name: 'TURNS', subjects, historyPerSubject: 10_000 }));
  const ref = client.entity(keeper, 'x');
  const restarts = () => {
    const hosted = one.inspect().children.find(({ id }) => id === 'entities')?.children ?? [];
    return hosted.find(({ id }) => id === 'keeper/x')?.restarts;
  };
  const total = (key = 'x') => settled(client.entity(keeper, key).ask({ type: 'total' }, { timeoutMs: 60_000 }));
  const newest = async () => {
    const record = await settled(journal.last(client.turnSubject(ref.entity)));
    if (!record) throw new Error('nothing was written');
    return decodeTurn(jsonCodec(), record);
  };
  return { world, client, ref, settled, total, restarts, newest };
}

const patient = { timeoutMs: 60_000 };

describe.each([1, 2, 3])('seed %d', (seed) => {
  it('replies that are too large for one record together are written in several turns, and nothing restarts', async () => {
    const { ref, settled, total, restarts } = await start(seed);
    await settled(ref.ask({ type: 'add' }));
    const asks = Array.from({ length: 1_000 }, () => ref.ask({ type: 'add', reply: 5_000 }, patient));
    expect((await settled(Promise.all(asks))).map((reply) => String(reply).length)).toEqual(asks.map(() => 5_000));
    expect(await total()).toBe(1_001);
    expect(restarts()).toBe(0);
  });

  it.each([
    ['a function in its state', { type: 'spoil', with: 'a function' }],
    ['a state that is too large', { type: 'spoil', with: 'too much' }],
    ['a function in its reply', { type: 'answerOddly' }],
    ['a reply that is too large', { type: 'add', reply: 2 * MEBIBYTE }],
    ['a message to another that is too large', { type: 'pass', to: 'y', bytes: 2 * MEBIBYTE }],
  ] as const)('an ask that leaves %s is told so, and those beside it have their one effect', async (_, bad) => {
    const { ref, settled, total } = await start(seed);
    const asks = Array.from({ length: 40 }, (_, index) => ref.ask(index % 20 === 7 ? bad : { type: 'add' }, patient));
    const results = await settled(Promise.allSettled(asks));
    for (const [index, result] of results.entries()) {
      if (index % 20 === 7) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'not_serializable' } });
      else expect(result.status).toBe('fulfilled');
    }
    expect(await total()).toBe(38);
  });

  it('a message of the inbox whose turn cannot be written is given up after five times, and the next ones are handled', async () => {
    const { world, ref, settled, total, newest } = await start(seed);
    for (let item = 1; item <= 5; item++) await settled(ref.send({ type: 'add' }));
    await settled(ref.send({ type: 'spoil', with: 'a function' }));
    for (let item = 1; item <= 70; item++) await settled(ref.send({ type: 'add' }));
    await world.clock.advance(120_000);
    expect(await total()).toBe(75);
    expect((await newest()).deadLetters).toMatchObject([
      { message: { type: 'spoil' }, error: { code: 'not_serializable' } },
    ]);
  });

  it('a dead letter that would leave no room in the record is cut short', async () => {
    const { world, ref, settled, total, newest } = await start(seed);
    // Different ones: the codec writes a text that is repeated once.
    for (const letter of ['a', 'b', 'c'])
      await settled(ref.send({ type: 'large', padding: letter.repeat(900_000) } as never));
    await settled(ref.send({ type: 'add' }));
    await world.clock.advance(240_000);
    expect(await total()).toBe(1);
    expect((await newest()).deadLetters).toMatchObject([1, 2, 3].map(() => ({ message: { type: 'large' } })));
  });

  it('messages that wait to leave are bounded in bytes, and more is refused until there is room', async () => {
    const { world, ref, settled, total } = await start(seed);
    const passes = Array.from({ length: 100 }, () =>
      ref.ask({ type: 'pass', to: 'y', bytes: 50_000 }, patient).catch((error) => error.code as string),
    );
    const answers = await settled(Promise.all(passes));
    expect(answers).toContain('overloaded');
    const taken = answers.filter((answer) => answer === true).length;
    expect(taken).toBeGreaterThanOrEqual(Math.floor(limits.outboxBytes / 50_000) - 1);
    expect(answers.filter((answer) => answer === 'overloaded')).toHaveLength(100 - taken);
    await world.clock.advance(60_000);
    expect(await total('y')).toBe(taken);
    expect(await settled(ref.ask({ type: 'pass', to: 'y', bytes: 50_000 }))).toBe(true);
  });
});
