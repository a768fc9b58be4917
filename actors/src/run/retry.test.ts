import { describe, expect, it } from 'vitest';
import { postpone } from './action.ts';
import { defineActor } from './definition.ts';
import { testSystem, virtualSystem } from './kernel.test-system.ts';

const often = { intensity: 100, periodMs: 60_000 };

describe('the tries of a message that crashes its actor', () => {
  it('are counted for each message of its own', async () => {
    const { system, clock } = virtualSystem(often);
    const tried: string[] = [];
    const broken = defineActor('broken', {
      state: () => 0,
      retry: { attempts: 2, delayMs: 100 },
      on: {
        work: (_state, { name }: { name: string }) => {
          tried.push(name);
          throw new Error(name);
        },
      },
    });
    const ref = await system.spawn(broken);
    ref.tell({ type: 'work', name: 'a' });
    ref.tell({ type: 'work', name: 'b' });
    await clock.advance(1_000);
    expect(tried).toEqual(['a', 'b', 'a', 'b']);
    expect(system.deadLetters.list()).toMatchObject([{ message: { name: 'a' } }, { message: { name: 'b' } }]);
  });

  it('count also when it was put aside in between', async () => {
    const { system } = testSystem(often);
    const tried: string[] = [];
    const moody = defineActor('moody', {
      state: () => ({ mode: 'awake' }),
      mode: ({ mode }) => mode,
      retry: { attempts: 2 },
      on: {
        work: ({ mode }) => {
          tried.push(mode);
          if (tried.length === 2) return { actions: [postpone()] };
          throw new Error(mode);
        },
        turn: () => ({ state: { mode: 'turned' } }),
        sync: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(moody);
    const worked = ref.ask({ type: 'work' });
    ref.tell({ type: 'turn' });
    await expect(worked).rejects.toMatchObject({ code: 'actor_crashed' });
    expect(tried).toEqual(['awake', 'awake', 'turned']);
    await system.stop();
  });

  it('begin anew once it was handled', async () => {
    const { system } = testSystem(often);
    let tries = 0;
    const flaky = defineActor('flaky', {
      state: () => 0,
      retry: { attempts: 2 },
      on: {
        work: () => {
          if (++tries % 2 === 1) throw new Error('each first time');
        },
        sync: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(flaky);
    const message = { type: 'work' } as const;
    ref.tell(message);
    await ref.ask({ type: 'sync' });
    ref.tell(message);
    await ref.ask({ type: 'sync' });
    expect(tries).toBe(4);
    expect(system.deadLetters.list()).toEqual([]);
    await system.stop();
  });
});

describe('a message that is tried again', () => {
  it('comes before those that came after it, also where these had been put aside before', async () => {
    const { system } = testSystem(often);
    const seen: string[] = [];
    let isBroken = true;
    const moody = defineActor('moody', {
      state: () => ({ mode: 'closed' }),
      mode: ({ mode }) => mode,
      retry: { attempts: 2 },
      on: {
        work: ({ mode }, { name }: { name: string }) => {
          if (mode === 'closed') return { actions: [postpone()] };
          if (name === 'a' && isBroken) {
            isBroken = false;
            throw new Error('once');
          }
          seen.push(name);
          return undefined;
        },
        open: () => ({ state: { mode: 'open' } }),
        sync: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(moody);
    for (const name of ['a', 'b', 'c']) ref.tell({ type: 'work', name });
    ref.tell({ type: 'open' });
    await ref.ask({ type: 'sync' });
    expect(seen).toEqual(['a', 'b', 'c']);
    await system.stop();
  });

  it('is answered by its next try, though the one before had deferred its answer', async () => {
    const { system } = testSystem(often);
    let tries = 0;
    const careful = defineActor('careful', {
      state: () => 0,
      retry: { attempts: 2 },
      on: {
        work: (_state, _message, context) => {
          if (++tries > 1) return { reply: 'done' };
          context.defer();
          throw new Error('once');
        },
      },
    });
    const ref = await system.spawn(careful);
    expect(await ref.ask({ type: 'work' })).toBe('done');
    await system.stop();
  });

  it('is given back when its actor is stopped for good before', async () => {
    const { system, clock } = virtualSystem(often);
    const broken = defineActor('broken', {
      state: () => 0,
      retry: { attempts: 2, delayMs: 60_000 },
      on: {
        work: () => {
          throw new Error('as asked');
        },
      },
    });
    const ref = await system.spawn(broken);
    const asked = ref.ask({ type: 'work' });
    asked.catch(() => {});
    await clock.advance(1);
    await clock.runUntilSettled(system.stop(ref));
    await expect(asked).rejects.toMatchObject({ code: 'actor_stopped' });
    // Asks of its lane are looked at once more at their limit, which is before the try.
    await clock.advance(5_000);
    expect(clock.pending).toBe(0);
  });
});
