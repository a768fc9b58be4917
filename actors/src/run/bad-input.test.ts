import { describe, expect, it } from 'vitest';
import { defineSupervisor } from '../supervisor/definition.ts';
import { ignore } from './contract.ts';
import { defineActor } from './definition.ts';
import { testSystem, virtualSystem } from './kernel.test-system.ts';

const often = { intensity: 100, periodMs: 60_000 };

function thrower(thrown: unknown, isAsync = false) {
  return defineActor('thrower', {
    state: () => 0,
    on: {
      fail: () => {
        if (isAsync) return Promise.reject(thrown);
        throw thrown;
      },
      read: (state) => ({ reply: state }),
    },
  });
}

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('trap');
    },
    getPrototypeOf: () => {
      throw new Error('trap');
    },
    has: () => {
      throw new Error('trap');
    },
    getOwnPropertyDescriptor: () => {
      throw new Error('trap');
    },
  },
);

describe.each([
  ['a text', 'boom'],
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['a symbol', Symbol('boom')],
  ['a bigint', 7n],
  ['an object', { why: 'boom' }],
  ['an object without a prototype', Object.create(null)],
  ['a function', () => 'boom'],
  ['a frozen error', Object.freeze(new Error('boom'))],
  [
    'an error whose message throws',
    Object.defineProperty(new Error('x'), 'message', { get: () => hostile.toString() }),
  ],
  ['an error that is its own cause', (() => Object.assign(new Error('loop'), {}))()],
  ['a hostile proxy', hostile],
])('a handler that throws %s', (_what, thrown) => {
  it.each([
    ['at once', false],
    ['later', true],
  ])('%s crashes its actor like any other, and the actor goes on', async (_when, isAsync) => {
    const { system, failures } = testSystem(often);
    const ref = await system.spawn(thrower(thrown, isAsync), { name: 't' });
    await expect(ref.ask({ type: 'fail' })).rejects.toMatchObject({ code: 'actor_crashed' });
    ref.tell({ type: 'fail' });
    expect(await ref.ask({ type: 'read' })).toBe(0);
    expect(system.inspect().children[0]).toMatchObject({ failures: 2, restarts: 2 });
    expect(failures).toEqual([]);
    await system.stop();
  });
});

describe('a handler that returns what it must not', () => {
  it.each([
    ['a text', 'done'],
    ['a number', 5],
    ['a function', () => {}],
  ])('%s: a crash that says so', async (_what, value) => {
    const { system } = testSystem(often);
    const wrong = defineActor('wrong', { state: () => 0, on: { go: () => value as never } });
    const ref = await system.spawn(wrong);
    await expect(ref.ask({ type: 'go' })).rejects.toMatchObject({
      code: 'actor_crashed',
      cause: { code: 'invalid_return' },
    });
    await system.stop();
  });
});

describe('an async handler', () => {
  it('that never settles is a crash after its deadline', async () => {
    const { system, clock } = virtualSystem(often);
    const hanging = defineActor('hanging', {
      handlerTimeoutMs: 500,
      state: () => 0,
      on: { hang: () => new Promise<void>(() => {}), read: (state) => ({ reply: state }) },
    });
    const ref = await system.spawn(hanging);
    const hung = ref.ask({ type: 'hang' });
    hung.catch(() => {});
    const behind = ref.ask({ type: 'read' });
    await clock.advance(500);
    await expect(hung).rejects.toMatchObject({ code: 'actor_crashed', cause: { code: 'handler_timeout' } });
    expect(await behind).toBe(0);
  });

  it('whose promise is rejected after its actor was stopped harms nobody', async () => {
    const { system } = testSystem(often);
    const gate = Promise.withResolvers<void>();
    const slow = defineActor('slow', { state: () => 0, on: { work: () => gate.promise } });
    const ref = await system.spawn(slow);
    const work = ref.ask({ type: 'work' });
    work.catch(() => {});
    await Promise.resolve();
    system.exit(ref, 'kill');
    gate.reject(new Error('too late'));
    await expect(work).rejects.toMatchObject({ code: 'actor_killed' });
    await system.stop();
  });
});

describe('a child whose start', () => {
  const start = (made: unknown) => (() => made) as never;
  const throwing = (thrown: unknown) => () => {
    throw thrown;
  };

  it.each([
    ['hangs', () => new Promise(() => {}), { code: 'start_timeout' }],
    ['returns nothing', start(undefined), { code: 'invalid_return' }],
    ['returns the wrong thing', start({ kind: 'spoon', type: 'x' }), { code: 'invalid_return' }],
    ['throws', throwing(new Error('no stock')), { message: 'no stock' }],
    ['throws nothing', throwing(undefined), undefined],
    ['rejects with what is no Error', () => Promise.reject('no'), 'no'],
  ])('%s fails its supervisor with a typed error and leaves nothing behind', async (_what, startFunction, cause) => {
    const { system, clock } = virtualSystem();
    const ended: string[] = [];
    const first = defineActor('first', { state: () => 0, stop: () => void ended.push('first'), on: {} });
    const supervisor = defineSupervisor('shop', {
      children: [
        { id: 'first', start: first },
        { id: 'bad', start: startFunction as never },
      ],
    });
    const supervised = system.supervise(supervisor, { name: 'shop' });
    supervised.catch(() => {});
    await expect(clock.runUntilSettled(supervised)).rejects.toMatchObject({
      code: 'start_failed',
      ...(cause === undefined ? {} : { cause }),
      data: { child: 'bad' },
    });
    expect(ended).toEqual(['first']);
    expect(system.inspect().children).toEqual([]);
    await clock.advance(1);
    expect(clock.pending).toBe(0);
  });

  it('hangs while its siblings run: it is given up, they go on', async () => {
    const { system, clock } = virtualSystem();
    const echo = defineActor('echo', { state: () => 0, on: { hi: () => ({ reply: 'hi' }) } });
    const supervisor = await system.supervise(defineSupervisor('shop', { children: [{ id: 'echo', start: echo }] }));
    const hanging = supervisor.startChild({ id: 'bad', start: () => new Promise(() => {}), startTimeoutMs: 200 });
    hanging.catch(() => {});
    await clock.advance(200);
    await expect(hanging).rejects.toMatchObject({ code: 'start_timeout' });
    const children = await supervisor.whichChildren();
    expect(children.map(({ id }) => id)).toEqual(['echo']);
    expect(await children[0]?.ref?.ask({ type: 'hi' })).toBe('hi');
  });

  it('is stopped while its start hangs', async () => {
    const { system, clock } = virtualSystem();
    const never = defineActor('never', { state: () => new Promise<number>(() => {}), on: {} });
    const spawned = system.spawn(never, { name: 'never' });
    spawned.catch(() => {});
    await clock.runUntilSettled(system.stop());
    await expect(spawned).rejects.toBe('shutdown');
    await clock.advance(1);
    expect(clock.pending).toBe(0);
  });
});

describe('an actor that', () => {
  it('ignores its start is not there', async () => {
    const { system } = testSystem();
    const none = defineActor('none', { state: () => ignore, on: {} });
    await expect(system.spawn(none, { name: 'none' })).rejects.toMatchObject({ code: 'no_such_actor' });
    expect(system.inspect().children).toEqual([]);
    await system.stop();
  });

  it('stops itself in its handler ends after it, and its asker is answered', async () => {
    const { system } = testSystem();
    const self = defineActor('self', {
      state: () => 0,
      on: {
        bye: (_state, _message, context) => {
          void context.stopChild(context.self);
          context.exit(context.self, 'shutdown');
          return { reply: 'lost' };
        },
      },
    });
    const ref = await system.spawn(self, { restart: 'temporary' });
    await expect(ref.ask({ type: 'bye' })).rejects.toMatchObject({ code: 'actor_stopped' });
    expect(system.inspect().children).toEqual([]);
    await system.stop();
  });

  it('is stopped twice at once ends once', async () => {
    const { system } = testSystem();
    let stops = 0;
    const slow = defineActor('slow', {
      state: () => 0,
      stop: async () => {
        stops++;
        await Promise.resolve();
      },
      on: {},
    });
    const ref = await system.spawn(slow);
    await Promise.all([system.stop(ref), system.stop(ref), system.stop()]);
    expect(stops).toBe(1);
    await expect(system.stop(ref)).rejects.toMatchObject({ code: 'no_such_actor' });
  });

  it('is restarted by its parent while it is being restarted runs once', async () => {
    const { system } = testSystem(often);
    const begun: string[] = [];
    const child = defineActor('child', {
      preserve: 'none',
      state: async () => {
        begun.push('child');
        await Promise.resolve();
        return 0;
      },
      on: { read: (state) => ({ reply: state }) },
    });
    const supervisor = await system.supervise(
      defineSupervisor('shop', { intensity: 10, children: [{ id: 'child', start: child }] }),
    );
    const { ref } = await supervisor.whichChild('child');
    system.exit(ref ?? '', new Error('restart'));
    await expect(supervisor.restartChild('child')).rejects.toMatchObject({ code: 'child_running' });
    expect(await ref?.ask({ type: 'read' })).toBe(0);
    expect(begun).toEqual(['child', 'child']);
    await system.stop();
  });
});

describe('a name', () => {
  it('is refused to a second holder, with the first one named, and nothing is started', async () => {
    const { system } = testSystem();
    const echo = defineActor('echo', { state: () => 0, on: {} });
    const first = await system.spawn(echo, { name: 'a', register: 'desk' });
    await expect(system.spawn(echo, { name: 'b', register: 'desk' })).rejects.toMatchObject({
      code: 'name_taken',
      data: { name: 'desk', holder: 'n1/user/a' },
    });
    expect(() => system.register('desk', first)).toThrow(expect.objectContaining({ code: 'name_taken' }));
    expect(system.inspect().children.map(({ id }) => id)).toEqual(['a']);
    await system.stop();
  });

  it.each(['', 'a b', 'undefined', 'x'.repeat(64)])('that is none (%j) is refused', async (name) => {
    const { system } = testSystem();
    const ref = await system.spawn(defineActor('echo', { state: () => 0, on: {} }));
    expect(() => system.register(name, ref)).toThrow(expect.objectContaining({ code: 'invalid_definition' }));
    await system.stop();
  });
});

describe('a message that is none', () => {
  it.each([[undefined], [null]])('%s is refused to its sender, and the actor goes on', async (message) => {
    const { system } = testSystem();
    const ref = await system.spawn(defineActor('echo', { state: () => 0, on: { hi: () => ({ reply: 'hi' }) } }));
    expect(() => ref.tell(message as never)).toThrow(expect.objectContaining({ code: 'invalid_message' }));
    await expect(ref.ask(message as never)).rejects.toMatchObject({ code: 'invalid_message' });
    expect(await ref.ask({ type: 'hi' })).toBe('hi');
    await system.stop();
  });

  it.each([['text'], [7], [{}], [{ type: 5 }]])('%j is of no type that the actor takes', async (message) => {
    const { system } = testSystem();
    const ref = await system.spawn(defineActor('echo', { state: () => 0, on: { hi: () => ({ reply: 'hi' }) } }));
    ref.tell(message as never);
    await expect(ref.ask(message as never)).rejects.toMatchObject({ code: 'invalid_message' });
    expect(await ref.ask({ type: 'hi' })).toBe('hi');
    expect(system.inspect().children[0]).toMatchObject({ failures: 0 });
    await system.stop();
  });
});

describe('a handler that goes on after its actor has crashed', () => {
  it('has no effect any more', async () => {
    const { system, clock } = virtualSystem(often);
    const gate = Promise.withResolvers<void>();
    const outcome: unknown[] = [];
    const listener = defineActor('listener', {
      state: () => 0,
      on: { hear: () => void outcome.push('heard'), sync: () => ({ reply: true }) },
    });
    const to = await system.spawn(listener);
    const late = defineActor('late', {
      handlerTimeoutMs: 100,
      state: () => 0,
      on: {
        work: async (_state, _message, context) => {
          await gate.promise;
          context.tell(to, { type: 'hear' });
          await context.ask(to, { type: 'sync' }).catch((error) => outcome.push(error.code));
          try {
            context.spawn(listener, 'late');
          } catch (error) {
            outcome.push((error as { code: string }).code);
          }
        },
        sync: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(late);
    ref.tell({ type: 'work' });
    await clock.advance(100);
    gate.resolve();
    await clock.runUntilSettled(ref.ask({ type: 'sync' }));
    await clock.runUntilSettled(to.ask({ type: 'sync' }));
    expect(outcome).toEqual(['actor_stopped', 'actor_stopped']);
    expect(system.inspect().children[1]?.children).toEqual([]);
  });
});
