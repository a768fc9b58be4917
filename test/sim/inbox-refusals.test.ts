/** What of an inbox goes to the dead letters, and what does not: only what the entity cannot take. On a virtual clock. */
import { type ActorDefinition, decodeTurn, defineActor, type Protocol } from '@jaegis/actors';
import { jsonCodec } from '@jaegis/codec';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

let isTaken = true;

const log = defineActor('log', {
  state: () => [] as readonly number[],
  schema: {
    tick: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => (isTaken ? { value } : { issues: [{ message: 'is not taken now', path: [] }] }),
      },
    },
  },
  on: {
    add: (state, message: { item: number }) => ({ state: [...state, message.item] }),
    later: (state, message: { item: number }, context) => {
      context.defer();
      return { state: [...state, message.item] };
    },
    early: (state, message: { item: number }, context) => {
      context.defer().reply(message.item);
      if (message.item < 0) throw new Error('as asked');
      return { state: [...state, message.item] };
    },
    repeat: (_state, _message, context) => {
      context.schedule('tick', { cron: '*/10 * * * * *' }, { type: 'tick' });
      return { reply: true };
    },
    tick: (state) => ({ state: [...state, 0] }),
    pass: (_state, message: { to: string; item: number }, context) => {
      context.send(context.entity(log as never, message.to), { type: 'early', item: message.item } as never);
      return { reply: true };
    },
    forward: (_state, message: { to: string; message: { type: string } }, context) => {
      context.send({ entity: { type: 'log', key: message.to } }, message.message);
      return { reply: true };
    },
    items: (state) => ({ reply: state }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [log] as unknown as ActorDefinition<Protocol>[];

async function start() {
  isTaken = true;
  const { world, node } = simCluster(1, entities);
  await node('n1');
  await node('n2');
  const client = await node('c', 'client');
  const ref = client.entity(log, 'x');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const connection = world.connect('reader');
  const subjects = ['jaegis.sim.turn.>'];
  const journal = await settled(connection.openJournal({ name: 'TURNS', subjects, historyPerSubject: 10_000 }));
  const inbox = await settled(connection.openInbox({ name: 'INBOX', subjects: client.inboxSubjects }));
  const items = (timeoutMs = 30_000) => settled(ref.ask({ type: 'items' }, { timeoutMs }));
  const newest = async () => {
    const record = await settled(journal.last(client.turnSubject(ref.entity)));
    if (!record) throw new Error('nothing was written');
    return decodeTurn(jsonCodec(), record);
  };
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return { world, client, ref, settled, inbox, items, newest, numbers };
}

describe('a message of an inbox', () => {
  it('is not given up for what is wrong with the record of its entity', async () => {
    const { world, client, ref, settled, items, newest, numbers } = await start();
    await settled(ref.send({ type: 'add', item: 1 }));
    await world.clock.advance(1_000);
    await settled(ref.send({ type: 'add', item: 2 }));
    await world.clock.advance(1_000);
    expect(await items()).toEqual([1, 2]);
    world.storage.forgetLast('TURNS', client.turnSubject(ref.entity));
    await settled(Promise.all(numbers(3, 20).map((item) => ref.send({ type: 'add', item }))));
    await world.clock.advance(30_000);
    expect((await items()).slice(-18)).toEqual(numbers(3, 20));
    expect((await newest()).deadLetters.filter(({ id }) => !id.startsWith('turn@'))).toEqual([]);
  });

  it('that its handler means to answer later is consumed with its turn all the same', async () => {
    const { world, ref, settled, items, numbers } = await start();
    for (const item of numbers(1, 100)) await settled(ref.send({ type: 'later', item }));
    await world.clock.advance(10_000);
    expect(await items()).toEqual(numbers(1, 100));
  });

  it('stays until its turn is written, also where its handler answers before', async () => {
    const { world, ref, settled, items, newest } = await start();
    await settled(ref.send({ type: 'early', item: -1 }));
    await settled(ref.ask({ type: 'pass', to: 'x', item: -2 }));
    await world.clock.advance(120_000);
    expect(await items()).toEqual([]);
    const letters = (await newest()).deadLetters.map(({ message }) => message);
    expect(letters).toHaveLength(2);
    for (const item of [-1, -2]) expect(letters).toContainEqual({ type: 'early', item });
  });
});

describe('a message of another entity', () => {
  it.each([
    ['no handler', { type: 'unheard' }],
    ['its schema does not', { type: 'tick' }],
  ])('that %s takes goes to the dead letters, and the next ones are handled', async (_, message) => {
    const { world, client, settled, items, newest } = await start();
    isTaken = false;
    // Some of them live on the other node: between nodes schemas are checked.
    const senders = ['a', 'b', 'c', 'd', 'e'].map((key) => client.entity(log, key));
    for (const sender of senders) await settled(sender.ask({ type: 'forward', to: 'x', message }));
    for (const sender of senders) await settled(sender.ask({ type: 'pass', to: 'x', item: 1 }));
    await world.clock.advance(30_000);
    expect((await items()).filter((item) => item === 1)).toHaveLength(5);
    const letters = (await newest()).deadLetters;
    expect(letters.length).toBeGreaterThan(0);
    for (const letter of letters) expect(letter).toMatchObject({ message, error: { code: 'invalid_message' } });
  });
});

describe('a timer whose message is refused', () => {
  it('fires again at the next of its times', async () => {
    const { world, ref, settled, items, newest } = await start();
    await settled(ref.ask({ type: 'repeat' }));
    await world.clock.advance(20_500);
    const before = (await items()).length;
    isTaken = false;
    await world.clock.advance(20_000);
    expect((await newest()).deadLetters.length).toBeGreaterThan(0);
    expect((await newest()).timers).toHaveLength(1);
    isTaken = true;
    await world.clock.advance(30_000);
    expect((await items()).length).toBeGreaterThanOrEqual(before + 2);
  });

  it('leaves no dead letter where it was taken back', async () => {
    const { world, client, ref, settled, inbox, items, newest } = await start();
    isTaken = false;
    const fired = jsonCodec().encode([{ type: 'tick' }, 'tick', 'gone']);
    await settled(inbox.put(client.inboxSubject(ref.entity), fired, { id: 'fired' }));
    await settled(ref.send({ type: 'add', item: 1 }));
    await world.clock.advance(10_000);
    expect(await items()).toEqual([1]);
    expect((await newest()).deadLetters).toEqual([]);
  });
});
