/** What `send` and durable timers promise, on a virtual clock: kept once acknowledged, in order, once, and at their time. */
import {
  type ActorDefinition,
  decodeTurn,
  defineActor,
  type HandlerResult,
  type Protocol,
  postpone,
} from '@jaegis/actors';
import { type ClusterNode, ownerOf } from '@jaegis/cluster';
import { jsonCodec } from '@jaegis/codec';
import type { EntityId, TurnRecord } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

interface Log {
  readonly seen: readonly number[];
  readonly isOpen: boolean;
}

const crashes = new Map<string, number>();

const log = defineActor('log', {
  state: (): Log => ({ seen: [], isOpen: false }),
  schema: {
    add: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof (value as { item?: unknown }).item === 'number'
            ? { value: value as { item: number } }
            : { issues: [{ message: 'must be a number', path: ['item'] }] },
      },
    },
  },
  on: {
    add: (state, message: { item: number }) => ({ state: { ...state, seen: [...state.seen, message.item] } }),
    seen: (state) => ({ reply: state.seen }),
    /** Crashes so many times before it succeeds. */
    fragile: (state, message: { item: number; crashes: number }) => {
      const before = crashes.get(`${message.item}`) ?? 0;
      crashes.set(`${message.item}`, before + 1);
      if (before < message.crashes) throw new Error('as asked');
      return { state: { ...state, seen: [...state.seen, message.item] } };
    },
    /** Waits until it is opened. */
    guarded: (state, message: { item: number }): HandlerResult<Log> =>
      state.isOpen ? { state: { ...state, seen: [...state.seen, message.item] } } : { actions: [postpone()] },
    open: (state) => ({ state: { ...state, isOpen: true } }),
    remind: (state, message: { name: string; item: number; afterMs: number }, context) => {
      context.schedule(message.name, { afterMs: message.afterMs }, { type: 'add', item: message.item });
      return { reply: state.seen.length };
    },
    repeat: (_state, message: { name: string; cron: string }, context) => {
      context.schedule(message.name, { cron: message.cron }, { type: 'tick' });
      return { reply: true };
    },
    tick: (state) => ({ state: { ...state, seen: [...state.seen, 0] } }),
    forget: (state, message: { name: string }, context) => {
      context.unschedule(message.name);
      return { reply: state.seen.length };
    },
    remindAndCrash: (_state, _message, context) => {
      context.schedule('never', { afterMs: 100 }, { type: 'add', item: -1 });
      throw new Error('as asked');
    },
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [log] as unknown as ActorDefinition<Protocol>[];
const seeds = Array.from({ length: 5 }, (_, index) => index + 1);

async function start(seed: number) {
  crashes.clear();
  const { world, node } = simCluster(seed, entities);
  const nodes = new Map<string, ClusterNode>();
  for (const name of ['n1', 'n2', 'n3']) nodes.set(name, await node(name));
  const client = await node('c', 'client');
  const ref = client.entity(log, 'main');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const ownerName = (entity: EntityId = ref.entity) => String(ownerOf(entity, client.membership.view)?.id);
  const seen = () => settled(ref.ask({ type: 'seen' }, { timeoutMs: 30_000 }));
  const waiting = async () => {
    const inbox = await world.connect('reader').openInbox({ name: 'INBOX', subjects: client.inboxSubjects });
    return inbox.read(client.inboxSubject(ref.entity), 1, 1_000);
  };
  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
  return { world, node, nodes, client, ref, settled, ownerName, seen, numbers, waiting: () => settled(waiting()) };
}

/** Lets time pass until it is so, an hour at most. */
async function passUntil(world: { clock: { advance(ms: number): Promise<void> } }, isTrue: () => Promise<boolean>) {
  for (let waited = 0; waited < 3_600_000 && !(await isTrue()); waited += 50) await world.clock.advance(50);
}

describe.each(seeds)('seed %d', (seed) => {
  it('what is sent is handled once and in order, and is then taken off the inbox', async () => {
    const { world, ref, settled, seen, numbers, waiting } = await start(seed);
    await settled(Promise.all(numbers(1, 300).map((item) => ref.send({ type: 'add', item }))));
    await passUntil(world, async () => (await seen()).length === 300);
    expect(await seen()).toEqual(numbers(1, 300));
    await passUntil(world, async () => (await waiting()).length === 0);
    expect(await waiting()).toEqual([]);
  });

  it('a message of no entity is left in the inbox and keeps nothing from the others', async () => {
    const { world, client, ref, settled, seen } = await start(seed);
    const stranger = world.connect('stranger');
    const inbox = await settled(stranger.openInbox({ name: 'INBOX', subjects: client.inboxSubjects }));
    const shard = client.inboxSubject(ref.entity).split('.').slice(0, 4).join('.');
    for (const rest of ['log', 'log.=XX', 'log.a.b']) {
      await settled(inbox.put(`${shard}.${rest}`, new Uint8Array(1), { id: rest }));
    }
    await settled(ref.send({ type: 'add', item: 1 }));
    await passUntil(world, async () => (await seen()).includes(1));
    expect(await seen()).toEqual([1]);
  });

  it('a message that is sent again under its id is kept once', async () => {
    const { world, ref, settled, seen } = await start(seed);
    await settled(ref.send({ type: 'add', item: 1 }, { id: 'order-1' }));
    world.storage.loseAnswers(2);
    await settled(ref.send({ type: 'add', item: 2 }, { id: 'order-2', timeoutMs: 60_000 }));
    await settled(ref.send({ type: 'add', item: 1 }, { id: 'order-1' }));
    await settled(ref.send({ type: 'add', item: 3 }));
    await passUntil(world, async () => (await seen()).includes(3));
    expect(await seen()).toEqual([1, 2, 3]);
  });

  it('a message that is sent again under its id has one effect although the servers forgot the id, also after a move', async () => {
    const { world, ref, settled, seen, waiting, ownerName } = await start(seed);
    const patient = { timeoutMs: 60_000 };
    await settled(ref.send({ type: 'add', item: 1 }, { id: 'order-1' }));
    await passUntil(world, async () => (await seen()).includes(1) && (await waiting()).length === 0);
    world.storage.restart();
    await settled(ref.send({ type: 'add', item: 1 }, { id: 'order-1' }));
    await settled(ref.send({ type: 'add', item: 2 }, { id: 'order-2' }));
    await passUntil(world, async () => (await seen()).includes(2) && (await waiting()).length === 0);
    world.network.crash(ownerName());
    world.storage.restart();
    for (const item of [2, 1, 3]) await settled(ref.send({ type: 'add', item }, { id: `order-${item}`, ...patient }));
    await passUntil(world, async () => (await seen()).includes(3));
    expect(await seen()).toEqual([1, 2, 3]);
    await passUntil(world, async () => (await waiting()).length === 0);
    expect(await waiting()).toEqual([]);
  });

  it('a message whose acknowledgement the death of the servers took along has one effect', async () => {
    const { world, ref, settled, seen, waiting } = await start(seed);
    world.storage.loseAnswers(1);
    const sending = ref.send({ type: 'add', item: 1 }, { timeoutMs: 60_000 });
    await passUntil(world, async () => (await seen()).includes(1) && (await waiting()).length === 0);
    world.storage.restart();
    await settled(sending);
    await settled(ref.send({ type: 'add', item: 2 }));
    await passUntil(world, async () => (await seen()).includes(2));
    expect(await seen()).toEqual([1, 2]);
  });

  it('what was sent survives the death of owners, one after the other, once and in order', async () => {
    const { world, ref, settled, seen, numbers, ownerName } = await start(seed);
    for (const round of [0, 1]) {
      const sending = numbers(round * 100, 100).map((item) => ref.send({ type: 'add', item }, { timeoutMs: 60_000 }));
      await world.clock.advance(1 + seed);
      world.network.crash(ownerName());
      await settled(Promise.all(sending));
    }
    await settled(ref.send({ type: 'add', item: 200 }, { timeoutMs: 60_000 }));
    await passUntil(world, async () => (await seen()).includes(200));
    expect(await seen()).toEqual(numbers(0, 201));
  });

  it('what was sent while no node lives is handled once one does', async () => {
    const { world, node, nodes, client, settled, numbers } = await start(seed);
    for (const name of nodes.keys()) world.network.crash(name);
    const ref = client.entity(log, 'other');
    for (const item of numbers(1, 100)) await settled(ref.send({ type: 'add', item }));
    await node('n4');
    await passUntil(
      world,
      async () => (await settled(ref.ask({ type: 'seen' }, { timeoutMs: 60_000 }))).length === 100,
    );
    expect(await settled(ref.ask({ type: 'seen' }))).toEqual(numbers(1, 100));
  });

  it('a message that crashes its entity is handled again before those after it', async () => {
    const { world, ref, settled, seen, numbers } = await start(seed);
    await settled(
      Promise.all([
        ...numbers(1, 10).map((item) => ref.send({ type: 'add', item })),
        ref.send({ type: 'fragile', item: 11, crashes: 2 }),
        ...numbers(12, 30).map((item) => ref.send({ type: 'add', item })),
      ]),
    );
    await passUntil(world, async () => (await seen()).length === 41);
    expect(await seen()).toEqual(numbers(1, 41));
  });

  it('a message that crashes its entity again and again goes to the dead letters, and the next ones are handled', async () => {
    const { world, nodes, ref, settled, seen, waiting, ownerName } = await start(seed);
    await settled(ref.send({ type: 'fragile', item: 7, crashes: 1_000 }));
    await settled(ref.send({ type: 'add', item: 8 }));
    await passUntil(world, async () => (await seen()).includes(8));
    expect(await seen()).toEqual([8]);
    expect(crashes.get('7')).toBe(5);
    await passUntil(world, async () => (await waiting()).length === 0);
    const letters = (await settled(newestOf(world, nodes.get(ownerName()), ref.entity)))?.deadLetters;
    expect(letters).toMatchObject([{ message: { type: 'fragile', item: 7 }, error: { message: 'as asked' } }]);
  });

  it('messages that the entity cannot take go to its dead letters with what is wrong', async () => {
    const { world, nodes, client, ref, settled, seen, ownerName } = await start(seed);
    await settled(ref.send({ type: 'add', item: 'one' } as never));
    await settled(ref.send({ type: 'unheard' } as never));
    const inbox = await settled(world.connect('stranger').openInbox({ name: 'INBOX', subjects: client.inboxSubjects }));
    await settled(inbox.put(client.inboxSubject(ref.entity), new Uint8Array([1, 2, 3]), { id: 'odd' }));
    await settled(ref.send({ type: 'add', item: 1 }));
    await passUntil(world, async () => (await seen()).length === 1);
    const letters = (await settled(newestOf(world, nodes.get(ownerName()), ref.entity)))?.deadLetters;
    expect(letters).toMatchObject([
      { message: { type: 'add', item: 'one' }, error: { code: 'invalid_message', data: { path: '.item' } } },
      { message: { type: 'unheard' }, error: { code: 'invalid_message' } },
      { message: { type: 'unreadable' }, error: { code: 'corrupt_record' } },
    ]);
  });

  it('a message that is postponed lets others by, and is handled once its time has come', async () => {
    const { world, ref, settled, seen, numbers, waiting, ownerName } = await start(seed);
    await settled(ref.send({ type: 'guarded', item: 1 }));
    for (const item of numbers(2, 20)) await settled(ref.send({ type: 'add', item }));
    await passUntil(world, async () => (await seen()).length === 20);
    world.network.crash(ownerName());
    await passUntil(world, async () => (await seen()).length === 20);
    await settled(ref.send({ type: 'open' }, { timeoutMs: 30_000 }));
    await passUntil(world, async () => (await seen()).length === 21);
    expect(await seen()).toEqual([...numbers(2, 20), 1]);
    await passUntil(world, async () => (await waiting()).length === 0);
    expect(await waiting()).toEqual([]);
  });

  it('a timer fires once at its time, also when its node has died and nobody asks', async () => {
    const { world, ref, settled, seen, ownerName } = await start(seed);
    const begin = world.clock.now();
    await settled(ref.ask({ type: 'remind', name: 'a', item: 1, afterMs: 60_000 }));
    world.network.crash(ownerName());
    await world.clock.advance(begin + 59_000 - world.clock.now());
    expect(await seen()).toEqual([]);
    await world.clock.advance(5_000);
    expect(await seen()).toEqual([1]);
    await world.clock.advance(300_000);
    expect(await seen()).toEqual([1]);
  });

  it('a timer that was taken back or replaced does not fire, also across a move', async () => {
    const { world, ref, settled, seen, ownerName } = await start(seed);
    const patient = { timeoutMs: 30_000 };
    await settled(ref.ask({ type: 'remind', name: 'a', item: 1, afterMs: 20_000 }));
    await settled(ref.ask({ type: 'remind', name: 'b', item: 2, afterMs: 20_000 }));
    await settled(ref.ask({ type: 'remind', name: 'c', item: 3, afterMs: 20_000 }));
    world.network.crash(ownerName());
    await settled(ref.ask({ type: 'forget', name: 'a' }, patient));
    await settled(ref.ask({ type: 'remind', name: 'b', item: 4, afterMs: 40_000 }, patient));
    await world.clock.advance(120_000);
    expect(await seen()).toEqual([3, 4]);
  });

  it('a timer of a step that crashed is not set', async () => {
    const { world, ref, settled, seen } = await start(seed);
    await expect(settled(ref.ask({ type: 'remindAndCrash' }))).rejects.toMatchObject({ code: 'actor_crashed' });
    await world.clock.advance(10_000);
    expect(await seen()).toEqual([]);
  });

  it('a pattern fires at each of its times until it is taken back', async () => {
    const { world, ref, settled, seen, ownerName } = await start(seed);
    await settled(ref.ask({ type: 'repeat', name: 'tick', cron: '*/10 * * * * *' }));
    await world.clock.advance(60_500);
    expect(await seen()).toHaveLength(6);
    world.network.crash(ownerName());
    await world.clock.advance(60_000);
    const count = (await seen()).length;
    expect(count).toBeGreaterThanOrEqual(11);
    expect(count).toBeLessThanOrEqual(13);
    await settled(ref.ask({ type: 'forget', name: 'tick' }, { timeoutMs: 30_000 }));
    const ended = (await seen()).length;
    await world.clock.advance(60_000);
    expect(await seen()).toHaveLength(ended);
  });
});

it('however many messages a postponed one lets by, the record does not grow with them', async () => {
  const { world, nodes, ref, settled, seen, numbers, ownerName } = await start(1);
  for (const item of [1, 2]) await settled(ref.send({ type: 'guarded', item }));
  const largest = { count: 0 };
  for (let from = 3; from < 123; from += 40) {
    await settled(Promise.all(numbers(from, 40).map((item) => ref.send({ type: 'add', item }))));
    await passUntil(world, async () => (await seen()).length === from + 37);
    const record = await settled(newestOf(world, nodes.get(ownerName()), ref.entity));
    largest.count = Math.max(largest.count, record?.inbox.ahead.length ?? 0);
  }
  expect(largest.count).toBe(1);
  await settled(ref.send({ type: 'open' }));
  await passUntil(world, async () => (await seen()).length === 122);
  expect(await seen()).toEqual([...numbers(3, 120), 1, 2]);
  const record = await settled(newestOf(world, nodes.get(ownerName()), ref.entity));
  expect(record?.inbox).toEqual({ upTo: 123, ahead: [] });
});

it('a timer that was taken back and fires all the same leaves no gap in the position of its entity', async () => {
  const { world, nodes, client, ref, settled, seen, numbers, ownerName } = await start(1);
  const inbox = await settled(world.connect('stranger').openInbox({ name: 'INBOX', subjects: client.inboxSubjects }));
  const gone = jsonCodec().encode([{ type: 'add', item: -1 }, 'gone', 'its id']);
  const sending = numbers(1, 200).map((item) => ref.send({ type: 'add', item }, { timeoutMs: 60_000 }));
  await settled(inbox.put(client.inboxSubject(ref.entity), gone, { id: 'gone' }));
  await settled(Promise.all([...sending, ...numbers(201, 200).map((item) => ref.send({ type: 'add', item }))]));
  await passUntil(world, async () => (await seen()).includes(400));
  expect(await seen()).toEqual(numbers(1, 400));
  const turns = await settled(turnsOf(world, nodes.get(ownerName()), ref.entity));
  expect(turns.map(({ inbox: { ahead } }) => ahead.length)).toEqual(turns.map(() => 0));
});

it.each([
  ['an empty name', ['', { afterMs: 1 }], 'name'],
  ['no time', ['a', {}], 'when'],
  ['a negative time', ['a', { afterMs: -1 }], 'when.afterMs'],
  ['a time that is no number', ['a', { at: Number.NaN }], 'when.at'],
  ['an invalid Date', ['a', { at: new Date(Number.NaN) }], 'when.at'],
  ['a pattern that is none', ['a', { cron: 'tomorrow' }], 'when.cron'],
  ['a time zone that is none', ['a', { cron: '0 9 * * *', timezone: 'Mars/Base' }], 'when'],
  ['a pattern that never comes', ['a', { cron: '0 0 31 2 *' }], 'when.cron'],
])('a timer with %s is refused where it is set', async (_, [name, when], path) => {
  const errors: unknown[] = [];
  const tries = defineActor('tries', {
    state: () => ({}),
    on: {
      try: (_state, _message, context) => {
        try {
          context.schedule(name as string, when as never, { type: 'try' });
        } catch (error) {
          errors.push(error);
        }
        return { reply: true };
      },
    },
  });
  const { world, node } = simCluster(1, [tries] as unknown as ActorDefinition<Protocol>[]);
  const one = await node('n1');
  await world.clock.runUntilSettled(one.entity(tries, 'x').ask({ type: 'try' }));
  expect(errors).toMatchObject([{ code: 'invalid_timer', data: { path } }]);
});

async function turnsOf(
  world: Awaited<ReturnType<typeof start>>['world'],
  node: ClusterNode | undefined,
  entity: EntityId,
): Promise<TurnRecord[]> {
  const journal = await world
    .connect('reader')
    .openJournal({ name: 'TURNS', subjects: ['jaegis.sim.turn.>'], historyPerSubject: 10_000 });
  const turns: TurnRecord[] = [];
  for await (const record of journal.history(node?.turnSubject(entity) ?? ''))
    turns.push(decodeTurn(jsonCodec(), record));
  return turns;
}

async function newestOf(
  world: Awaited<ReturnType<typeof start>>['world'],
  node: ClusterNode | undefined,
  entity: EntityId,
) {
  return (await turnsOf(world, node, entity)).at(-1);
}
