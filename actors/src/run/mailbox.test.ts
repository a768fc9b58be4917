import { describe, expect, it } from 'vitest';
import { postpone } from './action.ts';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';
import type { KernelOptions } from './kernel-options.ts';

/** An actor that is busy until it is let go, and says what it has handled. */
function keeper(options: KernelOptions = {}) {
  const handled: number[] = [];
  const gate = Promise.withResolvers<void>();
  const definition = defineActor('keeper', {
    ...options,
    state: () => 0,
    on: {
      hold: () => gate.promise,
      take: (_state, message: { id: number }) => {
        handled.push(message.id);
        return { reply: message.id };
      },
    },
  });
  return { definition, handled, open: gate.resolve };
}

describe('a full mailbox', () => {
  it('refuses by default, naming its limit', async () => {
    const { system } = testSystem();
    const { definition, handled, open } = keeper({ mailbox: { limit: 2 } });
    const ref = await system.spawn(definition);
    const held = ref.ask({ type: 'hold' });
    await Promise.resolve();
    ref.tell({ type: 'take', id: 1 });
    ref.tell({ type: 'take', id: 2 });
    expect(() => ref.tell({ type: 'take', id: 3 })).toThrow(
      expect.objectContaining({ code: 'overloaded', data: { limit: 2, option: 'mailbox.limit' } }),
    );
    await expect(ref.ask({ type: 'take', id: 4 })).rejects.toMatchObject({ code: 'overloaded' });
    open();
    await held;
    await expect.poll(() => handled).toEqual([1, 2]);
    expect(await ref.ask({ type: 'take', id: 5 })).toBe(5);
    expect(handled).toEqual([1, 2, 5]);
    await system.stop();
  });

  it('drops the oldest by choice: a tell becomes a dead letter, an asker is told', async () => {
    const { system } = testSystem();
    const { definition, handled, open } = keeper({ mailbox: { limit: 2, whenFull: 'drop-oldest' } });
    const ref = await system.spawn(definition);
    const held = ref.ask({ type: 'hold' });
    await Promise.resolve();
    ref.tell({ type: 'take', id: 1 });
    const second = ref.ask({ type: 'take', id: 2 });
    second.catch(() => {});
    ref.tell({ type: 'take', id: 3 });
    ref.tell({ type: 'take', id: 4 });
    open();
    await held;
    await expect(second).rejects.toMatchObject({ code: 'overloaded' });
    await ref.ask({ type: 'take', id: 5 });
    expect(handled).toEqual([3, 4, 5]);
    expect(system.deadLetters.list()).toMatchObject([{ message: { id: 1 }, reason: 'dropped' }]);
    await system.stop();
  });

  it('drops the newest by choice', async () => {
    const { system } = testSystem();
    const { definition, handled, open } = keeper({ mailbox: { limit: 1, whenFull: 'drop-newest' } });
    const ref = await system.spawn(definition);
    const held = ref.ask({ type: 'hold' });
    await Promise.resolve();
    ref.tell({ type: 'take', id: 1 });
    ref.tell({ type: 'take', id: 2 });
    open();
    await held;
    await expect.poll(() => handled).toEqual([1]);
    await ref.ask({ type: 'take', id: 3 });
    expect(handled).toEqual([1, 3]);
    expect(system.deadLetters.list()).toMatchObject([{ message: { id: 2 }, reason: 'dropped' }]);
    await system.stop();
  });
});

describe('messages', () => {
  it('wait while the actor starts, and are handled in their order then', async () => {
    const { system } = testSystem();
    const started = Promise.withResolvers<void>();
    const seen: number[] = [];
    const slow = defineActor('slow', {
      state: async () => {
        await started.promise;
        return 0;
      },
      on: {
        take: (_state, message: { id: number }) => {
          seen.push(message.id);
        },
      },
    });
    const parent = defineActor('parent', {
      state: (_key, context) => context.spawn(slow, 'child'),
      on: {
        send: (child, message: { id: number }) => child.tell({ type: 'take', id: message.id }),
        sync: async (child) => {
          await child.ask({ type: 'take', id: 9 });
        },
      },
    });
    const ref = await system.spawn(parent);
    ref.tell({ type: 'send', id: 1 });
    ref.tell({ type: 'send', id: 2 });
    const synced = ref.ask({ type: 'sync' });
    await Promise.resolve();
    expect(seen).toEqual([]);
    started.resolve();
    await synced;
    expect(seen).toEqual([1, 2, 9]);
    await system.stop();
  });

  it('that are put aside come back before newer ones when the mode changes', async () => {
    const { system } = testSystem();
    const seen: string[] = [];
    const door = defineActor('door', {
      state: () => ({ isOpen: false }),
      mode: (state) => state.isOpen,
      on: {
        pass: (state, message: { who: string }) => {
          if (!state.isOpen) return { actions: [postpone()] };
          seen.push(message.who);
          return { reply: message.who };
        },
        open: () => ({ state: { isOpen: true } }),
      },
    });
    const ref = await system.spawn(door);
    ref.tell({ type: 'pass', who: 'first' });
    const second = ref.ask({ type: 'pass', who: 'second' });
    ref.tell({ type: 'open' });
    ref.tell({ type: 'pass', who: 'third' });
    expect(await second).toBe('second');
    await ref.ask({ type: 'open' });
    expect(seen).toEqual(['first', 'second', 'third']);
    await system.stop();
  });

  it('are overtaken by signals', async () => {
    const { system } = testSystem();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const trapper = defineActor('trapper', {
      trapExits: true,
      state: () => 0,
      signals: {
        exit: (_state, { reason }) => {
          seen.push(`exit ${reason}`);
        },
      },
      on: {
        hold: () => gate.promise,
        take: (_state, message: { id: number }) => {
          seen.push(`take ${message.id}`);
        },
      },
    });
    const ref = await system.spawn(trapper);
    ref.tell({ type: 'hold' });
    await Promise.resolve();
    ref.tell({ type: 'take', id: 1 });
    system.exit(ref, 'warning');
    gate.resolve();
    await ref.ask({ type: 'take', id: 2 });
    expect(seen).toEqual(['exit warning', 'take 1', 'take 2']);
    await system.stop();
  });
});
