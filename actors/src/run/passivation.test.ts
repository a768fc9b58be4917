import { describe, expect, it } from 'vitest';
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
