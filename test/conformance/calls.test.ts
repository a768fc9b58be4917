/** OTP's tests of gen_server: starting, asking and telling, time limits, replies that come late. */
import {
  type ActorDefinition,
  type AnyProtocol,
  defineActor,
  ignore,
  next,
  type Protocol,
  type Ref,
  type ReplyHandle,
  replyTo,
  stop,
  timeout,
} from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { testServices, testSystem, virtualSystem } from '../support/kernel.ts';
import { settled } from '../support/kernel-probe.ts';

const often = { intensity: 1_000, periodMs: 60_000 };
const never = () => new Promise<never>(() => {});

/** Each way of failing to start, and what the one who starts it is told. */
const failures: readonly (readonly [string, () => unknown, unknown])[] = [
  ['ignores', () => ignore, { code: 'no_such_actor' }],
  [
    'throws',
    () => {
      throw new Error('no disk');
    },
    { message: 'no disk' },
  ],
  ['rejects', () => Promise.reject(new Error('no disk')), { message: 'no disk' }],
  ['ends with a reason', () => Promise.reject('because'), 'because'],
  ['is too slow', never, { code: 'start_timeout' }],
];

const starting = (state: () => unknown) => defineActor('starting', { state, on: { ping: () => ({ reply: 'pong' }) } });
const echo = starting(() => 0);

describe('starting', () => {
  it('GS:start: without a name, with one, linked and monitored; a name that is taken is refused with its holder', async () => {
    const { system } = testSystem(often);
    expect(await (await system.spawn(echo)).ask({ type: 'ping' })).toBe('pong');
    await system.spawn(echo, { name: 'a', register: 'desk' });
    await expect(system.spawn(echo, { register: 'desk' })).rejects.toMatchObject({
      code: 'name_taken',
      data: { holder: 'n1/user/a' },
    });
    await expect(system.spawn(echo, { name: 'a' })).rejects.toMatchObject({ code: 'name_taken' });
    const parent = defineActor('parent', {
      state: (_key, context) => {
        context.spawn(echo, { name: 'kid', link: true, monitor: true });
        return 0;
      },
      on: {
        clash: (_state, message: { options: object }, context) => {
          try {
            context.spawn(echo, message.options);
            return { reply: 'started' };
          } catch (error) {
            return { reply: (error as { code: string }).code };
          }
        },
      },
    });
    const ref = await system.spawn(parent);
    for (const options of [
      { register: 'desk' },
      { register: 'desk', link: true },
      { register: 'desk', monitor: true },
    ]) {
      expect(await ref.ask({ type: 'clash', options })).toBe('name_taken');
    }
    await system.stop();
  });

  it.each(failures)(
    'GS:loop_start_fail: one that %s, again and again, leaves nothing behind',
    async (_what, state, error) => {
      const { system, clock } = virtualSystem(often);
      for (let time = 0; time < 5; time++) {
        for (const options of [{}, { name: 'a' }, { register: 'desk' }]) {
          const spawned = system.spawn(starting(state), { ...options, startTimeoutMs: 5 });
          spawned.catch(() => {});
          const settledSpawn = clock.runUntilSettled(spawned);
          if (typeof error === 'string') await expect(settledSpawn).rejects.toBe(error);
          else await expect(settledSpawn).rejects.toMatchObject(error as object);
        }
      }
      await clock.advance(10);
      expect(system.inspect().children).toEqual([]);
      expect(system.registered()).toEqual([]);
      expect(clock.pending).toBe(0);
    },
  );

  it('GS:otp_7669: a name is never held by one that did not start', async () => {
    const { system } = testSystem(often);
    for (let time = 0; time < 100; time++) {
      const broken = starting(time % 2 === 0 ? () => ignore : () => Promise.reject(new Error('no')));
      await expect(system.spawn(broken, { register: 'desk' })).rejects.toBeDefined();
      expect(system.whereis('desk')).toBeUndefined();
    }
    await system.stop();
  });

  it('GS:undef_init: a definition without a first state is refused', () => {
    expect(() => defineActor('none', { on: {} } as never)).toThrow(
      expect.objectContaining({ code: 'invalid_definition' }),
    );
  });
});

describe('stopping', () => {
  it('GS:stop1-stop7: by ref and by name, with a reason; twice; with a time that is none', async () => {
    const { system } = testSystem(often);
    for (const reason of ['normal', 'shutdown', { shutdown: 'x' }, 'other']) {
      const ref = await system.spawn(echo, { register: 'desk' });
      const { down } = system.monitor(ref);
      await system.stop(reason === 'other' ? 'desk' : ref, { reason });
      expect(await down).toMatchObject({ reason });
      await expect(system.stop(ref)).rejects.toMatchObject({ code: 'no_such_actor' });
      await expect(system.stop('desk')).rejects.toMatchObject({ code: 'no_such_actor' });
    }
    const ref = await system.spawn(echo);
    await expect(system.stop(ref, { timeoutMs: -1 })).rejects.toMatchObject({ code: 'invalid_definition' });
    expect(await ref.ask({ type: 'ping' })).toBe('pong');
    await system.stop();
  });

  it.each(['normal', 'shutdown', 'other'])(
    'GS:undef_terminate1/2: without a stop function it ends with exactly %s',
    async (reason) => {
      const { system } = testSystem(often);
      const ref = await system.spawn(echo);
      const { down } = system.monitor(ref);
      await system.stop(ref, { reason });
      expect(await down).toMatchObject({ reason });
      await system.stop();
    },
  );

  it('GS:undef_in_terminate / undef_in_handle_info: what is missing inside a function is a crash', async () => {
    const { system } = testSystem(often);
    const missing = undefined as unknown as () => void;
    const actor = defineActor('actor', {
      trapExits: true,
      state: () => 0,
      stop: () => missing(),
      signals: { exit: () => missing() },
      on: {},
    });
    const ref = await system.spawn(actor, { restart: 'temporary' });
    const { down } = system.monitor(ref);
    await system.stop(ref);
    expect(await down).toMatchObject({ reason: { name: 'TypeError' } });
    const other = await system.spawn(actor, { restart: 'temporary' });
    const crashes: unknown[] = [];
    system.onCrash(({ reason }) => crashes.push(reason));
    system.exit(other, 'hello');
    await expect.poll(() => crashes).toMatchObject([{ name: 'TypeError' }]);
    await system.stop();
  });
});

/** Does whatever it is told, in whatever kind of handler. */
const server = defineActor('server', {
  trapExits: true,
  state: () => ({ handle: undefined as ReplyHandle | undefined, log: [] as string[] }),
  on: {
    ping: (state) => ({ state: { ...state, log: [...state.log, 'ping'] }, reply: 'pong' }),
    log: (state) => ({ reply: state.log }),
    fail: (_state, message: { reason: unknown }) => {
      throw message.reason;
    },
    stop: (_state, message: { reason: unknown }) => ({ actions: [stop(message.reason)] }),
    later: (state, message: { ms: number }, context) => ({
      state: { ...state, handle: context.defer() },
      actions: [timeout('answer', message.ms, { type: 'answer' })],
    }),
    answer: (state) => (state.handle ? { actions: [replyTo(state.handle, 'late')] } : {}),
    idle: (_state, message: { time: number | { at: number } }) => ({
      reply: true,
      actions: [timeout('idle', message.time, { type: 'timedOut' })],
    }),
    timedOut: (state) => ({ state: { ...state, log: [...state.log, 'timeout'] } }),
    go: () => ({ actions: [next({ type: 'ping' }), timeout('idle', 50, { type: 'timedOut' })] }),
  },
  signals: {
    exit: (_state, { reason }) =>
      reason === 'idle' ? { actions: [timeout('idle', 50, { type: 'timedOut' })] } : { actions: [stop(reason)] },
  },
});

describe('an ask', () => {
  it.each([
    ['shutdown', 'fail'],
    [{ shutdown: 'x' }, 'fail'],
    ['shutdown', 'stop'],
    [{ shutdown: 'x' }, 'stop'],
  ] as const)(
    'GS:crash (clean): %j by %s is no crash: the asker gets the reason, who is linked its exit',
    async (reason, type) => {
      const { system } = testSystem(often);
      const crashes: unknown[] = [];
      system.onCrash((report) => crashes.push(report));
      const ref = await system.spawn(server, { restart: 'temporary' });
      const linked = defineActor('linked', { state: (_key, context) => context.link(ref), on: {} });
      const other = await system.spawn(linked, { restart: 'temporary' });
      const { down } = system.monitor(other);
      await expect(ref.ask({ type, reason })).rejects.toMatchObject({ code: 'actor_stopped' });
      expect(await down).toMatchObject({ reason });
      expect(crashes).toEqual([]);
      await system.stop();
    },
  );

  it('GS:crash (dirty): the asker gets the error; one report says actor, message, state after redaction, reason and asker', async () => {
    const { system } = testSystem(often);
    const reports: unknown[] = [];
    system.onCrash((report) => reports.push(report));
    const fragile = defineActor('fragile', {
      redact: (value) => (typeof value === 'object' && value !== null && 'password' in value ? 'redacted' : value),
      state: () => ({ password: 'secret' }),
      on: {
        fail: () => {
          throw new Error('as asked');
        },
      },
    });
    const ref = await system.spawn(fragile, { name: 'fragile' });
    const client = defineActor('client', {
      state: () => 0,
      on: {
        go: async (_state, _message, context) => ({
          reply: await context.ask(ref, { type: 'fail' }).catch((error) => error),
        }),
      },
    });
    const asker = await system.spawn(client, { name: 'client' });
    expect(await asker.ask({ type: 'go' })).toMatchObject({ code: 'actor_crashed', cause: { message: 'as asked' } });
    expect(reports).toMatchObject([
      {
        address: 'n1/user/fragile',
        message: { type: 'fail' },
        state: 'redacted',
        reason: { message: 'as asked', stack: expect.any(String) },
        neighbours: { asker: 'n1/user/client' },
      },
    ]);
    await system.stop();
  });

  it('GS:call (delayed): answered later from another event, others are served meanwhile', async () => {
    const { system, clock } = virtualSystem(often);
    const ref = await system.spawn(server);
    const late = ref.ask({ type: 'later', ms: 30 });
    expect(await ref.ask({ type: 'ping' })).toBe('pong');
    expect(await clock.runUntilSettled(late)).toBe('late');
    expect(clock.monotonic()).toBe(30);
  });

  it('GS:call (idle timeout): an ask in time takes the idle timeout back, one after it does not', async () => {
    const { system, clock } = virtualSystem(often);
    const ref = await system.spawn(server);
    await ref.ask({ type: 'idle', time: 1_000 });
    await clock.advance(500);
    await ref.ask({ type: 'ping' });
    await clock.advance(2_000);
    expect(await ref.ask({ type: 'log' })).toEqual(['ping']);
    await ref.ask({ type: 'idle', time: 1_000 });
    await clock.advance(1_500);
    expect(await ref.ask({ type: 'log' })).toEqual(['ping', 'timeout']);
  });

  it('GS:call (timeout): rejects in time; the server goes on and its late reply is dropped', async () => {
    const { system, clock } = virtualSystem(often);
    const ref = await system.spawn(server);
    const asked = ref.ask({ type: 'later', ms: 30 }, { timeoutMs: 1 });
    await expect(clock.runUntilSettled(asked)).rejects.toMatchObject({ code: 'ask_timeout' });
    expect(clock.monotonic()).toBe(1);
    await clock.advance(100);
    expect(await ref.ask({ type: 'ping' })).toBe('pong');
    expect(system.inspect().children[0]).toMatchObject({ failures: 0 });
    expect(system.deadLetters.list()).toEqual([]);
  });

  it('GS:send_request: a request stays valid while its asker does something else; each error is typed', async () => {
    const { system, clock } = virtualSystem(often);
    const ref = await system.spawn(server, { restart: 'temporary', register: 'desk' });
    const request = ref.ask({ type: 'later', ms: 30 });
    expect(await Promise.race([request, settled().then(() => 'nothing yet')])).toBe('nothing yet');
    expect(await clock.runUntilSettled(request)).toBe('late');
    await expect(ref.ask({ type: 'stop', reason: 'because' })).rejects.toMatchObject({
      code: 'actor_killed',
      data: { reason: 'because' },
    });
    await expect(ref.ask({ type: 'ping' })).rejects.toMatchObject({ code: 'actor_stopped' });
    await expect(system.named('desk').ask({ type: 'ping' })).rejects.toMatchObject({ code: 'no_such_actor' });
    await expect(system.at('n1/user/nobody').ask({ type: 'ping' })).rejects.toMatchObject({ code: 'no_such_actor' });
    expect(() => system.at('n2/user/a')).toThrow(expect.objectContaining({ code: 'no_such_actor' }));
  });

  it('GS:call_remote1-3: by name, by ref and by address; after a kill none of them hangs', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(server, { name: 'a', register: 'desk', restart: 'temporary' });
    const ways: Ref<AnyProtocol>[] = [system.named('desk'), ref as unknown as Ref<AnyProtocol>, system.at('n1/user/a')];
    for (const way of ways) expect(await way.ask({ type: 'ping' })).toBe('pong');
    const waiting = ways.map((way) => way.ask({ type: 'later', ms: 60_000 }, { timeoutMs: 100_000 }));
    for (const each of waiting) each.catch(() => {});
    await settled();
    system.exit(ref, 'kill');
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'actor_killed' });
    for (const way of ways) {
      await expect(way.ask({ type: 'ping' })).rejects.toMatchObject({
        code: expect.stringMatching(/^(actor_stopped|no_such_actor)$/),
      });
    }
    await system.stop();
  });

  it('GS:call_with_huge_message_queue: replies do not pass through the mailbox of the asker', async () => {
    const { system } = testSystem(often);
    const to = await system.spawn(echo);
    const gate = Promise.withResolvers<void>();
    const asker = defineActor('asker', {
      mailbox: { limit: 1_000_000 },
      state: () => 0,
      on: {
        work: async (_state, _message, context) => {
          await gate.promise;
          for (let count = 0; count < 10_000; count++) await context.ask(to, { type: 'ping' });
          return { reply: true };
        },
        noise: () => {},
      },
    });
    const ref = await system.spawn(asker, { name: 'asker' });
    const work = ref.ask({ type: 'work' }, { timeoutMs: 60_000 });
    await settled();
    for (let count = 0; count < 500_000; count++) ref.tell({ type: 'noise' });
    gate.resolve();
    await work;
    const [, node] = system.inspect().children;
    expect(node?.mailbox).toBeGreaterThan(490_000);
    await system.stop();
  });
});

describe('a tell', () => {
  it('GS:cast: handled, handled later, or the end with its reason', async () => {
    const { system, clock } = virtualSystem(often);
    const ref = await system.spawn(server, { restart: 'temporary' });
    ref.tell({ type: 'ping' });
    ref.tell({ type: 'idle', time: 10 });
    await clock.advance(10);
    expect(await ref.ask({ type: 'log' })).toEqual(['ping', 'timeout']);
    const { down } = system.monitor(ref);
    ref.tell({ type: 'stop', reason: { shutdown: 'told' } });
    expect(await down).toMatchObject({ reason: { shutdown: 'told' } });
  });

  it('GS:info: so is a signal', async () => {
    const { system, clock } = virtualSystem(often);
    const ref = await system.spawn(server, { restart: 'temporary' });
    system.exit(ref, 'idle');
    await clock.advance(50);
    expect(await ref.ask({ type: 'log' })).toEqual(['timeout']);
    const { down } = system.monitor(ref);
    system.exit(ref, 'enough');
    expect(await down).toMatchObject({ reason: 'enough' });
  });
});

describe('an idle timeout', () => {
  it.each(['ask', 'tell', 'signal', 'next'])(
    'GS:handle_event_timeout: set from %s, it fires in silence and is taken back by any message',
    async (from) => {
      const { system, clock } = virtualSystem(often);
      const ref = await system.spawn(server);
      const set = async () => {
        if (from === 'ask') await ref.ask({ type: 'idle', time: { at: clock.monotonic() + 50 } });
        else if (from === 'tell') ref.tell({ type: 'idle', time: 50 });
        else if (from === 'signal') system.exit(ref, 'idle');
        else ref.tell({ type: 'go' });
        await settled();
      };
      await set();
      await clock.advance(49);
      ref.tell({ type: 'ping' });
      await clock.advance(200);
      expect((await ref.ask({ type: 'log' })).includes('timeout')).toBe(false);
      if (from === 'next') return; // the inserted message is one too, see below
      await set();
      await clock.advance(50);
      expect((await ref.ask({ type: 'log' })).at(-1)).toBe('timeout');
    },
  );

  it.each(['ask', 'tell'])(
    'GS:handle_event_timeout_zero: of zero, set by %s, it fires before what was sent right after',
    async (from) => {
      const { system } = testSystem(often);
      const ref = await system.spawn(server);
      if (from === 'ask') void ref.ask({ type: 'idle', time: 0 });
      else ref.tell({ type: 'idle', time: 0 });
      ref.tell({ type: 'ping' });
      expect(await ref.ask({ type: 'log' })).toEqual(['timeout', 'ping']);
      await system.stop();
    },
  );

  it('GS:handle_event_timeout_plain: inspection is no message and does not take it back', async () => {
    const { system, clock } = virtualSystem(often);
    const ref = await system.spawn(server);
    await ref.ask({ type: 'idle', time: 50 });
    await clock.advance(40);
    expect(system.inspect().children).toHaveLength(1);
    expect(system.history(ref)).toHaveLength(1);
    await clock.advance(10);
    expect(await ref.ask({ type: 'log' })).toEqual(['timeout']);
  });
});

describe('a message that no handler takes', () => {
  it('GS:undef_handle_call/cast/continue: is refused to its asker, and the actor goes on', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(echo);
    await expect(ref.ask({ type: 'unknown' } as never)).rejects.toMatchObject({ code: 'invalid_message' });
    expect(await ref.ask({ type: 'ping' })).toBe('pong');
    expect(system.inspect().children[0]).toMatchObject({ failures: 0 });
    await system.stop();
  });

  it('GS:undef_handle_info: is a warning when it was told', async () => {
    const warnings: unknown[] = [];
    const { clock } = virtualSystem();
    const logger = {
      ...testServices(clock).logger,
      warn: (what: string, data: unknown) => void warnings.push([what, data]),
    };
    const { system } = testSystem(often, { services: testServices(clock, logger) });
    const ref = await system.spawn(echo as ActorDefinition<Protocol>, { name: 'a' });
    ref.tell({ type: 'unknown' });
    await settled();
    expect(warnings).toMatchObject([
      ['message refused', { address: 'n1/user/a', error: { data: { type: 'unknown' } } }],
    ]);
    expect(system.inspect().children[0]).toMatchObject({ status: 'running', failures: 0 });
  });
});
