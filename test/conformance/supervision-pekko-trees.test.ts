/** Pekko's tests of supervision: what happens around the one that fails. */
import { defineActor, defineSupervisor } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { testSystem, virtualSystem } from '../support/kernel.ts';
import { probe, settled, told } from '../support/kernel-probe.ts';

const often = { intensity: 100, periodMs: 60_000 };

describe('a tree of supervisors', () => {
  it.each([
    ['one_for_one', 1, 'ask'],
    ['one_for_one', 1, 'tell'],
    ['one_for_all', 3, 'ask'],
    ['one_for_all', 3, 'tell'],
  ] as const)(
    'PKsup:start server for nested supervisor hierarchy / kill/call-kill-call … (11 tests): %s restarts %i after a crash by %s',
    async (strategy, restarted, how) => {
      const { system } = testSystem(often);
      const log = told();
      const workers = ['a', 'b', 'c'].map((id) => ({ id, start: probe(id, log) }));
      const inner = defineSupervisor('inner', { strategy, intensity: 9, children: workers });
      await system.supervise(defineSupervisor('outer', { children: [{ id: 'inner', start: inner }] }), {
        name: 'outer',
      });
      const ref = system.at('n1/user/outer/inner/b');
      expect(await ref.ask({ type: 'ping' })).toBe('b');
      if (how === 'ask') await expect(ref.ask({ type: 'fail' })).rejects.toMatchObject({ code: 'actor_crashed' });
      else ref.tell({ type: 'fail' });
      await expect.poll(() => log.begun.length).toBe(3 + restarted);
      expect(await ref.ask({ type: 'ping' })).toBe('b');
      await system.stop();
    },
  );

  it('PKhier:restart manager and workers in AllForOne: a manager that allows no restart hands the failure up', async () => {
    const { system } = testSystem(often);
    const log = told();
    const workers = ['a', 'b', 'c'].map((id) => ({ id, start: probe(id, log) }));
    const manager = defineSupervisor('manager', { intensity: 0, children: workers });
    const boss = defineSupervisor('boss', { strategy: 'one_for_all', children: [{ id: 'manager', start: manager }] });
    const supervisor = await system.supervise(boss, { name: 'boss' });
    system.at('n1/user/boss/manager/a').tell({ type: 'fail' });
    await expect.poll(() => log.begun).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(await supervisor.whichChild('manager')).toMatchObject({ incarnation: 2, status: 'running' });
    await system.stop();
  });

  it('PKsup:not lose system messages when NonFatal exception…: a child and the handler of its exit fail', async () => {
    const { system } = testSystem(often);
    const log = told();
    const kid = probe('kid', log);
    const parent = defineActor('parent', {
      preserve: 'none',
      trapExits: true,
      state: (_key, context) => context.spawn(kid, { name: 'kid', link: true }),
      signals: {
        exit: () => {
          throw new Error('in the handler');
        },
      },
      on: { ping: () => ({ reply: 'parent' }), break: (child) => child.tell({ type: 'fail' }) },
    });
    const ref = await system.spawn(parent, { name: 'parent' });
    const { down } = system.monitor('n1/user/parent/kid');
    ref.tell({ type: 'break' });
    expect(await down).toMatchObject({ reason: { message: 'as asked' } });
    await expect.poll(() => system.inspect().children[0]?.restarts).toBe(1);
    expect(await ref.ask({ type: 'ping' })).toBe('parent');
    expect(await system.at('n1/user/parent/kid').ask({ type: 'ping' })).toBe('kid');
    await system.stop();
  });
});

describe('names of children', () => {
  const parentOf = (kid: ReturnType<typeof probe>) =>
    defineActor('parent', {
      state: (_key, context) => ({ kid: context.spawn(kid, 'kid'), seen: [] as string[] }),
      signals: {
        down: (state, _signal, context) => {
          const again = context.spawn(kid, 'kid');
          return { state: { kid: again, seen: [...state.seen, again.address] } };
        },
      },
      on: {
        watch: (state, _message, context) => void context.monitor(state.kid),
        end: (state, _message, context) => void context.stopChild(state.kid),
        again: (state, _message, context) => {
          void context.stopChild(state.kid);
          try {
            context.spawn(kid, 'kid');
            return { reply: 'started' };
          } catch (error) {
            return { reply: (error as { code: string }).code };
          }
        },
        seen: (state) => ({ reply: state.seen }),
      },
    });

  it('PKmisc:recreate child when old child is Terminated', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(parentOf(probe('kid', told())), { name: 'parent' });
    ref.tell({ type: 'watch' });
    ref.tell({ type: 'end' });
    await expect.poll(() => ref.ask({ type: 'seen' })).toEqual(['n1/user/parent/kid']);
    expect(await system.at('n1/user/parent/kid').ask({ type: 'ping' })).toBe('kid');
    await system.stop();
  });

  it('PKmisc:not recreate child when old child is alive: the name is free once it has ended', async () => {
    const { system } = testSystem(often);
    const gate = Promise.withResolvers<void>();
    const ref = await system.spawn(parentOf(probe('kid', told(), { onStop: () => gate.promise })), { name: 'parent' });
    expect(await ref.ask({ type: 'again' })).toBe('name_taken');
    gate.resolve();
    await expect.poll(() => ref.ask({ type: 'again' })).toBe('started');
    await system.stop();
  });
});

describe('what is called in the life of an actor', () => {
  it('PKlife:default pre/postRestart call postStop/preStart', async () => {
    const { system } = testSystem(often);
    const calls: string[] = [];
    let life = -1;
    const actor = defineActor('actor', {
      preserve: 'none',
      state: () => {
        calls.push(`start ${++life}`);
        return life;
      },
      stop: (state) => void calls.push(`stop ${state}`),
      on: {
        fail: () => {
          throw new Error('as asked');
        },
        read: (state) => ({ reply: state }),
      },
    });
    const ref = await system.spawn(actor);
    for (let count = 0; count < 3; count++) ref.tell({ type: 'fail' });
    expect(await ref.ask({ type: 'read' })).toBe(3);
    await system.stop(ref);
    expect(calls).toEqual(['start 0', 'stop 0', 'start 1', 'stop 1', 'start 2', 'stop 2', 'start 3', 'stop 3']);
    await system.stop();
  });

  it('PKlife:not invoke restart hooks when never restarted', async () => {
    const { system } = testSystem(often);
    const log = told();
    const ref = await system.spawn(probe('kid', log));
    await system.stop(ref);
    expect(log).toEqual({ begun: ['kid'], ended: [['kid', 'normal']] });
    await system.stop();
  });

  it('PKlife:clear the behavior stack upon restart: one whose state is not preserved begins with its first state', async () => {
    const { system } = testSystem(often);
    const actor = defineActor('actor', {
      preserve: 'none',
      state: () => 'A',
      on: {
        become: () => ({ state: 'B' }),
        read: (state) => ({ reply: state }),
        fail: () => {
          throw new Error('as asked');
        },
      },
    });
    const ref = await system.spawn(actor);
    ref.tell({ type: 'become' });
    expect(await ref.ask({ type: 'read' })).toBe('B');
    ref.tell({ type: 'fail' });
    expect(await ref.ask({ type: 'read' })).toBe('A');
    await system.stop();
  });

  it('PKtyp:restart when handled exception: same ref, first state, its stop told why', async () => {
    const { system } = testSystem(often);
    const log = told();
    const ref = await system.spawn(probe('kid', log));
    expect(await ref.ask({ type: 'add' })).toBe(1);
    ref.tell({ type: 'fail' });
    expect(await ref.ask({ type: 'read' })).toBe(0);
    expect(log.ended).toEqual([['kid', expect.objectContaining({ message: 'as asked' })]]);
    await system.stop();
  });

  it('PKtyp:not catch fatal error: an overflow of the stack ends the actor alone', async () => {
    const { system, failures } = testSystem(often);
    const deep = (level: number): number => deep(level + 1) + 1;
    const actor = defineActor('actor', {
      state: () => 0,
      on: { dive: () => ({ reply: deep(0) }), read: (state) => ({ reply: state }) },
    });
    const ref = await system.spawn(actor);
    await expect(ref.ask({ type: 'dive' })).rejects.toMatchObject({
      code: 'actor_crashed',
      cause: { name: 'RangeError' },
    });
    expect(await ref.ask({ type: 'read' })).toBe(0);
    expect(failures).toEqual([]);
    await system.stop();
  });

  it.each(['later', 'fromTimer', 'fromItself'])(
    'PKtyp:handle exceptions from different message type; apply supervision to adapter function (3): one that comes %s',
    async (type) => {
      const { system } = testSystem(often);
      const actor = defineActor('actor', {
        preserve: 'none',
        state: () => 0,
        on: {
          later: async () => {
            await Promise.resolve();
            throw new Error('later');
          },
          fromTimer: (_state, _message, context) => void context.sendAfter(0, { type: 'fail' }),
          fromItself: (_state, _message, context) => context.tell(context.self, { type: 'fail' }),
          fail: () => {
            throw new Error('as asked');
          },
        },
      });
      const ref = await system.spawn(actor);
      ref.tell({ type: type as 'later' });
      await expect.poll(() => system.inspect().children[0]).toMatchObject({ restarts: 1, status: 'running' });
      await system.stop();
    },
  );
});

describe('the children of an actor that restarts', () => {
  /** A parent that spawns two children at its start and counts what it is told. */
  function family(onStop?: () => void | Promise<void>) {
    const log = told();
    const handled: string[] = [];
    const kid = (name: string) => probe(name, log, onStop ? { onStop } : {});
    let starts = 0;
    const parent = defineActor('parent', {
      preserve: 'none',
      state: (_key, context) => {
        starts++;
        context.spawn(kid(`one ${starts}`));
        context.spawn(kid(`two ${starts}`));
        return starts;
      },
      on: {
        fail: (_state, _message: { text?: string }) => {
          throw new Error('as asked');
        },
        note: (state, message: { text: string }) => void handled.push(`${message.text} in ${state}`),
        sync: () => ({ reply: true }),
      },
    });
    return { log, handled, parent, starts: () => starts };
  }

  it('PKtyp:stop children when restarting / when backoff: it begins again once all have ended, and messages wait', async () => {
    const { system } = testSystem(often);
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let stops = 0;
    const { log, handled, parent, starts } = family(() => gates[stops++]?.promise);
    const ref = await system.spawn(parent, { name: 'parent' });
    ref.tell({ type: 'fail' });
    await settled();
    ref.tell({ type: 'note', text: 'meanwhile' });
    gates[0]?.resolve();
    await settled();
    expect([starts(), handled]).toEqual([1, []]);
    gates[1]?.resolve();
    expect(await ref.ask({ type: 'sync' })).toBe(true);
    expect([starts(), handled]).toEqual([2, ['meanwhile in 2']]);
    expect(log.ended.map(([name]) => name)).toEqual(['two 1', 'one 1']);
    expect(system.inspect().children[0]?.children).toHaveLength(2);
    await system.stop();
  });

  it("PKtyp:restart after stopping watchWith'd children: no `down` of a child that the restart has ended", async () => {
    const { system } = testSystem(often);
    const downs: string[] = [];
    const log = told();
    const parent = defineActor('parent', {
      preserve: 'none',
      state: (_key, context) => {
        context.spawn(probe('kid', log), { name: 'kid', monitor: true });
        return 0;
      },
      signals: { down: (_state, { from }) => void downs.push(from?.address ?? '') },
      on: {
        fail: () => {
          throw new Error('as asked');
        },
        sync: () => ({ reply: true }),
      },
    });
    const ref = await system.spawn(parent, { name: 'parent' });
    ref.tell({ type: 'fail' });
    await ref.ask({ type: 'sync' });
    expect([log.ended.length, downs]).toEqual([1, []]);
    await system.stop();
  });

  it('PKtyp:stop children when restarting second time during unstash (+backoff)', async () => {
    const { system } = testSystem(often);
    const { log, handled, parent, starts } = family();
    const ref = await system.spawn(parent, { name: 'parent' });
    ref.tell({ type: 'fail' });
    ref.tell({ type: 'fail' });
    ref.tell({ type: 'note', text: 'last' });
    await ref.ask({ type: 'sync' });
    expect([starts(), handled]).toEqual([3, ['last in 3']]);
    expect(log.ended.map(([name]) => name)).toEqual(['two 1', 'one 1', 'two 2', 'one 2']);
    expect(system.inspect().children[0]?.children).toHaveLength(2);
    await system.stop();
  });

  it.each([
    ['the first', 1],
    ['a later', 2],
  ])(
    'PKtyp:stop children from exception in first / later setup (4): those of %s start that failed end before the next',
    async (_which, failing) => {
      const { system, clock } = virtualSystem(often);
      const log = told();
      let starts = 0;
      const parent = defineActor('parent', {
        preserve: 'none',
        state: (_key, context) => {
          context.spawn(probe(`kid ${++starts}`, log), 'kid');
          if (starts === failing) throw new Error('after its child');
          return 0;
        },
        on: {
          fail: () => {
            throw new Error('as asked');
          },
          sync: () => ({ reply: true }),
        },
      });
      const spawned = system.spawn(parent, { name: 'parent' });
      if (failing === 1) {
        await expect(spawned).rejects.toThrow('after its child');
        expect(log.ended.map(([name]) => name)).toEqual(['kid 1']);
        expect(system.inspect().children).toEqual([]);
        return;
      }
      const ref = await spawned;
      ref.tell({ type: 'fail' });
      await clock.advance(10);
      expect(log.begun).toEqual(['kid 1', 'kid 2', 'kid 3']);
      expect(log.ended.map(([name]) => name)).toEqual(['kid 1', 'kid 2']);
      expect(system.inspect().children[0]?.children).toHaveLength(1);
    },
  );

  it('PKtyp:be able to recover from a DeathPactException', async () => {
    const { system } = testSystem(often);
    const log = told();
    const parent = defineActor('parent', {
      preserve: 'none',
      state: (_key, context) => context.spawn(probe('kid', log), { name: 'kid', restart: 'temporary', monitor: true }),
      on: { break: (kid) => kid.tell({ type: 'fail' }), ping: () => ({ reply: 'here' }) },
    });
    const ref = await system.spawn(parent, { name: 'parent' });
    ref.tell({ type: 'break' });
    await expect
      .poll(() => system.inspect().children[0])
      .toMatchObject({ restarts: 1, lastError: { code: 'death_pact' } });
    expect(await ref.ask({ type: 'ping' })).toBe('here');
    await system.stop();
  });
});
