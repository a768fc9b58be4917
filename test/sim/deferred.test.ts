/** When an answer that a durable entity gives later leaves: once what led to it is written. On a virtual clock. */
import { type ActorDefinition, defineActor, type Protocol, type ReplyHandle, replyTo } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

let waiting: ReplyHandle | undefined;

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    /** Answers through the handle although it could have replied. */
    add: (state, message: { isCrash?: boolean }, context) => {
      context.defer().reply(state.total + 1);
      if (message.isCrash) throw new Error('as asked');
      return { state: { total: state.total + 1 } };
    },
    addSlowly: async (state, _message, context) => {
      const handle = context.defer();
      await Promise.resolve();
      handle.reply(state.total + 1);
      return { state: { total: state.total + 1 } };
    },
    wait: (_state, _message, context) => {
      waiting = context.defer();
    },
    release: (state) => {
      waiting?.reply(state.total + 1);
      return { state: { total: state.total + 1 } };
    },
    releaseByAction: (state) => ({
      state: { total: state.total + 1 },
      actions: waiting ? [replyTo(waiting, state.total + 1)] : [],
    }),
    /** Changes something at once. */
    waitAndCount: (state, _message, context) => {
      waiting = context.defer();
      return { state: { total: state.total + 1 } };
    },
    read: (state) => ({ reply: state.total }),
    plus: (state) => ({ state: { total: state.total + 1 } }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [counter] as unknown as ActorDefinition<Protocol>[];

async function start() {
  waiting = undefined;
  const { world, node } = simCluster(1, entities);
  await node('n1');
  const client = await node('c', 'client');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const ref = client.entity(counter, 'x');
  await settled(ref.ask({ type: 'plus' }));
  const heard: unknown[] = [];
  const ask = (type: 'add' | 'addSlowly' | 'wait' | 'release' | 'releaseByAction' | 'plus') =>
    void ref.ask({ type }, { timeoutMs: 60_000 }).then((reply) => heard.push(`${type}: ${reply}`));
  return { world, node, settled, ref, heard, ask };
}

type Started = Awaited<ReturnType<typeof start>>;

describe('an answer through its handle', () => {
  it.each(['add', 'addSlowly'] as const)('leaves once the turn of its own message is written: %s', async (type) => {
    const { world, ask, heard } = await start();
    world.storage.isAvailable = false;
    ask(type);
    await world.clock.advance(1_000);
    expect(heard).toEqual([]);
    world.storage.isAvailable = true;
    await world.clock.advance(5_000);
    expect(heard).toEqual([`${type}: 2`]);
  });

  it.each(['release', 'releaseByAction'] as const)(
    'leaves once the turn of the message that led to it is written: %s',
    async (type) => {
      const { world, ask, heard } = await start();
      ask('wait');
      await world.clock.advance(1_000);
      world.storage.isAvailable = false;
      ask(type);
      await world.clock.advance(1_000);
      expect(heard).toEqual([]);
      world.storage.isAvailable = true;
      await world.clock.advance(5_000);
      expect(heard).toContain('wait: 2');
    },
  );

  it('that no message leads to leaves once all is written that was handled before', async () => {
    const { world, ask, heard } = await start();
    ask('wait');
    await world.clock.advance(1_000);
    world.storage.isAvailable = false;
    ask('plus');
    await world.clock.advance(1_000);
    waiting?.reply('now');
    expect(waiting?.isOpen).toBe(false);
    await world.clock.advance(1_000);
    expect(heard).toEqual([]);
    world.storage.isAvailable = true;
    await world.clock.advance(5_000);
    expect(heard).toContain('wait: now');
    ask('wait');
    await world.clock.advance(1_000);
    waiting?.reply('at once');
    await world.clock.advance(10);
    expect(heard).toContain('wait: at once');
  });

  it('of a step that crashed does not leave: its asker is told of the crash', async () => {
    const { settled, ref } = await start();
    const crashed = settled(ref.ask({ type: 'add', isCrash: true }));
    await expect(crashed).rejects.toMatchObject({ code: 'actor_crashed' });
    expect(await settled(ref.ask({ type: 'add' }))).toBe(2);
  });

  describe.each([
    ['where it was given', () => {}],
    ['on another node', ({ world }: Started) => world.network.crash('n1')],
  ])('of an ask that is repeated with its key, %s,', (_, goesOn) => {
    const key = { idempotencyKey: 'once', timeoutMs: 30_000 };

    it.each([
      ['add', ['plus'], 2],
      ['waitAndCount', ['release'], 3],
    ] as const)('is the same again, and has no second effect: %s', async (type, more, reply) => {
      const started = await start();
      const { settled, ref, world, node } = started;
      const first = ref.ask({ type }, key);
      await world.clock.advance(100);
      for (const then of more) await settled(ref.ask({ type: then }));
      expect(await settled(first)).toBe(reply);
      goesOn(started);
      await node('n2');
      expect(await settled(ref.ask({ type }, key))).toBe(reply);
      expect(await settled(ref.ask({ type: 'read' }))).toBe(3);
    });

    it('is said to be lost where it was not given before', async () => {
      const started = await start();
      const { settled, ref, world, node } = started;
      const first = settled(ref.ask({ type: 'waitAndCount' }, { idempotencyKey: 'once', timeoutMs: 200 }));
      await expect(first).rejects.toMatchObject({ code: 'ask_timeout' });
      goesOn(started);
      await node('n2');
      await world.clock.advance(5_000);
      await expect(settled(ref.ask({ type: 'waitAndCount' }, key))).rejects.toMatchObject({ code: 'reply_lost' });
      expect(await settled(ref.ask({ type: 'read' }))).toBe(2);
    });
  });
});
