import { describe, expect, it } from 'vitest';
import { ignore } from './contract.ts';
import { defineActor } from './definition.ts';
import { virtualSystem } from './kernel.test-system.ts';

const status = (system: ReturnType<typeof virtualSystem>['system']) => system.inspect().children[0]?.status;

function sleeper(log: string[], options: { readonly preserve?: 'memory' | 'none' } = {}) {
  return defineActor('sleeper', {
    ...options,
    passivateAfterMs: 1_000,
    state: () => {
      log.push('begin');
      return { total: 0 };
    },
    stop: (_state, reason) => void log.push(`stop ${JSON.stringify(reason)}`),
    on: {
      add: (state, message: { by: number }) => ({ state: { total: state.total + message.by } }),
      read: (state) => ({ reply: state.total }),
      later: (_state, _message, context) => void context.sendAfter(5_000, { type: 'add', by: 10 }),
      child: (_state, _message, context) => void context.spawn(sleeper([]), 'child'),
    },
  });
}

describe('an actor that is idle', () => {
  it('sleeps after its time, keeps its state, its name and its monitors, and wakes with the next message', async () => {
    const { system, clock } = virtualSystem();
    const log: string[] = [];
    const ref = await system.spawn(sleeper(log), { register: 'dozy' });
    let isDown = false;
    void system.monitor(ref).down.then(() => {
      isDown = true;
    });
    ref.tell({ type: 'add', by: 3 });
    await clock.advance(999);
    expect(status(system)).toBe('running');
    await clock.advance(1);
    expect(status(system)).toBe('passive');
    expect(log).toEqual(['begin', 'stop {"shutdown":"passivated"}']);
    expect(system.whereis('dozy')).toBe(ref);
    expect(await clock.runUntilSettled(ref.ask({ type: 'read' }))).toBe(3);
    expect(log).toHaveLength(2);
    expect(isDown).toBe(false);
    expect(system.inspect().children[0]).toMatchObject({ status: 'running', restarts: 0, failures: 0 });
  });

  it('stays awake while messages come', async () => {
    const { system, clock } = virtualSystem();
    const ref = await system.spawn(sleeper([]));
    for (let time = 0; time < 5; time++) {
      await clock.advance(900);
      ref.tell({ type: 'add', by: 1 });
    }
    await clock.advance(900);
    expect(status(system)).toBe('running');
  });

  it('stays awake for its timers and its children', async () => {
    const { system, clock } = virtualSystem();
    const ref = await system.spawn(sleeper([]));
    ref.tell({ type: 'later' });
    await clock.advance(4_000);
    expect(status(system)).toBe('running');
    await clock.advance(2_001);
    expect(status(system)).toBe('passive');
    ref.tell({ type: 'child' });
    await clock.advance(10_000);
    expect(status(system)).toBe('running');
  });

  it('begins anew when nothing is preserved', async () => {
    const { system, clock } = virtualSystem();
    const log: string[] = [];
    const ref = await system.spawn(sleeper(log, { preserve: 'none' }));
    ref.tell({ type: 'add', by: 3 });
    await clock.advance(1_000);
    expect(await clock.runUntilSettled(ref.ask({ type: 'read' }))).toBe(0);
    expect(log.filter((entry) => entry === 'begin')).toHaveLength(2);
  });

  it('can be stopped in its sleep, and its monitors are told', async () => {
    const { system, clock } = virtualSystem();
    const ref = await system.spawn(sleeper([]));
    const { down } = system.monitor(ref);
    await clock.advance(1_000);
    await clock.runUntilSettled(system.stop(ref));
    expect(await down).toMatchObject({ reason: 'normal' });
    await expect(ref.ask({ type: 'read' })).rejects.toMatchObject({ code: 'actor_stopped' });
  });
});

describe('an actor whose stop function takes its time when it goes to sleep', () => {
  const slow = (log: string[], gates: Promise<void>[]) =>
    defineActor('slow', {
      passivateAfterMs: 1_000,
      state: () => log.push('begin'),
      stop: async () => {
        log.push('stopping');
        await gates.shift();
        log.push('stopped');
      },
      on: { read: () => ({ reply: true }) },
    });
  // A sleeper that keeps nothing begins anew when it wakes.
  const started = async (log: string[], gates: Promise<void>[]) => {
    const world = virtualSystem();
    const definition = slow(log, gates);
    const ref = await world.system.spawn(
      { ...definition, options: { ...definition.options, preserve: 'none' } },
      { shutdown: 300 },
    );
    await world.clock.advance(1_000);
    return { ...world, ref };
  };

  it('wakes only when that is done', async () => {
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const { clock, ref } = await started(log, [gate.promise]);
    const read = ref.ask({ type: 'read' });
    await clock.advance(100);
    expect(log).toEqual(['begin', 'stopping']);
    gate.resolve();
    expect(await clock.runUntilSettled(read)).toBe(true);
    expect(log).toEqual(['begin', 'stopping', 'stopped', 'begin']);
  });

  it('ends only when that is done', async () => {
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const { system, clock, ref } = await started(log, [gate.promise]);
    const stopped = system.stop(ref).then(() => log.push('ended'));
    await clock.advance(100);
    gate.resolve();
    await clock.runUntilSettled(stopped);
    expect(log).toEqual(['begin', 'stopping', 'stopped', 'ended']);
  });

  it('does not wait for longer than a stop may take', async () => {
    const log: string[] = [];
    const { clock, ref } = await started(log, [new Promise<void>(() => {})]);
    expect(await clock.runUntilSettled(ref.ask({ type: 'read' }))).toBe(true);
    expect(clock.monotonic()).toBe(1_300);
    expect(log).toEqual(['begin', 'stopping', 'begin']);
  });
});

describe('an actor that is stopped while it wakes', () => {
  const slow = (wake: () => unknown) => {
    let starts = 0;
    return defineActor('slow', {
      passivateAfterMs: 1_000,
      preserve: 'none',
      state: () => (++starts === 1 ? 0 : wake()),
      on: { read: () => ({ reply: true }) },
    });
  };

  it('ends as it was told, which is no crash', async () => {
    const { system, clock } = virtualSystem();
    let crashes = 0;
    system.onCrash(() => crashes++);
    const ref = await system.spawn(slow(() => new Promise(() => {})));
    const { down } = system.monitor(ref);
    await clock.advance(1_000);
    const asked = ref.ask({ type: 'read' });
    asked.catch(() => {});
    await clock.advance(1);
    await clock.runUntilSettled(system.stop(ref));
    expect(await down).toMatchObject({ reason: 'normal' });
    await expect(asked).rejects.toMatchObject({ code: 'actor_stopped' });
    expect(crashes).toBe(0);
  });

  it('so by an exit signal', async () => {
    const { system, clock } = virtualSystem();
    let crashes = 0;
    system.onCrash(() => crashes++);
    const ref = await system.spawn(
      slow(() => new Promise(() => {})),
      { restart: 'temporary' },
    );
    const { down } = system.monitor(ref);
    await clock.advance(1_000);
    ref.tell({ type: 'read' });
    await clock.advance(1);
    system.exit(ref, 'moved');
    expect(await down).toMatchObject({ reason: 'moved' });
    expect(crashes).toBe(0);
  });

  it('ends in order when it says `ignore`', async () => {
    const { system, clock } = virtualSystem();
    const ref = await system.spawn(
      slow(() => ignore),
      { restart: 'transient' },
    );
    const { down } = system.monitor(ref);
    await clock.advance(1_000);
    await expect(clock.runUntilSettled(ref.ask({ type: 'read' }))).rejects.toMatchObject({ code: 'actor_stopped' });
    expect(await down).toMatchObject({ reason: 'normal' });
  });
});
