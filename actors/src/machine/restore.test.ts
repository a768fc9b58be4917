import { hasCode } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { assign, createMachine, fromCallback, fromPromise, raise, sendTo, setup, spawnChild } from 'xstate';
import type { MachineOptions } from './definition.ts';
import { Stage } from './machine.test-stage.ts';
import type { MachineMemory } from './preserved.ts';

type Restore = NonNullable<MachineOptions['restore']>;

/** Preserves the machine, lets time pass while it is down, and starts it again. */
async function restored(stage: Stage, form: 'memory' | 'record', downMs = 0): Promise<Stage> {
  const preserved = form === 'memory' ? stage.behavior.preserve(stage.state) : stage.record;
  stage.stop();
  await stage.clock.advance(downMs);
  return stage.again(preserved);
}

const forms = ['memory', 'record'] as const;

describe.each(forms)('a machine restored from its %s', (form) => {
  const after = setup({}).createMachine({ initial: 'a', states: { a: { after: { 100: 'late' } }, late: {} } });
  const raised = setup({}).createMachine({
    initial: 'a',
    states: { a: { entry: raise({ type: 'tick' }, { delay: 100 }), on: { tick: 'late' } }, late: {} },
  });
  const toSelf = setup({}).createMachine({
    initial: 'a',
    states: {
      a: { entry: sendTo(({ self }) => self, { type: 'tick' }, { delay: 100 }), on: { tick: 'late' } },
      late: {},
    },
  });

  const machines = { after, raised, toSelf };
  // Preserved at 40 of 100 ms, down for 30 ms: how long it takes after the start.
  const table: [keyof typeof machines, Restore['delays'], number][] = [
    ['after', undefined, 30],
    ['after', 'deadline', 30],
    ['after', 'remaining', 60],
    ['after', 'anew', 100],
    ['raised', 'deadline', 30],
    ['raised', 'remaining', 60],
    ['raised', 'anew', 100],
    ['toSelf', 'deadline', 30],
    ['toSelf', 'remaining', 60],
    ['toSelf', 'anew', 100],
  ];
  it.each(table)('keeps its delay (xstate 5331): %s, %s, fires %d ms after the start', async (name, delays, leftMs) => {
    const first = new Stage(machines[name], { restore: delays ? { delays } : {} }).start();
    await first.clock.advance(40);
    const stage = await restored(first, form, 30);
    expect([stage.value, stage.clock.pending]).toEqual(['a', 1]);
    await stage.clock.advance(leftMs - 1);
    expect(stage.value).toBe('a');
    await stage.clock.advance(1);
    expect(stage.value).toBe('late');
  });

  it('fires a delay at once whose deadline is past (xstate 5331)', async () => {
    const stage = await restored(new Stage(after).start(), form, 5_000);
    expect(stage.value).toBe('a');
    await stage.clock.advance(0);
    expect([stage.value, stage.steps.map(({ message }) => message)]).toEqual(['late', ['jaegis.moved']]);
  });

  it('fires several delays whose deadlines are past in their order (xstate 5331)', async () => {
    const machine = setup({}).createMachine({
      context: { seen: [] as string[] },
      entry: [raise({ type: 'second' }, { delay: 20 }), raise({ type: 'first' }, { delay: 10 })],
      on: { '*': { actions: assign({ seen: ({ context, event }) => [...(context.seen as string[]), event.type] }) } },
    });
    const stage = await restored(new Stage(machine).start(), form, 1_000);
    await stage.clock.advance(0);
    expect(stage.fields).toEqual({ seen: ['first', 'second'] });
  });

  it('keeps its delays over a second restart (xstate 5331)', async () => {
    const first = new Stage(after).start();
    const stage = await restored(await restored(first, form, 30), form, 30);
    await stage.clock.advance(39);
    expect(stage.value).toBe('a');
    await stage.clock.advance(1);
    expect(stage.value).toBe('late');
  });

  it('does not bring back a delay that was cancelled (xstate 5331)', async () => {
    const machine = setup({}).createMachine({
      initial: 'a',
      states: { a: { after: { 100: 'late' }, on: { go: 'b' } }, b: { on: { back: 'a' } }, late: {} },
    });
    const first = new Stage(machine).start();
    first.give('go');
    const stage = await restored(first, form, 0);
    expect([stage.value, stage.clock.pending]).toEqual(['b', 0]);
  });

  it('keeps the delays of a child machine (xstate 5331)', async () => {
    const child = setup({}).createMachine({
      initial: 'a',
      states: { a: { after: { 100: 'z' } }, z: { type: 'final' } },
    });
    const machine = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'child', id: 'child', onDone: 'b' } }, b: {} },
    });
    const first = new Stage(machine).start();
    await first.clock.advance(40);
    const stage = await restored(first, form, 30);
    await stage.clock.advance(29);
    expect(stage.value).toBe('a');
    await stage.clock.advance(1);
    expect(stage.value).toBe('b');
  });

  it('takes an always transition whose guard has become true (xstate 4627)', async () => {
    let isOpen = false;
    const machine = setup({}).createMachine({
      initial: 'a',
      states: {
        a: { always: { guard: () => isOpen, target: 'b' }, after: { 50: 'late' } },
        b: { on: { '*': 'late' } },
        late: {},
      },
    });
    const first = new Stage(machine).start();
    expect(first.value).toBe('a');
    isOpen = true;
    const stage = await restored(first, form);
    expect([stage.value, stage.clock.pending]).toEqual(['b', 0]);
  });

  it('takes an always transition of a child machine (xstate 4627)', async () => {
    let isOpen = false;
    const child = setup({}).createMachine({
      initial: 'a',
      states: { a: { always: { guard: () => isOpen, target: 'z' } }, z: { type: 'final' } },
    });
    const machine = setup({ actors: { child } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { src: 'child', onDone: 'b' } }, b: {} },
    });
    const first = new Stage(machine).start();
    isOpen = true;
    expect((await restored(first, form)).value).toBe('b');
  });

  it('does not run its entry actions again', async () => {
    let entered = 0;
    const machine = setup({}).createMachine({ initial: 'a', states: { a: { entry: () => (entered += 1) } } });
    await restored(new Stage(machine).start(), form);
    expect(entered).toBe(1);
  });

  it('goes back into the state that a history state remembers', async () => {
    const machine = setup({}).createMachine({
      initial: 'on',
      states: {
        on: { initial: 'x', states: { x: { on: { next: 'y' } }, y: {}, h: { type: 'history' } }, on: { off: 'off' } },
        off: { on: { on: 'on.h' } },
      },
    });
    const first = new Stage(machine).start();
    first.give('next');
    first.give('off');
    const stage = await restored(first, form);
    stage.give('on');
    expect(stage.value).toEqual({ on: 'y' });
  });

  describe('while a promise is under way', () => {
    function working(restore: Restore = {}) {
      const inputs: unknown[] = [];
      const settle: ((value: string) => void)[] = [];
      const job = fromPromise<string, string>(({ input }) => {
        inputs.push(input);
        return new Promise((resolve) => settle.push(resolve));
      });
      const machine = setup({ actors: { job } }).createMachine({
        initial: 'a',
        context: { end: undefined as unknown },
        states: {
          a: {
            invoke: {
              src: 'job',
              id: 'job',
              input: 'the input',
              onDone: { target: 'b', actions: assign({ end: ({ event }) => event.output }) },
              onError: { target: 'c', actions: assign({ end: ({ event }) => event.error }) },
            },
          },
          b: {},
          c: {},
        },
      });
      return { stage: new Stage(machine, { restore }).start(), inputs, settle };
    }

    it('begins it again with its input by default, and its end moves the machine', async () => {
      const { stage: first, inputs, settle } = working();
      const stage = await restored(first, form);
      expect(inputs).toEqual(['the input', 'the input']);
      settle[0]?.('of the old incarnation');
      settle[1]?.('done');
      await stage.clock.advance(0);
      expect([stage.value, stage.fields]).toEqual(['b', { end: 'done' }]);
    });

    it('does not begin it again where it is to be interrupted: the machine takes its onError with cancelled', async () => {
      const { stage: first, inputs } = working({ invoked: 'interrupted' });
      const stage = await restored(first, form);
      expect([inputs.length, stage.value, hasCode(stage.fields.end, 'cancelled')]).toEqual([1, 'c', true]);
      expect(stage.behavior.isBusy(stage.state)).toBe(false);
    });

    it('interrupts the promises of child machines too, each at its own machine', async () => {
      const job = fromPromise(() => new Promise(() => {}));
      const child = setup({ actors: { job } }).createMachine({
        initial: 'a',
        states: { a: { invoke: { src: 'job', onError: 'z' } }, z: { type: 'final' } },
      });
      const machine = setup({ actors: { child } }).createMachine({
        initial: 'a',
        states: { a: { invoke: { src: 'child', onDone: 'b' } }, b: {} },
      });
      const stage = await restored(new Stage(machine, { restore: { invoked: 'interrupted' } }).start(), form);
      expect(stage.value).toBe('b');
    });

    it('fails its start where an interrupted promise has no onError', async () => {
      const machine = setup({ actors: { job: fromPromise(() => new Promise(() => {})) } }).createMachine({
        invoke: { src: 'job' },
      });
      const first = new Stage(machine, { restore: { invoked: 'interrupted' } }).start();
      await expect(restored(first, form)).rejects.toThrow('was interrupted');
    });

    it('forgets the interruption where an always transition has left the state', async () => {
      let isOpen = false;
      const machine = setup({ actors: { job: fromPromise(() => new Promise(() => {})) } }).createMachine({
        initial: 'a',
        states: { a: { invoke: { src: 'job' }, always: { guard: () => isOpen, target: 'b' } }, b: {} },
      });
      const first = new Stage(machine, { restore: { invoked: 'interrupted' } }).start();
      isOpen = true;
      expect((await restored(first, form)).value).toBe('b');
    });

    it('does not run it a second time when its result came but the machine fell before that was a step', async () => {
      const { stage: first, inputs, settle } = working();
      first.isBusy = true;
      const before = first.state;
      settle[0]?.('in time');
      await first.clock.advance(0);
      expect([first.state === before, first.posted.length]).toEqual([true, 1]);
      first.isBusy = false;
      first.posted.length = 0;
      const stage = await restored(first, form);
      expect([stage.value, stage.fields, inputs.length]).toEqual(['b', { end: 'in time' }, 1]);
    });
  });

  it('starts its callbacks again, also where promises are interrupted', async () => {
    let starts = 0;
    const beat = fromCallback(() => {
      starts += 1;
    });
    const machine = setup({ actors: { beat } }).createMachine({ invoke: { src: 'beat' } });
    await restored(new Stage(machine, { restore: { invoked: 'interrupted' } }).start(), form);
    expect(starts).toBe(2);
  });

  it('has references to its children in its context that work, however often it is restored from the same', async () => {
    const child = setup({}).createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } });
    const machine = setup({ actors: { child } }).createMachine({
      context: ({ spawn }) => ({ deep: { kid: spawn('child', { id: 'kid' }) } }),
      on: { poke: { actions: sendTo(({ context }) => context.deep.kid, { type: 'go' }) } },
    });
    const first = new Stage(machine).start();
    const preserved = form === 'memory' ? first.behavior.preserve(first.state) : first.record;
    first.stop();
    for (const _time of ['first', 'second']) {
      first.again(preserved);
      first.give('poke');
      const { kid } = (first.state as { children: { kid: { getSnapshot(): { value: unknown } } } }).children;
      expect(kid.getSnapshot().value).toBe('b');
      first.stop();
    }
  });
});

describe('a machine preserved in memory', () => {
  it('goes on from the very snapshot that it had', () => {
    const stage = new Stage(
      setup({}).createMachine({
        context: { big: { list: [1] } },
        initial: 'a',
        states: { a: { on: { go: 'b' } }, b: {} },
      }),
    ).start();
    stage.give('go');
    const { state } = stage;
    expect((stage.behavior.preserve(state) as MachineMemory).snapshot).toBe(state);
    expect(stage.restart().state).toBe(state);
  });

  it('goes on from its last good state after a crash, with the delays and children of that state', async () => {
    let starts = 0;
    const job = fromPromise(() => {
      starts += 1;
      return new Promise(() => {});
    });
    const machine = setup({ actors: { job } }).createMachine({
      initial: 'a',
      states: {
        a: { invoke: { src: 'job', input: 1 }, after: { 100: 'late' }, on: { go: 'b' } },
        b: { entry: raise({ type: 'bad' }, { delay: 5 }), after: { 1: 'c' } },
        c: {},
        late: {},
      },
      on: {
        half: {
          actions: [
            raise({ type: 'never' }, { delay: 7 }),
            () => {
              throw new Error('half way');
            },
          ],
        },
      },
    });
    const stage = new Stage(machine).start();
    await stage.clock.advance(40);
    expect(() => stage.give('half')).toThrow('half way');
    stage.restart();
    expect([stage.value, starts, stage.clock.pending]).toEqual(['a', 2, 1]);
    await stage.clock.advance(60);
    expect(stage.value).toBe('late');
  });

  it('starts a promise again that nobody handled the failure of, with its input', async () => {
    const inputs: unknown[] = [];
    const job = fromPromise<void, number>(async ({ input }) => {
      inputs.push(input);
      if (inputs.length === 1) throw new Error('first time');
    });
    const machine = setup({ actors: { job } }).createMachine({
      initial: 'a',
      states: { a: { invoke: [{ src: 'job', input: 7, onDone: 'b' }] }, b: {} },
    });
    const stage = new Stage(machine).start();
    await stage.clock.advance(0);
    expect(stage.crashes).toEqual([new Error('first time')]);
    stage.crashes.length = 0;
    stage.restart();
    await stage.clock.advance(0);
    expect([stage.value, inputs]).toEqual(['b', [7, 7]]);
  });

  it('keeps children that were stopped by the step that failed', async () => {
    let starts = 0;
    const beat = fromCallback(() => {
      starts += 1;
    });
    const child = setup({}).createMachine({ initial: 'x', states: { x: { on: { go: 'y' } }, y: {} } });
    const machine = setup({ actors: { beat, child } }).createMachine({
      initial: 'a',
      states: {
        a: {
          invoke: [
            { src: 'beat', id: 'beat' },
            { src: 'child', id: 'child' },
          ],
          on: { leave: 'b' },
        },
        b: { entry: sendTo(({ self }) => self, { type: 'crash' }) },
      },
      on: {
        poke: { actions: sendTo('child', { type: 'go' }) },
        crash: {
          actions: () => {
            throw new Error('in the second half');
          },
        },
      },
    });
    const stage = new Stage(machine).start();
    stage.give('poke');
    expect(() => stage.give('leave')).toThrow('in the second half');
    stage.restart();
    const { children } = stage.state as { children: Record<string, { getSnapshot(): { value: unknown } }> };
    expect([stage.value, starts, children.child?.getSnapshot().value]).toEqual(['a', 2, 'y']);
  });

  it('can be preserved before or after it was stopped', async () => {
    const machine = setup({}).createMachine({ initial: 'a', states: { a: { after: { 100: 'b' } }, b: {} } });
    const stage = new Stage(machine).start();
    stage.stop();
    const preserved = stage.behavior.preserve(stage.state);
    stage.again(preserved);
    await stage.clock.advance(100);
    expect(stage.value).toBe('b');
  });

  it('keeps a child of logic without a name', () => {
    const job = fromCallback(() => {});
    const machine = createMachine({ entry: spawnChild(job, { id: 'kid' }) });
    const stage = new Stage(machine).start().restart();
    expect(stage.behavior.children(stage.state)).toMatchObject([{ id: 'kid', type: 'callback', status: 'running' }]);
  });
});

describe('a machine as a record', () => {
  const machine = setup({}).createMachine({ initial: 'a', states: { a: { after: { 100: 'b' } }, b: {} } });

  it('is plain data that says when its delays are due by the wall clock', async () => {
    const stage = new Stage(machine).start();
    await stage.clock.advance(40);
    expect(stage.record).toMatchObject({
      format: 1,
      snapshot: { status: 'active', value: 'a', children: {} },
      delays: [{ source: [], target: [], delayMs: 100, leftMs: 60, dueAt: stage.clock.now() + 60 }],
    });
  });

  it('is refused with the path of a child that another process would not know', () => {
    const job = fromCallback(() => {});
    const stage = new Stage(createMachine({ entry: spawnChild(job, { id: 'kid' }) })).start();
    expect(() => stage.behavior.serialize(stage.state)).toThrow('children.kid');
  });

  const whole = () => new Stage(machine).start().record as Record<string, unknown>;
  it.each([
    ['nothing', () => null, 'state is null'],
    ['text', () => 'a', 'state is "a"'],
    ['another format', () => ({ ...whole(), format: 2 }), 'state.format is 2'],
    ['no snapshot', () => ({ format: 1, delays: [] }), 'state.snapshot is undefined'],
    ['an unknown status', () => ({ ...whole(), snapshot: { status: 'fine' } }), 'state.snapshot.status is "fine"'],
    [
      'no value',
      () => ({ ...whole(), snapshot: { status: 'active', context: {} } }),
      'state.snapshot.value is undefined',
    ],
    ['no delays', () => ({ ...whole(), delays: undefined }), 'state.delays is undefined'],
    [
      'a broken delay',
      () => ({ ...whole(), delays: [{ source: [], target: [] }] }),
      'state.delays[0].delayMs is undefined',
    ],
  ])('is refused as corrupt where it is %s', (_what, make, message) => {
    let thrown: unknown;
    try {
      new Stage(machine).start(make());
    } catch (error) {
      thrown = error;
    }
    expect([hasCode(thrown, 'corrupt_record'), String(thrown)]).toEqual([true, expect.stringContaining(message)]);
  });

  it('is refused as corrupt where its state is none of the machine', () => {
    const record = { ...whole(), snapshot: { status: 'active', value: 'elsewhere', context: {}, children: {} } };
    expect(() => new Stage(machine).start(record)).toThrow('does not fit the machine');
  });

  it('keeps the error of a failed child as plain data', async () => {
    const job = fromPromise(async () => {
      throw new Error('of the child');
    });
    const stage = new Stage(
      setup({ actors: { job } }).createMachine({ invoke: { src: 'job', id: 'job', onError: {} } }),
    ).start();
    await stage.clock.advance(0);
    expect(stage.record).toMatchObject({
      snapshot: { children: { job: { snapshot: { error: { message: 'of the child' } } } } },
    });
    expect(stage.again(stage.record).steps.length).toBe(1);
  });
});
