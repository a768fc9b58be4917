import { describe, expect, it } from 'vitest';
import { assign, emit, fromCallback, fromPromise, raise, setup } from 'xstate';
import { makeRef } from '../run/ref.ts';
import { defineMachine } from './definition.ts';
import { announce, reply, send, tell } from './effects.ts';
import { Stage } from './machine.test-stage.ts';

const counter = () =>
  setup({ types: { context: {} as { n: number }, input: {} as { key: string; from?: number } } }).createMachine({
    id: 'counter',
    context: ({ input }) => ({ n: input.from ?? 0, key: input.key }),
    on: {
      add: { actions: [assign({ n: ({ context }) => context.n + 1 }), reply(({ context }) => context.n)] },
      fail: {
        actions: () => {
          throw new Error('boom');
        },
      },
    },
  });

describe('a machine as an actor', () => {
  it('takes messages as events and answers what its reply action says', () => {
    const stage = new Stage(counter()).start();
    expect([stage.give('add'), stage.give('add'), stage.fields.n]).toEqual([1, 2, 2]);
  });

  it('answers value, context and status where no action replies', () => {
    const stage = new Stage(
      setup({}).createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } }),
    ).start();
    expect(stage.give('go')).toEqual({ value: 'b', context: {}, status: 'active' });
  });

  it('is given its key and the input of its spawn', () => {
    const stage = new Stage(counter());
    stage.input = { from: 5 };
    expect(stage.start().fields).toEqual({ n: 5, key: 'k1' });
  });

  it('ends normally when it reaches its final state', () => {
    const stage = new Stage(
      setup({}).createMachine({ initial: 'a', states: { a: { on: { end: 'z' } }, z: { type: 'final' } } }),
    ).start();
    stage.give('end');
    expect(stage.steps[0]?.actions).toEqual([{ kind: 'stop', reason: 'normal' }]);
  });

  it('ends normally when it is final from the start', async () => {
    const stage = new Stage(setup({}).createMachine({ initial: 'z', states: { z: { type: 'final' } } })).start();
    await stage.clock.advance(0);
    expect(stage.steps[0]?.actions).toEqual([{ kind: 'stop', reason: 'normal' }]);
  });

  it('has its state value as its mode, the same object while it stays in the same parallel states', () => {
    const stage = new Stage(
      setup({ types: { context: {} as { n: number } } }).createMachine({
        context: { n: 0 },
        type: 'parallel',
        states: { x: { initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } }, y: {} },
        on: { count: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
      }),
    ).start();
    const before = stage.behavior.mode(stage.state);
    stage.give('count');
    expect(stage.behavior.mode(stage.state)).toBe(before);
    stage.give('go');
    expect(stage.behavior.mode(stage.state)).toEqual({ x: 'b', y: {} });
  });

  it('throws what an action threw and leaves the state it was given as it was', () => {
    const stage = new Stage(counter()).start();
    stage.give('add');
    const { state } = stage;
    expect(() => stage.give('fail')).toThrow('boom');
    expect([stage.state, stage.fields.n]).toEqual([state, 1]);
    expect(stage.crashes).toEqual([]);
  });

  it('throws at its start what an entry action threw, and leaves no child running', () => {
    const ended: string[] = [];
    const machine = setup({ actors: { watch: fromCallback(() => () => ended.push('watch')) } }).createMachine({
      invoke: { src: 'watch', id: 'w' },
      initial: 'a',
      states: {
        a: {
          entry: () => {
            throw new Error('no start');
          },
        },
      },
    });
    const stage = new Stage(machine);
    expect(() => stage.start()).toThrow('no start');
    expect([ended, stage.clock.pending]).toEqual([['watch'], 0]);
  });

  it('fails instead of hanging when its transitions never come to rest', () => {
    const stage = new Stage(
      setup({}).createMachine({
        initial: 'a',
        states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
      }),
    ).start();
    expect(() => stage.give('go')).toThrow('Infinite loop');
  });
});

describe('what a machine takes', () => {
  const machine = setup({ actors: { job: fromPromise(async () => 1) } }).createMachine({
    initial: 'a',
    states: {
      a: { on: { go: 'b', quiet: {}, 'order.*': {} }, after: { 10: 'b' } },
      b: { invoke: { src: 'job', id: 'job', onDone: 'a' }, on: { back: 'a' } },
    },
  });

  it.each([
    ['go', true],
    ['back', true],
    ['quiet', true],
    ['order.paid', true],
    ['orders', false],
    ['other', false],
    ['xstate.done.actor.job', false],
    ['xstate.after.10.(machine).a', false],
  ])('%s: %s', (type, isTaken) => {
    expect(new Stage(machine).start().behavior.takes(type)).toBe(isTaken);
  });

  it('is everything but the events of XState where it has a wildcard', () => {
    const { behavior } = new Stage(setup({}).createMachine({ on: { '*': {} } })).start();
    expect([behavior.takes('anything'), behavior.takes('xstate.stop')]).toEqual([true, false]);
  });
});

describe('the effects of a machine', () => {
  const friend = makeRef('n1/friend', { tell: () => {}, ask: async () => undefined });
  const machine = () =>
    setup({}).createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            go: {
              actions: [
                tell(() => ({ to: friend, message: { type: 'hello' } })),
                send(() => ({ to: { type: 'order', key: '1' } as never, message: { type: 'pay' } })),
                announce(() => ({ type: 'seen' })),
                emit({ type: 'for.others' }),
              ],
            },
          },
          after: { 50: 'b' },
        },
        b: { entry: [announce(() => ({ type: 'late' })), reply(() => 'nobody asked')], on: { ask: {} } },
      },
    });

  it('are handed to the cell in their order: tell, send and announce', () => {
    const stage = new Stage(machine()).start();
    stage.give('go');
    expect(stage.effects).toEqual([
      ['tell', 'n1/friend', { type: 'hello' }],
      ['send', { type: 'order', key: '1' }, { type: 'pay' }],
      ['announce', { type: 'seen' }],
    ]);
  });

  it('of a move without a message are handed over in a step of their own', async () => {
    const stage = new Stage(machine()).start();
    await stage.clock.advance(50);
    expect(stage.effects).toEqual([['announce', { type: 'late' }]]);
    expect(stage.steps.map(({ message, value }) => [message, value])).toEqual([['jaegis.moved', 'b']]);
  });

  it('keep a reply that nobody asked for from the next ask', async () => {
    const stage = new Stage(machine()).start();
    await stage.clock.advance(50);
    expect(stage.give('ask')).toMatchObject({ value: 'b' });
  });
});

describe('a machine that moves by itself', () => {
  it('has its delays on the clock of the kernel, one timer each, and none once it has stopped', async () => {
    const stage = new Stage(
      setup({}).createMachine({
        initial: 'a',
        states: {
          a: { entry: raise({ type: 'tick' }, { delay: 20 }), after: { 10: 'b' } },
          b: { on: { tick: 'c' } },
          c: { after: { 99: 'a' } },
        },
      }),
    ).start();
    expect(stage.clock.pending).toBe(2);
    await stage.clock.advance(10);
    expect([stage.value, stage.clock.pending]).toEqual(['b', 1]);
    await stage.clock.advance(10);
    expect([stage.value, stage.clock.pending]).toEqual(['c', 1]);
    stage.stop();
    expect(stage.clock.pending).toBe(0);
  });

  it('moves on when an invoked promise settles, and makes it a step', async () => {
    const stage = new Stage(
      setup({ actors: { job: fromPromise(async ({ input }: { input: number }) => input * 2) } }).createMachine({
        initial: 'a',
        context: { got: 0 },
        states: {
          a: {
            invoke: {
              src: 'job',
              input: 21,
              onDone: { target: 'b', actions: assign({ got: ({ event }) => event.output }) },
            },
          },
          b: {},
        },
      }),
    ).start();
    await stage.clock.advance(0);
    expect([stage.value, stage.fields, stage.steps.length]).toEqual(['b', { got: 42 }, 1]);
  });

  it('makes one step of several moves at once', async () => {
    let back: (event: { type: string }) => void = () => {};
    const watch = fromCallback(({ sendBack }) => {
      back = sendBack;
    });
    const stage = new Stage(
      setup({ actors: { watch } }).createMachine({
        invoke: { src: 'watch' },
        context: { n: 0 },
        on: { beat: { actions: assign({ n: ({ context }) => Number(context.n) + 1 }) } },
      }),
    ).start();
    back({ type: 'beat' });
    back({ type: 'beat' });
    await stage.clock.advance(0);
    expect([stage.fields, stage.steps.length]).toEqual([{ n: 2 }, 1]);
  });

  it.each([
    ['a delay', { after: { 5: { actions: 'explode' } } }],
    ['an invoked promise that nobody handles', { invoke: { src: 'reject' } }],
    ['a callback that throws when it starts', { after: { 5: 'next' } }],
  ])('crashes its cell when it fails by %s', async (_by, state) => {
    const actors = {
      reject: fromPromise(async () => {
        throw new Error('out of step');
      }),
      burst: fromCallback(() => {
        throw new Error('out of step');
      }),
    };
    const actions = {
      explode: () => {
        throw new Error('out of step');
      },
    };
    const stage = new Stage(
      setup({ actors, actions }).createMachine({
        initial: 'a',
        states: { a: state as object, next: { invoke: { src: 'burst' } } },
      }),
    ).start();
    await stage.clock.advance(10);
    expect(stage.crashes).toEqual([new Error('out of step')]);
    stage.stop();
    expect(stage.clock.pending).toBe(0);
  });

  it('says nothing more once it has stopped', async () => {
    let settle: (value: number) => void = () => {};
    const job = fromPromise(() => new Promise<number>((resolve) => (settle = resolve)));
    const stage = new Stage(
      setup({ actors: { job } }).createMachine({
        initial: 'a',
        states: { a: { invoke: { src: 'job', onDone: 'b' } }, b: {} },
      }),
    ).start();
    stage.stop();
    settle(1);
    await stage.clock.advance(10);
    expect([stage.value, stage.steps, stage.crashes]).toEqual(['a', [], []]);
  });
});

describe('the children of a machine', () => {
  const inner = setup({ actors: { watch: fromCallback(() => {}) } }).createMachine({
    invoke: { src: 'watch', id: 'deep' },
  });
  const machine = (ended: string[] = []) =>
    setup({
      actors: {
        job: fromPromise(() => new Promise(() => {})),
        quick: fromPromise(async () => 1),
        inner,
        beat: fromCallback(() => () => ended.push('beat')),
      },
    }).createMachine({
      invoke: [
        { src: 'job', id: 'job' },
        { src: 'quick', id: 'quick' },
        { src: 'inner', id: 'inner' },
        { src: 'beat', id: 'beat' },
        { src: fromCallback(() => {}) as never, id: 'nameless' }, // setup wants names; createMachine does not
      ],
      on: {
        fail: {
          actions: () => {
            throw new Error('boom');
          },
        },
      },
    });
  const shape = (
    nodes: readonly { id: string; type: string; status: string; children: readonly unknown[] }[],
  ): unknown => nodes.map(({ id, type, status, children }) => [id, type, status, shape(children as never)]);

  it('are shown with their kind, their status and the children of machines', async () => {
    const stage = new Stage(machine()).start();
    await stage.clock.advance(0);
    expect(shape(stage.behavior.children(stage.state))).toEqual([
      ['job', 'job', 'running', []],
      ['quick', 'quick', 'stopped', []],
      ['inner', 'inner', 'running', [['deep', 'watch', 'running', []]]],
      ['beat', 'beat', 'running', []],
      ['nameless', 'callback', 'running', []],
    ]);
  });

  it('make it busy, and so does a delay; a machine at rest is not', () => {
    const busy = (stage: Stage) => stage.start().behavior.isBusy(stage.state);
    expect(busy(new Stage(machine()))).toBe(true);
    expect(busy(new Stage(setup({}).createMachine({ after: { 5: {} } })))).toBe(true);
    expect(busy(new Stage(counter()))).toBe(false);
  });

  it('end with it, also when it crashed', () => {
    const ended: string[] = [];
    const stage = new Stage(machine(ended)).start();
    expect(() => stage.give('fail')).toThrow('boom');
    expect(ended).toEqual([]);
    stage.stop();
    expect(ended).toEqual(['beat']);
  });

  it('of a child machine that crashed end with it too', () => {
    const ended: string[] = [];
    const nested = setup({ actors: { beat: fromCallback(() => () => ended.push('nested')) } }).createMachine({
      invoke: { src: 'beat' },
      on: {
        fail: {
          actions: () => {
            throw new Error('below');
          },
        },
      },
    });
    const stage = new Stage(
      setup({ actors: { nested } }).createMachine({
        invoke: { src: 'nested', id: 'nested' },
        on: { fail: { actions: ({ self }) => self.getSnapshot().children.nested?.send({ type: 'fail' }) } },
      }),
    ).start();
    expect(() => stage.give('fail')).toThrow('below');
    stage.stop();
    expect(ended).toEqual(['nested']);
  });
});

describe('defining a machine', () => {
  it.each([
    ['restore.delays', { delays: 'never' }],
    ['restore.invoked', { invoked: 'later' }],
  ])('names the path of what is not usable: %s', (path, restore) => {
    expect(() => defineMachine('m', counter, { restore: restore as never })).toThrow(path);
  });

  it('refuses what is no machine', () => {
    expect(() => defineMachine('m', () => ({}) as never).behavior({} as never)).toThrow('state machine of XState');
  });
});
