/** OTP's tests of gen_statem: enter calls, postponing, what a handler inserts, the order of a transition. */
import {
  type Action,
  again,
  type DownSignal,
  defineActor,
  ignore,
  next,
  postpone,
  type ReplyHandle,
  replyTo,
  stop,
  timeout,
} from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { testSystem, virtualSystem } from '../support/kernel.ts';
import { settled } from '../support/kernel-probe.ts';

const often = { intensity: 1_000, periodMs: 60_000 };

interface State {
  readonly mode: string;
  readonly handle?: ReplyHandle;
}

type Script = Readonly<Record<string, readonly Action[]>>;

/** A machine that logs what it handles in which mode, and enters modes by the script that it is given. */
function machine(
  log: string[],
  enter: (mode: string, previous: unknown, times: number) => readonly Action[] = () => [],
) {
  let times = 0;
  const noted = (text: string, state: State) => void log.push(`${text} in ${state.mode}`);
  return defineActor('machine', {
    state: (): State => ({ mode: 'start' }),
    mode: (state) => state.mode,
    enter: (state, previous) => {
      log.push(`enter ${state.mode} from ${previous}`);
      return { actions: enter(state.mode, previous, ++times) };
    },
    on: {
      /** To another mode, or the same, with these actions. */
      to: (state, message: { mode?: string; actions?: readonly Action[]; reply?: unknown }) => {
        noted('to', state);
        const { mode = state.mode, actions = [], reply } = message;
        return { state: mode === state.mode ? state : { ...state, mode }, actions, reply };
      },
      keep: (state, message: { actions?: readonly Action[] }) => {
        noted('keep', state);
        return { actions: message.actions ?? [] };
      },
      note: (state, message: { text: string }) => noted(message.text, state),
      /** Put aside in every mode but this one. */
      wants: (state, message: { mode: string; text: string }) => {
        if (state.mode !== message.mode) return { actions: [postpone()] };
        noted(message.text, state);
        return { reply: message.text };
      },
      ask: (state, _message, context) => ({ state: { ...state, handle: context.defer() } }),
      insertAsk: (state, message: { text: string }) => ({
        actions: state.handle ? [next({ type: 'answer', text: message.text } as never, state.handle)] : [],
      }),
      answer: (state, message: { text: string }) => {
        noted('answer', state);
        return { reply: message.text };
      },
    },
  });
}

const note = (text: string) => ({ type: 'note', text }) as const;

async function running(enter?: Parameters<typeof machine>[1]) {
  const log: string[] = [];
  const world = virtualSystem(often);
  const ref = await world.system.spawn(machine(log, enter), { restart: 'temporary' });
  await settled();
  return { ...world, ref, log };
}

describe('starting and stopping', () => {
  const statem = (state: () => unknown) =>
    defineActor('statem', {
      state,
      mode: (state) => state,
      enter: () => undefined,
      on: { ping: () => ({ reply: 'pong' }) },
    });

  it('STM:start1-start12: each way of starting; a name is taken until its holder has ended', async () => {
    const { system } = testSystem(often);
    const parent = defineActor('parent', {
      state: (_key, context) => {
        for (const options of [{}, { link: true }, { monitor: true }, { name: 'kid' }])
          context.spawn(
            statem(() => 0),
            options,
          );
        return 0;
      },
      on: { ping: () => ({ reply: 'pong' }) },
    });
    expect(await (await system.spawn(parent)).ask({ type: 'ping' })).toBe('pong');
    const ref = await system.spawn(
      statem(() => 0),
      { register: 'desk' },
    );
    await expect(
      system.spawn(
        statem(() => 0),
        { register: 'desk' },
      ),
    ).rejects.toMatchObject({ code: 'name_taken' });
    await system.stop(ref);
    await system.spawn(
      statem(() => 0),
      { register: 'desk' },
    );
    await system.stop();
  });

  it('STM:start3: a start that takes too long is given up', async () => {
    const { system, clock } = virtualSystem(often);
    const slow = statem(() => new Promise(() => {}));
    const spawned = system.spawn(slow, { startTimeoutMs: 5, register: 'desk' });
    spawned.catch(() => {});
    await expect(clock.runUntilSettled(spawned)).rejects.toMatchObject({ code: 'start_timeout' });
    expect([clock.monotonic(), system.registered()]).toEqual([5, []]);
  });

  it.each([
    ['ignore', () => ignore, expect.objectContaining({ code: 'no_such_actor' })],
    ['a reason', () => Promise.reject('because'), 'because'],
  ])('STM:start4/start5: a start that gives %s', async (_what, state, error) => {
    const { system } = testSystem(often);
    await expect(system.spawn(statem(state))).rejects.toEqual(error);
    await system.stop();
  });

  it('STM+:loop_start_fail: five times in a row, and nothing is left', async () => {
    const { system, clock } = virtualSystem(often);
    const broken = [
      () => ignore,
      () => Promise.reject('stop'),
      () => {
        throw new Error('x');
      },
      () => new Promise(() => {}),
    ];
    for (let time = 0; time < 5; time++) {
      for (const state of broken) {
        const spawned = system.spawn(statem(state), { startTimeoutMs: 5, register: 'desk' });
        spawned.catch(() => {});
        await expect(clock.runUntilSettled(spawned)).rejects.toBeDefined();
      }
    }
    await clock.advance(10);
    expect([system.registered(), system.inspect().children, clock.pending]).toEqual([[], [], 0]);
  });

  it('STM:stop1-stop7: by ref, with a reason, by name; again; with a time that is none', async () => {
    const { system } = testSystem(often);
    for (const target of ['ref', 'desk']) {
      const ref = await system.spawn(
        statem(() => 0),
        { register: 'desk' },
      );
      const { down } = system.monitor(ref);
      const who = target === 'ref' ? ref : target;
      await expect(system.stop(who, { timeoutMs: Number.NaN })).rejects.toMatchObject({ code: 'invalid_definition' });
      expect(await ref.ask({ type: 'ping' })).toBe('pong');
      await system.stop(who, { reason: 'other', timeoutMs: Number.POSITIVE_INFINITY });
      expect(await down).toMatchObject({ reason: 'other' });
      await expect(system.stop(who)).rejects.toMatchObject({ code: 'no_such_actor' });
    }
    await system.stop();
  });

  it('STM:undef_in_terminate: what its stop throws is its reason', async () => {
    const { system } = testSystem(often);
    const cause = new Error('in its stop');
    const actor = defineActor('actor', {
      state: () => 0,
      stop: () => {
        throw cause;
      },
      on: {},
    });
    const ref = await system.spawn(actor);
    const { down } = system.monitor(ref);
    await system.stop(ref, { reason: 'shutdown' });
    expect(await down).toMatchObject({ reason: cause });
    await system.stop();
  });

  it('STM:abnormal1: an answer in time; one that is late does not turn up later', async () => {
    const { ref, clock, system } = await running();
    const ask = (timeoutMs: number) => ref.ask({ type: 'ask' }, { timeoutMs });
    const inTime = ask(100);
    await clock.advance(50);
    ref.tell({ type: 'insertAsk', text: 'here' });
    expect(await inTime).toBe('here');
    const late = ask(10);
    late.catch(() => {});
    await clock.advance(50);
    await expect(late).rejects.toMatchObject({ code: 'ask_timeout' });
    ref.tell({ type: 'insertAsk', text: 'too late' });
    await clock.advance(1);
    expect(system.deadLetters.list()).toEqual([]);
  });

  it('STM:abnormal2: a wrong return is the end, and the one who asked gets the error', async () => {
    const { system } = testSystem(often);
    const wrong = defineActor('wrong', { state: () => 0, on: { go: () => 'badreturn' as never } });
    const ref = await system.spawn(wrong, { restart: 'temporary' });
    const { down } = system.monitor(ref);
    await expect(ref.ask({ type: 'go' })).rejects.toMatchObject({ cause: { code: 'invalid_return' } });
    expect(await down).toMatchObject({ reason: { code: 'invalid_return' } });
    await system.stop();
  });

  it('STM:shutdown: reply, then the exit; no crash report; then nobody', async () => {
    const { system, ref } = await running();
    const crashes: unknown[] = [];
    system.onCrash((report) => crashes.push(report));
    const { down } = system.monitor(ref);
    expect(await ref.ask({ type: 'to', reply: 'bye', actions: [stop({ shutdown: 'why' })] })).toBe('bye');
    expect(await down).toMatchObject({ reason: { shutdown: 'why' } });
    await expect(ref.ask({ type: 'keep' })).rejects.toMatchObject({ code: 'actor_stopped' });
    expect(crashes).toEqual([]);
  });

  it('STM:stop_and_reply: both replies in their order, before the exit', async () => {
    const { system } = testSystem(often);
    const order: unknown[] = [];
    const actor = defineActor('actor', {
      state: () => [] as readonly ReplyHandle[],
      on: {
        wait: (handles, _message, context) => ({ state: [...handles, context.defer()] }),
        end: (handles) => ({
          actions: [...handles.map((handle, index) => replyTo(handle, `reply ${index}`)), stop('done')],
        }),
      },
    });
    const ref = await system.spawn(actor, { restart: 'temporary' });
    const asked = [ref.ask({ type: 'wait' }), ref.ask({ type: 'wait' })];
    for (const each of asked) void each.then((reply) => order.push(reply));
    const over = system.monitor(ref).down.then(({ reason }: DownSignal) => order.push(reason));
    ref.tell({ type: 'end' });
    await over;
    expect(order).toEqual(['reply 0', 'reply 1', 'done']);
    await system.stop();
  });
});

describe('entering a mode', () => {
  it('STM:state_enter (a): the first one, from itself, before anything else', async () => {
    const log: string[] = [];
    const { system } = testSystem(often);
    const ref = await system.spawn(machine(log));
    ref.tell(note('first'));
    await settled();
    expect(log).toEqual(['enter start from start', 'first in start']);
    await system.stop();
  });

  it('STM:state_enter (b): again and again, then its timeouts', async () => {
    const timeouts = [timeout('idle', 0, note('idle')), timeout('mode', 0, note('mode'))];
    const { ref, log } = await running((mode, _previous, times) => {
      if (mode !== 'wait') return [];
      return times < 4 ? [again()] : timeouts;
    });
    ref.tell({ type: 'to', mode: 'wait' });
    await settled();
    expect(log).toEqual([
      'enter start from start',
      'to in start',
      'enter wait from start',
      'enter wait from wait',
      'enter wait from wait',
      'idle in wait',
      'mode in wait',
    ]);
  });

  it('STM:state_enter (c): again on an ask; not when it stays as it is', async () => {
    const { ref, log } = await running();
    expect(await ref.ask({ type: 'to', actions: [again()], reply: 'yes' })).toBe('yes');
    await ref.ask({ type: 'keep' });
    expect(log).toEqual(['enter start from start', 'to in start', 'enter start from start', 'keep in start']);
  });

  it('STM:state_enter (d): then what was inserted, then what waits', async () => {
    const { ref, log } = await running();
    ref.tell({ type: 'to', mode: 'wait' });
    ref.tell({ type: 'to', mode: 'start', actions: [next(note('inserted'))] });
    ref.tell(note('waiting'));
    await settled();
    expect(log.slice(3)).toEqual(['to in wait', 'enter start from wait', 'inserted in start', 'waiting in start']);
  });
});

describe('postponing', () => {
  it('STM:do_func_test (ping): what is put aside is handled after a change of mode, and answered', async () => {
    const { ref, log } = await running();
    const ping = ref.ask({ type: 'wants', mode: 'connected', text: 'ping' });
    ref.tell({ type: 'to', mode: 'waiting' });
    ref.tell({ type: 'to', mode: 'connected' });
    expect(await ping).toBe('ping');
    expect(log.at(-1)).toBe('ping in connected');
  });

  it('STMdoc:postpone: not while the mode is the same; then all, oldest first, before newer ones', async () => {
    const { ref, log } = await running();
    for (const text of ['one', 'two']) ref.tell({ type: 'wants', mode: 'other', text });
    ref.tell({ type: 'keep' });
    ref.tell({ type: 'to', mode: 'start' });
    ref.tell(note('between'));
    await settled();
    expect(log.slice(1)).toEqual(['keep in start', 'to in start', 'between in start']);
    ref.tell({ type: 'to', mode: 'other' });
    ref.tell(note('newer'));
    await settled();
    expect(log.slice(5)).toEqual(['enter other from start', 'one in other', 'two in other', 'newer in other']);
  });
});

describe('what a handler inserts', () => {
  it('STM:event_types: in the order of its list, an ask with its handle among them', async () => {
    const { ref, log } = await running();
    const asked = ref.ask({ type: 'ask' });
    ref.tell({ type: 'keep', actions: ['a', 'b', 'c'].map((text) => next(note(text))) });
    ref.tell({ type: 'insertAsk', text: 'answered' });
    ref.tell(note('last'));
    expect(await asked).toBe('answered');
    await settled();
    expect(log.slice(1)).toEqual([
      'keep in start',
      'a in start',
      'b in start',
      'c in start',
      'answer in start',
      'last in start',
    ]);
  });

  it('STM:reply semantics (delayed_answer): one reply, however often it is given', async () => {
    const { system } = testSystem(often);
    const actor = defineActor('actor', {
      state: () => 0,
      on: {
        go: (_state, _message, context) => {
          const handle = context.defer();
          handle.reply('first');
          return { reply: 'second', actions: [replyTo(handle, 'third')] };
        },
      },
    });
    const ref = await system.spawn(actor);
    expect(await ref.ask({ type: 'go' })).toBe('first');
    expect(await ref.ask({ type: 'go' })).toBe('first');
    await system.stop();
  });

  it('STMdoc:transition order', async () => {
    const entering: Script = { other: [next(note('of enter')), timeout('enter', 0, note('zero of enter'))] };
    const { ref, log } = await running((mode) => entering[mode] ?? []);
    ref.tell({ type: 'wants', mode: 'other', text: 'postponed' });
    const actions = [timeout('zero', 0, note('zero')), next(note('inserted 1')), next(note('inserted 2'))];
    ref.tell({ type: 'to', mode: 'other', actions });
    ref.tell(note('newer'));
    await settled();
    expect(log.slice(1)).toEqual([
      'to in start',
      'enter other from start',
      'inserted 1 in other',
      'inserted 2 in other',
      'of enter in other',
      'postponed in other',
      'zero in other',
      'zero of enter in other',
      'newer in other',
    ]);
  });
});
