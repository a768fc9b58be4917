import { describe, expect, it } from 'vitest';
import { replyTo } from './action.ts';
import { defineActor } from './definition.ts';
import { testSystem, virtualSystem } from './kernel.test-system.ts';
import type { KernelOptions } from './kernel-options.ts';
import type { AnyProtocol } from './protocol.ts';
import type { Ref } from './ref.ts';

type Next = { readonly next: readonly Ref<AnyProtocol>[] };

/** Asks the first of the refs with the others, and says how that went. */
function link(options: KernelOptions = {}, type = 'link') {
  return defineActor(type, {
    ...options,
    state: () => 0,
    on: {
      pass: async (_state, { next }: Next, context): Promise<{ reply: unknown }> => {
        const [first, ...rest] = next;
        if (!first) return { reply: 'end' };
        try {
          return { reply: await context.ask(first, { type: 'pass', next: rest }) };
        } catch (error) {
          return { reply: error };
        }
      },
    },
  });
}

const ring = async (size: number) => {
  const { system } = testSystem();
  const definition = link();
  const refs: Ref<AnyProtocol>[] = [];
  for (let index = 0; index < size; index++) {
    refs.push((await system.spawn(definition, { name: `a${index}` })) as unknown as Ref<AnyProtocol>);
  }
  return { system, refs };
};

describe('a cycle of waiting asks', () => {
  it.each([1, 2, 3, 10, 100])(
    'of %i is found when it closes: the youngest ask fails, the others go on',
    async (size) => {
      const { system, refs } = await ring(size);
      const [first, ...rest] = refs;
      const reply = await first?.ask({ type: 'pass', next: [...rest, first] });
      expect(reply).toMatchObject({ code: 'deadlock' });
      const { cycle } = (reply as { data: { cycle: { from: string; to: string; message: string }[] } }).data;
      expect(cycle).toHaveLength(size);
      expect(cycle[0]).toMatchObject({ from: `n1/user/a${size - 1}`, to: 'n1/user/a0', message: 'pass' });
      await system.stop();
    },
  );

  it('gives up the ask of the actor with the lowest priority', async () => {
    const { system } = testSystem();
    const high = (await system.spawn(link({ priority: 5 }, 'high'), { name: 'high' })) as unknown as Ref<AnyProtocol>;
    const low = (await system.spawn(link({ priority: 1 }, 'low'), { name: 'low' })) as unknown as Ref<AnyProtocol>;
    // low waits for high, which closes the cycle: by age its ask would be the victim.
    const reply = await low.ask({ type: 'pass', next: [high, low] });
    expect(reply).toMatchObject({
      code: 'deadlock',
      data: { cycle: [{ from: 'n1/user/low' }, { from: 'n1/user/high' }] },
    });
    await system.stop();
  });

  it('is no false alarm where an actor is only slow', async () => {
    const { system, clock } = virtualSystem();
    const slow = defineActor('slow', {
      state: () => 0,
      on: {
        pass: async (_state, _message, { clock: time }) => {
          await new Promise<void>((resolve) => time.setTimer(2_000, resolve));
          return { reply: 'late' };
        },
      },
    });
    const last = (await system.spawn(slow)) as unknown as Ref<AnyProtocol>;
    const one = await system.spawn(link());
    const two = await system.spawn(link());
    const replies = Promise.all([
      one.ask({ type: 'pass', next: [two as unknown as Ref<AnyProtocol>, last] }),
      two.ask({ type: 'pass', next: [last] }, { timeoutMs: 10_000 }),
    ]);
    expect(await clock.runUntilSettled(replies)).toEqual(['late', 'late']);
  });

  it('is none where a reply is deferred, which may come from anywhere', async () => {
    const { system } = testSystem();
    const waiter = defineActor('waiter', {
      state: () => ({ handle: undefined as undefined | ReturnType<typeof Object> }),
      on: {
        pass: (_state, _message: Next, context) => ({ state: { handle: context.defer() } }),
        free: (state) => ({ actions: [replyTo(state.handle as never, 'freed')] }),
      },
    });
    const last = await system.spawn(waiter);
    const first = await system.spawn(link());
    const reply = first.ask({ type: 'pass', next: [last as unknown as Ref<AnyProtocol>] });
    await Promise.resolve();
    last.tell({ type: 'free' });
    expect(await reply).toBe('freed');
    await system.stop();
  });

  it('is none for an ask that nobody awaits', async () => {
    const { system } = testSystem();
    const careless = defineActor('careless', {
      state: () => 0,
      on: {
        start: (_state, _message, context) => {
          void context.ask(context.self, { type: 'note' });
          return { reply: 'went on' };
        },
        note: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(careless);
    expect(await ref.ask({ type: 'start' })).toBe('went on');
    await system.stop();
  });
});

describe('a re-entrant actor', () => {
  it('handles an ask of the same chain while it waits', async () => {
    const { system } = testSystem();
    const one = (await system.spawn(link({ reentrant: true }, 'one'))) as unknown as Ref<AnyProtocol>;
    const two = (await system.spawn(link({}, 'two'))) as unknown as Ref<AnyProtocol>;
    expect(await one.ask({ type: 'pass', next: [two, one] })).toBe('end');
    expect(await one.ask({ type: 'pass', next: [one] })).toBe('end');
    await system.stop();
  });

  it('lets others wait for their turn', async () => {
    const { system } = testSystem();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const busy = defineActor('busy', {
      reentrant: true,
      state: () => 0,
      on: {
        hold: async () => {
          seen.push('hold');
          await gate.promise;
          seen.push('held');
        },
        other: () => {
          seen.push('other');
        },
      },
    });
    const ref = await system.spawn(busy);
    const held = ref.ask({ type: 'hold' });
    const other = ref.ask({ type: 'other' });
    gate.resolve();
    await Promise.all([held, other]);
    expect(seen).toEqual(['hold', 'held', 'other']);
    await system.stop();
  });

  it('crashes as a whole when what it handles inside fails, and all its askers are told', async () => {
    const { system } = testSystem();
    const inner = defineActor('inner', {
      reentrant: true,
      state: () => ({ count: 0 }),
      on: {
        outer: async (state, { by }: { by: Ref<AnyProtocol> }, context) => {
          await context.ask(by, { type: 'pass', next: [context.self] });
          return { state: { count: state.count + 1 } };
        },
        pass: () => {
          throw new Error('inside');
        },
        read: (state) => ({ reply: state.count }),
      },
    });
    const one = await system.spawn(inner);
    const two = (await system.spawn(link())) as unknown as Ref<AnyProtocol>;
    await expect(one.ask({ type: 'outer', by: two })).rejects.toMatchObject({
      code: 'actor_crashed',
      cause: { message: 'inside' },
    });
    expect(await one.ask({ type: 'read' })).toBe(0);
    await system.stop();
  });
});

describe('the deadline of an ask', () => {
  it('bounds the asks made to answer it', async () => {
    const { system, clock } = virtualSystem();
    const silent = defineActor('silent', {
      state: () => 0,
      on: { pass: (_state, _message: Next, context) => void context.defer() },
    });
    const times: (number | undefined)[] = [];
    const asker = defineActor('asker', {
      state: () => 0,
      on: {
        go: async (_state, { to }: { to: Ref<AnyProtocol> }, context) => {
          times.push(context.deadline);
          await context.ask(to, { type: 'pass', next: [] }, { timeoutMs: 60_000 }).catch((error) => {
            times.push(context.clock.monotonic());
            throw error;
          });
        },
        idle: (_state, _message, context) => {
          times.push(context.deadline);
        },
      },
    });
    const to = (await system.spawn(silent)) as unknown as Ref<AnyProtocol>;
    const ref = await system.spawn(asker);
    const asked = ref.ask({ type: 'go', to }, { timeoutMs: 300 });
    await expect(clock.runUntilSettled(asked)).rejects.toMatchObject({ code: 'ask_timeout' });
    await clock.advance(10);
    ref.tell({ type: 'idle' });
    await clock.advance(1);
    expect(times).toEqual([300, 300, undefined]);
  });

  it('aborts the signal of its handler, and so does its cancellation', async () => {
    const { system, clock } = virtualSystem();
    const reasons: string[] = [];
    const worker = defineActor('worker', {
      state: () => 0,
      on: {
        work: (_state, _message, context) =>
          new Promise<void>((resolve) => {
            context.signal.addEventListener('abort', () => {
              reasons.push((context.signal.reason as { code: string }).code);
              resolve();
            });
          }),
      },
    });
    const ref = await system.spawn(worker);
    const late = ref.ask({ type: 'work' }, { timeoutMs: 50 });
    await expect(clock.runUntilSettled(late)).rejects.toMatchObject({ code: 'ask_timeout' });
    const controller = new AbortController();
    const cancelled = ref.ask({ type: 'work' }, { signal: controller.signal });
    cancelled.catch(() => {});
    await clock.advance(1);
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(reasons).toEqual(['ask_timeout', 'cancelled']);
  });
});
