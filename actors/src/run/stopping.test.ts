import { describe, expect, it } from 'vitest';
import { defineActor } from './definition.ts';
import { testSystem, virtualSystem } from './kernel.test-system.ts';
import type { AnyRef } from './ref.ts';

const often = { intensity: 100, periodMs: 60_000 };

describe('the stop function of an actor', () => {
  it('gets the last good state and the reason, and what it tells leaves', async () => {
    const { system } = testSystem(often);
    const heard: unknown[] = [];
    const listener = defineActor('listener', {
      state: () => 0,
      on: {
        hear: (_state, message: { what: unknown }) => void heard.push(message.what),
        sync: () => ({ reply: true }),
      },
    });
    const to = await system.spawn(listener);
    const ending = defineActor('ending', {
      state: () => 7,
      stop: (state, reason, context) => context.tell(to, { type: 'hear', what: [state, reason] }),
      on: {},
    });
    const ref = await system.spawn(ending);
    await system.stop(ref, { reason: 'shutdown' });
    await to.ask({ type: 'sync' });
    expect(heard).toEqual([[7, 'shutdown']]);
    await system.stop();
  });

  it('is waited for, and its failure is the reason of the end', async () => {
    const { system } = testSystem(often);
    const gate = Promise.withResolvers<void>();
    const ending = defineActor('ending', { state: () => 0, stop: () => gate.promise, on: {} });
    const ref = await system.spawn(ending);
    const { down } = system.monitor(ref);
    const stopped = system.stop(ref);
    gate.reject(new Error('disk full'));
    await stopped;
    expect(await down).toMatchObject({ reason: { message: 'disk full' } });
  });

  it('that hangs is ended by force after its time', async () => {
    const { system, clock } = virtualSystem(often);
    const ending = defineActor('ending', { state: () => 0, stop: () => new Promise<void>(() => {}), on: {} });
    const ref = await system.spawn(ending);
    const { down } = system.monitor(ref);
    await clock.runUntilSettled(system.stop(ref, { timeoutMs: 300 }));
    expect(await down).toMatchObject({ reason: 'killed' });
    expect(clock.monotonic()).toBe(300);
  });

  it('leaves nothing behind that it has spawned', async () => {
    const { system } = testSystem(often);
    const helper = defineActor('helper', { state: () => 0, on: { ping: () => ({ reply: 'pong' }) } });
    const spawned = Promise.withResolvers<AnyRef>();
    const ending = defineActor('ending', {
      state: () => 0,
      stop: async (_state, _reason, context) => {
        const ref = context.spawn(helper);
        spawned.resolve(ref);
        await context.ask(ref, { type: 'ping' });
      },
      on: {},
    });
    const ref = await system.spawn(ending);
    const stopped = system.stop(ref, { reason: 'shutdown' });
    const { down } = system.monitor(await spawned.promise);
    await stopped;
    expect(await down).toMatchObject({ reason: 'shutdown' });
    await system.stop();
  });

  it('is not called when it is killed', async () => {
    const { system } = testSystem(often);
    let stops = 0;
    const ending = defineActor('ending', { state: () => 0, stop: () => void stops++, on: {} });
    const ref = await system.spawn(ending, { restart: 'temporary' });
    const { down } = system.monitor(ref);
    system.exit(ref, 'kill');
    expect(await down).toMatchObject({ reason: 'killed' });
    expect(stops).toBe(0);
    await system.stop();
  });
});

describe('an actor that is stopped', () => {
  it('finishes the handler under way, answers it, and gives the rest back', async () => {
    const { system } = testSystem(often);
    const gate = Promise.withResolvers<void>();
    const worker = defineActor('worker', {
      state: () => 0,
      on: { work: () => gate.promise.then(() => ({ reply: 'done' })), next: () => ({ reply: 'never' }) },
    });
    const ref = await system.spawn(worker);
    const work = ref.ask({ type: 'work' });
    await Promise.resolve();
    const next = ref.ask({ type: 'next' });
    next.catch(() => {});
    const stopped = system.stop(ref);
    gate.resolve();
    expect(await work).toBe('done');
    await expect(next).rejects.toMatchObject({ code: 'actor_stopped' });
    await stopped;
  });

  it('ends its children first, the last one first', async () => {
    const { system } = testSystem(often);
    const ended: string[] = [];
    const leaf = (name: string) =>
      defineActor('leaf', {
        state: () => 0,
        stop: async () => {
          await Promise.resolve();
          ended.push(name);
        },
        on: {},
      });
    const parent = defineActor('parent', {
      state: (_key, context) => {
        context.spawn(leaf('first'), 'first');
        context.spawn(leaf('second'), 'second');
        return 0;
      },
      stop: () => void ended.push('parent'),
      on: {},
    });
    const ref = await system.spawn(parent);
    await system.stop(ref);
    expect(ended).toEqual(['second', 'first', 'parent']);
    await system.stop();
  });

  it('takes its children along when it crashes, and has none when it begins again', async () => {
    const { system } = testSystem(often);
    const ended: string[] = [];
    const leaf = defineActor('leaf', {
      state: () => 0,
      stop: (_state, reason) => void ended.push(String(reason)),
      on: {},
    });
    const parent = defineActor('parent', {
      state: () => 0,
      on: {
        grow: (_state, _message, context) => void context.spawn(leaf),
        fail: () => {
          throw new Error('as asked');
        },
        sync: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(parent);
    ref.tell({ type: 'grow' });
    ref.tell({ type: 'grow' });
    ref.tell({ type: 'fail' });
    await ref.ask({ type: 'sync' });
    expect(ended).toEqual(['shutdown', 'shutdown']);
    expect(system.inspect().children[0]?.children).toEqual([]);
    await system.stop();
  });
});

describe('an actor that waits for its restart', () => {
  const failing = () => {
    let starts = 0;
    const definition = defineActor('failing', {
      state: () => ++starts,
      on: {
        fail: () => {
          throw new Error('as asked');
        },
      },
    });
    return { definition, starts: () => starts };
  };

  it('is stopped for good, and what waits for it is given back', async () => {
    const { system, clock } = virtualSystem(often);
    const { definition, starts } = failing();
    const backoff = { minMs: 1_000, maxMs: 1_000, jitter: 0, resetAfterMs: 60_000 };
    const ref = await system.spawn(definition, { backoff });
    ref.tell({ type: 'fail' });
    await clock.advance(1);
    const asked = ref.ask({ type: 'fail' });
    asked.catch(() => {});
    await clock.runUntilSettled(system.stop(ref));
    await expect(asked).rejects.toMatchObject({ code: 'actor_stopped' });
    await clock.advance(10_000);
    expect(starts()).toBe(1);
    expect(system.inspect().children).toEqual([]);
    await expect(system.stop(ref)).rejects.toMatchObject({ code: 'no_such_actor' });
  });
});

describe('an actor that is told to stop by its own start function', () => {
  it('does not wait for the rest of that', async () => {
    const { system, clock } = virtualSystem(often);
    const hasty = defineActor('hasty', {
      state: async (_key, context) => {
        context.exit(context.self, 'shutdown');
        await new Promise<void>(() => {});
      },
      on: {},
    });
    const spawned = system.spawn(hasty).then(
      () => 'started',
      () => 'refused',
    );
    expect(await clock.runUntilSettled(spawned)).toBe('refused');
    expect(clock.monotonic()).toBe(0);
  });
});
