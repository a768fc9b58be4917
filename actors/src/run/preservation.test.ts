import { describe, expect, it } from 'vitest';
import { defineSupervisor } from '../supervisor/definition.ts';
import { defineActor } from './definition.ts';
import { testSystem, virtualSystem } from './kernel.test-system.ts';

const often = { intensity: 100, periodMs: 60_000 };

const handlers = {
  add: (state: { total: number }, message: { by: number }) => ({ state: { total: state.total + message.by } }),
  read: (state: { total: number }) => ({ reply: state.total }),
  crash: () => {
    throw new Error('as asked');
  },
};

describe('the state of an actor that is restarted', () => {
  it('is the last good one by default', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(defineActor('sum', { state: () => ({ total: 0 }), on: handlers }));
    ref.tell({ type: 'add', by: 2 });
    ref.tell({ type: 'crash' });
    ref.tell({ type: 'add', by: 3 });
    expect(await ref.ask({ type: 'read' })).toBe(5);
    await system.stop();
  });

  it('is new where nothing is preserved', async () => {
    const { system } = testSystem(often);
    const definition = defineActor('sum', { state: () => ({ total: 0 }), preserve: 'none', on: handlers });
    const ref = await system.spawn(definition);
    ref.tell({ type: 'add', by: 2 });
    ref.tell({ type: 'crash' });
    ref.tell({ type: 'add', by: 3 });
    expect(await ref.ask({ type: 'read' })).toBe(3);
    await system.stop();
  });

  it('is new after an end that was in order', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(defineActor('sum', { state: () => ({ total: 0 }), on: handlers }));
    ref.tell({ type: 'add', by: 2 });
    await ref.ask({ type: 'read' });
    system.exit(ref, 'shutdown');
    expect(await ref.ask({ type: 'read' })).toBe(0);
    await system.stop();
  });

  it('survives a kill', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(defineActor('sum', { state: () => ({ total: 0 }), on: handlers }));
    ref.tell({ type: 'add', by: 2 });
    await ref.ask({ type: 'read' });
    system.exit(ref, 'kill');
    expect(await ref.ask({ type: 'read' })).toBe(2);
    await system.stop();
  });
});

describe('a message that crashed its actor', () => {
  it('is not tried again by default: it is a dead letter with error, state and history', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(defineActor('sum', { state: () => ({ total: 0 }), on: handlers }), { name: 'sum' });
    ref.tell({ type: 'add', by: 2 });
    ref.tell({ type: 'crash' });
    expect(await ref.ask({ type: 'read' })).toBe(2);
    expect(system.deadLetters.list()).toMatchObject([
      {
        to: 'n1/user/sum',
        message: { type: 'crash' },
        reason: 'crashed',
        error: { message: 'as asked' },
        state: { total: 2 },
        history: [{ message: { type: 'add', by: 2 } }],
      },
    ]);
    await system.stop();
  });

  it('is tried as often as the policy says, before the messages behind it', async () => {
    const { system } = testSystem(often);
    const seen: string[] = [];
    const flaky = defineActor('flaky', {
      state: () => 0,
      retry: { attempts: 3 },
      on: {
        work: () => {
          seen.push('work');
          if (seen.length < 3) throw new Error('not yet');
          return { reply: 'done' };
        },
        next: () => {
          seen.push('next');
        },
      },
    });
    const ref = await system.spawn(flaky);
    const work = ref.ask({ type: 'work' });
    ref.tell({ type: 'next' });
    expect(await work).toBe('done');
    await ref.ask({ type: 'next' });
    expect(seen).toEqual(['work', 'work', 'work', 'next', 'next']);
    expect(system.deadLetters.list()).toEqual([]);
    await system.stop();
  });

  it('is given up after its last try, and its asker is told', async () => {
    const { system } = testSystem(often);
    let tries = 0;
    const broken = defineActor('broken', {
      state: () => 0,
      retry: { attempts: 2 },
      on: {
        work: () => {
          tries++;
          throw new Error('never');
        },
      },
    });
    const ref = await system.spawn(broken);
    await expect(ref.ask({ type: 'work' })).rejects.toMatchObject({
      code: 'actor_crashed',
      cause: { message: 'never' },
    });
    expect(tries).toBe(2);
    expect(system.deadLetters.list()).toMatchObject([{ message: { type: 'work' }, reason: 'crashed' }]);
    await system.stop();
  });

  it('waits between its tries while others are handled', async () => {
    const { system, clock } = virtualSystem(often);
    const seen: string[] = [];
    const flaky = defineActor('flaky', {
      state: () => 0,
      retry: { attempts: 2, delayMs: 100 },
      on: {
        work: () => {
          seen.push('work');
          if (!seen.includes('other')) throw new Error('not yet');
        },
        other: () => {
          seen.push('other');
        },
      },
    });
    const ref = await system.spawn(flaky);
    ref.tell({ type: 'work' });
    ref.tell({ type: 'other' });
    await clock.advance(99);
    expect(seen).toEqual(['work', 'other']);
    await clock.advance(1);
    expect(seen).toEqual(['work', 'other', 'work']);
  });
});

describe('dead letters', () => {
  it('can be looked at, sent again and discarded', async () => {
    const { system } = testSystem(often);
    let isBroken = true;
    const handled: number[] = [];
    const worker = defineActor('worker', {
      state: () => 0,
      on: {
        work: (_state, message: { id: number }) => {
          if (isBroken) throw new Error('broken');
          handled.push(message.id);
        },
        sync: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(worker);
    ref.tell({ type: 'work', id: 1 });
    ref.tell({ type: 'work', id: 2 });
    await ref.ask({ type: 'sync' });
    const [first, second] = system.deadLetters.list();
    expect(system.deadLetters.get(first?.id ?? '')).toBe(first);
    isBroken = false;
    system.deadLetters.resend(first?.id ?? '');
    expect(system.deadLetters.discard(second?.id ?? '')).toBe(true);
    await ref.ask({ type: 'sync' });
    expect(handled).toEqual([1]);
    expect(system.deadLetters.list()).toEqual([]);
    expect(() => system.deadLetters.resend('99')).toThrow(expect.objectContaining({ code: 'no_such_actor' }));
    await system.stop();
  });

  it('hold what was told to an actor that has stopped, and to nobody', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(defineActor('sum', { state: () => ({ total: 0 }), on: handlers }), { name: 'sum' });
    await system.stop(ref);
    ref.tell({ type: 'add', by: 1 });
    system.named('nobody').tell({ type: 'hello' });
    expect(system.deadLetters.list()).toMatchObject([
      { to: 'n1/user/sum', message: { type: 'add', by: 1 }, reason: 'actor_stopped' },
      { to: 'nobody', message: { type: 'hello' }, reason: 'no_such_actor' },
    ]);
    await system.stop();
  });
});

describe('a state of an older version', () => {
  const oldSum = defineActor('sum', { state: () => ({ total: 0 }), on: handlers });
  const newOptions = {
    version: 2,
    state: () => ({ sum: 0, since: 'start' }),
    on: {
      add: (state: { sum: number; since: string }, message: { by: number }) => ({
        state: { ...state, sum: state.sum + message.by },
      }),
      read: (state: { sum: number; since: string }) => ({ reply: state }),
    },
  };

  async function upgrade(next: ReturnType<typeof defineActor>) {
    const { system } = testSystem(often);
    let definition: unknown = oldSum;
    const supervisor = await system.supervise(
      defineSupervisor('shop', {
        intensity: 5,
        children: [{ id: 'sum', start: (() => definition) as () => typeof oldSum }],
      }),
    );
    const { ref } = await supervisor.whichChild('sum');
    ref?.tell({ type: 'add', by: 7 });
    await ref?.ask({ type: 'read' });
    definition = next;
    return { system, supervisor, ref };
  }

  it('is migrated when the actor starts with a newer definition', async () => {
    const next = defineActor('sum', {
      ...newOptions,
      migrate: (state: { total: number }, from: number) => ({ sum: state.total, since: `version ${from}` }),
    });
    const { system, ref } = await upgrade(next as never);
    system.exit(ref ?? '', new Error('restart'));
    expect(await ref?.ask({ type: 'read' })).toEqual({ sum: 7, since: 'version 1' });
    await system.stop();
  });

  it('is refused by a definition that cannot migrate it, and is still there for one that can', async () => {
    const { system, supervisor, ref } = await upgrade(defineActor('sum', newOptions) as never);
    const { down } = system.monitor(supervisor);
    system.exit(ref ?? '', new Error('restart'));
    expect(await down).toMatchObject({ reason: 'shutdown' });
    const tree = system.inspect().children[0]?.children[0];
    expect(tree).toMatchObject({ lastError: { code: 'migration_refused' } });
    await system.stop();
  });
});
