import { describe, expect, it } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineMachine } from '../machine/definition.ts';
import { reply } from '../machine/effects.ts';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }) => ({ state: { total: state.total + message.by } }),
    read: (state) => ({ reply: state.total }),
    crash: () => {
      throw new Error('as asked');
    },
    later: async (state, message: { by: number }) => {
      await Promise.resolve();
      return { state: { total: state.total + message.by }, reply: 'done' };
    },
  },
});

describe('an actor of handlers', () => {
  it('handles messages in the order sent, asks and tells alike', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(counter, { name: 'a' });
    ref.tell({ type: 'add', by: 1 });
    const first = ref.ask({ type: 'read' });
    ref.tell({ type: 'add', by: 2 });
    expect([await first, await ref.ask({ type: 'read' })]).toEqual([1, 3]);
    await system.stop();
  });

  it('finishes an asynchronous handler before it takes the next message', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(counter, { name: 'a' });
    const later = ref.ask({ type: 'later', by: 5 });
    expect(await ref.ask({ type: 'read' })).toBe(5);
    expect(await later).toBe('done');
    await system.stop();
  });

  it('restarts after a crash with its last good state and the messages behind the one that crashed it', async () => {
    const { system, announced } = testSystem();
    const ref = await system.spawn(counter, { name: 'a' });
    ref.tell({ type: 'add', by: 7 });
    const crashed = ref.ask({ type: 'crash' });
    const behind = ref.ask({ type: 'read' });
    await expect(crashed).rejects.toMatchObject({ code: 'actor_crashed', cause: { message: 'as asked' } });
    expect(await behind).toBe(7);
    expect(announced).toEqual([
      { type: 'actor_crashed', address: 'n1/user/a', error: 'as asked' },
      { type: 'actor_restarted', address: 'n1/user/a', error: 'as asked' },
    ]);
    expect(system.inspect().children[0]).toMatchObject({ id: 'a', restarts: 1, status: 'running' });
    await system.stop();
  });

  it('fails the node with its reason when it crashes more often than the limit allows', async () => {
    const { system, failures } = testSystem({ intensity: 1, periodMs: 60_000 });
    const ref = await system.spawn(counter, { name: 'a' });
    await expect(ref.ask({ type: 'crash' })).rejects.toMatchObject({ code: 'actor_crashed' });
    await expect(ref.ask({ type: 'crash' })).rejects.toMatchObject({ code: 'actor_crashed' });
    await expect.poll(() => failures).toMatchObject([{ code: 'intensity_exceeded', data: { child: 'a' } }]);
    await expect(ref.ask({ type: 'read' })).rejects.toMatchObject({ code: 'actor_stopped' });
  });

  it('keeps a temporary actor stopped after its crash', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(counter, { name: 'a', restart: 'temporary' });
    await expect(ref.ask({ type: 'crash' })).rejects.toMatchObject({ code: 'actor_crashed' });
    expect(system.inspect().children).toEqual([]);
    await system.stop();
  });

  it('refuses a second actor of the same name and leaves the first alone', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(counter, { name: 'a' });
    await expect(system.spawn(counter, { name: 'a' })).rejects.toMatchObject({ code: 'name_taken' });
    expect(await ref.ask({ type: 'read' })).toBe(0);
    await system.stop();
  });

  it('ends asks to a stopped system with a typed error', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(counter, { name: 'a' });
    await system.stop();
    await expect(ref.ask({ type: 'read' })).rejects.toMatchObject({ code: 'actor_stopped' });
  });
});

const gate = defineMachine('gate', () =>
  setup({
    types: {
      context: {} as { opened: number },
      events: {} as { type: 'open' } | { type: 'close' } | { type: 'break' } | { type: 'count' },
    },
    actors: { work: fromPromise(async () => 'worked') },
  }).createMachine({
    context: { opened: 0 },
    initial: 'closed',
    on: {
      count: { actions: reply(({ context }) => context.opened) },
      break: {
        actions: () => {
          throw new Error('hinge');
        },
      },
    },
    states: {
      closed: { on: { open: { target: 'open', actions: assign({ opened: ({ context }) => context.opened + 1 }) } } },
      open: { on: { close: 'closed' } },
    },
  }),
);

describe('an actor of an XState machine', () => {
  it('answers with its reply action, or with its state', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(gate, { name: 'g' });
    expect(await ref.ask({ type: 'open' })).toMatchObject({ value: 'open', context: { opened: 1 } });
    expect(await ref.ask({ type: 'count' })).toBe(1);
    await system.stop();
  });

  it('restarts in the state it was in before the event that made an action throw', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(gate, { name: 'g' });
    ref.tell({ type: 'open' });
    await expect(ref.ask({ type: 'break' })).rejects.toMatchObject({
      code: 'actor_crashed',
      cause: { message: 'hinge' },
    });
    expect(await ref.ask({ type: 'close' })).toMatchObject({ value: 'closed', context: { opened: 1 } });
    await system.stop();
  });
});
