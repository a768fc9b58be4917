/** The rules that OTP's supervisor.erl fixes and no test of it names. */
import { checkSupervisorSpec, defineActor, defineSupervisor, ignore } from '@jaegis/actors';
import { RestartWindow } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { testServices, testSystem, virtualSystem } from '../support/kernel.ts';
import { probe, settled, told } from '../support/kernel-probe.ts';
import { supervise } from '../support/kernel-supervised.ts';

describe('starting', () => {
  it('SUPsrc:init_children/start_children: one after the other, and done when all are', async () => {
    const { system, clock } = virtualSystem();
    const order: string[] = [];
    const slow = (name: string) =>
      defineActor('slow', {
        state: async (_key, context) => {
          order.push(`${name} begins`);
          await new Promise<void>((resolve) => context.clock.setTimer(10, resolve));
          order.push(`${name} began`);
          return 0;
        },
        on: {},
      });
    const children = ['a', 'b'].map((id) => ({ id, start: slow(id) }));
    const supervised = system.supervise(defineSupervisor('s', { children })).then(() => order.push('done'));
    await clock.runUntilSettled(supervised);
    expect(order).toEqual(['a begins', 'a began', 'b begins', 'b began', 'done']);
  });

  it('SUPsrc:init_children: those before the one that fails are stopped in reverse, those behind it never start', async () => {
    const { system } = testSystem();
    const log = told();
    const cause = new Error('no disk');
    const broken = probe('c', log, {
      onStart: () => {
        throw cause;
      },
    });
    const children = [
      { id: 'a', start: probe('a', log) },
      { id: 'b', start: probe('b', log) },
      { id: 'c', start: broken },
      { id: 'd', start: probe('d', log) },
    ];
    await expect(system.supervise(defineSupervisor('s', { children }))).rejects.toMatchObject({
      code: 'start_failed',
      data: { child: 'c' },
      cause,
    });
    expect(log).toEqual({
      begun: ['a', 'b'],
      ended: [
        ['b', 'shutdown'],
        ['a', 'shutdown'],
      ],
    });
    await system.stop();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('thrown');
      },
      { message: 'thrown' },
    ],
    ['rejects', () => Promise.reject(new Error('rejected')), { message: 'rejected' }],
    ['gives a wrong value', () => 5, { code: 'invalid_return' }],
  ])("SUPsrc:child 'start' contract: a start that %s is an error with that cause", async (_what, start, error) => {
    const { supervisor, clock } = await supervise({}, []);
    const started = supervisor.startChild({ id: 'bad', start });
    started.catch(() => {});
    await clock.advance(1);
    await expect(started).rejects.toMatchObject(error);
    expect(await supervisor.countChildren()).toMatchObject({ specs: 0 });
  });

  it('SUPsrc:call/2: an operation waits for a slow start, however long that takes', async () => {
    const { supervisor, clock } = await supervise({}, []);
    const slow = defineActor('slow', {
      state: (_key, context) => new Promise<number>((resolve) => context.clock.setTimer(60_000, () => resolve(0))),
      on: {},
    });
    const started = supervisor.startChild({ id: 'slow', start: slow, startTimeoutMs: 100_000 });
    const counted = supervisor.countChildren();
    await clock.advance(59_999);
    let isCounted = false;
    void counted.then(() => {
      isCounted = true;
    });
    await settled();
    expect(isCounted).toBe(false);
    await clock.advance(1);
    expect(await started).toMatchObject({ address: 'n1/user/s/slow' });
    expect(await counted).toMatchObject({ active: 1 });
  });

  it('SUPsrc:defaults', () => {
    const worker = probe('a', told());
    const inner = defineSupervisor('inner', { children: [] });
    const checked = checkSupervisorSpec('it', {
      children: [
        { id: 'a', start: worker },
        { id: 'b', start: inner },
      ],
    });
    expect(checked).toMatchObject({
      strategy: 'one_for_one',
      intensity: 1,
      periodMs: 5_000,
      autoShutdown: 'never',
      children: [
        { restart: 'permanent', shutdown: 5_000, significant: false, kind: 'worker' },
        { restart: 'permanent', shutdown: 'infinity', significant: false, kind: 'supervisor' },
      ],
    });
  });

  it('SUPsrc:id type: ids are texts, compared by value, and nothing else is one', () => {
    const start = probe('a', told());
    const spec = (...ids: unknown[]) => ({ children: ids.map((id) => ({ id, start })) });
    expect(() => checkSupervisorSpec('it', spec('a', ['a'].join('')))).toThrow(/has this id already/);
    for (const id of [1, { a: 1 }, ['a'], undefined, '']) {
      expect(() => checkSupervisorSpec('it', spec(id))).toThrow(
        expect.objectContaining({ code: 'invalid_definition' }),
      );
    }
  });
});

describe('counting restarts', () => {
  it('SUPsrc:add_restart: those at most the period old count, the edge included', () => {
    const window = new RestartWindow();
    const limit = { intensity: 2, periodMs: 100 };
    expect([0, 50, 100].map((time) => window.add(time, limit))).toEqual(['restart', 'restart', 'give-up']);
    window.clear();
    expect([0, 50, 101].map((time) => window.add(time, limit))).toEqual(['restart', 'restart', 'restart']);
  });

  it('SUPsrc:add_restart (clock): a jump of the wall clock changes nothing', async () => {
    let jump = 0;
    const { clock } = virtualSystem();
    const jumping = {
      now: () => clock.now() + jump,
      monotonic: () => clock.monotonic(),
      setTimer: clock.setTimer.bind(clock),
      clearTimer: clock.clearTimer.bind(clock),
    };
    const { system } = testSystem(undefined, { services: testServices(jumping) });
    const log = told();
    const definition = defineSupervisor('s', {
      intensity: 2,
      periodMs: 1_000,
      children: [{ id: 'a', start: probe('a', log) }],
    });
    const supervisor = await system.supervise(definition, { restart: 'temporary' });
    const { ref } = await supervisor.whichChild('a');
    for (jump of [0, 1e9, -1e9]) {
      ref?.tell({ type: 'fail' });
      await clock.advance(1);
    }
    expect(log.begun).toHaveLength(3);
    expect(system.inspect().children).toEqual([]);
  });

  it('SUPsrc:add_restart (intensity 0)', async () => {
    const log = told();
    const { tell, ended } = await supervise({ intensity: 0 }, [{ id: 'a', start: probe('a', log) }]);
    await tell('a', 'end');
    expect([log.begun.length, ended()]).toEqual([1, 'shutdown']);
  });

  it('SUPsrc:do_restart: only decisions to restart count', async () => {
    const log = told();
    const { tell, ended, supervisor } = await supervise({ intensity: 0 }, [
      { id: 'temporary', start: probe('temporary', log), restart: 'temporary' },
      { id: 'transient', start: probe('transient', log), restart: 'transient' },
      { id: 'permanent', start: probe('permanent', log) },
    ]);
    await tell('temporary', 'fail');
    for (const reason of ['normal', 'shutdown', { shutdown: 'x' }]) {
      await tell('transient', 'end', { reason });
      await supervisor.restartChild('transient');
    }
    await supervisor.terminateChild('permanent');
    await supervisor.restartChild('permanent');
    await supervisor.startChild({ id: 'more', start: probe('more', log) });
    expect(ended()).toBeUndefined();
    await tell('permanent', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUPsrc:restart + try_again: a start that always fails is tried as often as the intensity says', async () => {
    let attempts = 0;
    const broken = probe('a', told(), {
      onStart: (start) => {
        if (start === 1) return;
        attempts++;
        throw new Error('never again');
      },
    });
    const { tell, clock, ended } = await supervise({ intensity: 4 }, [{ id: 'a', start: broken }]);
    const before = clock.monotonic();
    await tell('a', 'fail');
    expect([attempts, ended()]).toEqual([4, 'shutdown']);
    expect(clock.monotonic() - before).toBe(1);
  });

  it('SUPsrc:handle_cast try_again: a try that is due for a child that was terminated meanwhile is dropped', async () => {
    let starts = 0;
    const broken = probe('a', told(), {
      onStart: (start) => {
        starts = start;
        if (start === 2) throw new Error('once');
      },
    });
    const { system, supervisor, clock } = await supervise({ intensity: 9 }, [{ id: 'a', start: broken }]);
    system.at('n1/user/s/a').tell({ type: 'fail' });
    await settled();
    expect(await supervisor.whichChild('a')).toMatchObject({ status: 'restarting' });
    await supervisor.terminateChild('a');
    await clock.advance(1_000);
    expect(starts).toBe(2);
    expect(await supervisor.whichChild('a')).toMatchObject({ status: 'stopped', ref: undefined });
  });
});

describe('restarting groups', () => {
  it.each([
    ['rest_for_one', [1, 2, 3, 2]],
    ['one_for_all', [3, 3, 3, 2]],
  ] as const)(
    'SUPsrc:restart_multiple_children (retry id): %s goes on from the one that failed',
    async (strategy, expected) => {
      const failsOnce = probe('c', told(), {
        onStart: (start) => {
          if (start === 2) throw new Error('once');
        },
      });
      const first = strategy === 'rest_for_one' ? 'b' : 'a';
      const { tell, incarnations, clock } = await supervise({ strategy, intensity: 9 }, [
        { id: 'a', start: probe('a', told()) },
        { id: 'b', start: probe('b', told()) },
        { id: 'c', start: failsOnce },
        { id: 'd', start: probe('d', told()) },
      ]);
      await tell(first, 'fail');
      await clock.advance(10);
      // rest_for_one: b began once more and not twice, c twice more as its first try failed.
      expect(await incarnations()).toEqual(strategy === 'rest_for_one' ? [1, 2, 3, 2] : expected);
    },
  );

  it('SUPsrc:terminate_children: temporary ones that are stopped with their group are forgotten, others wait for theirs', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = defineActor('slow', {
      preserve: 'none',
      state: async () => {
        if (starts++ > 0) await gate.promise;
        return 0;
      },
      on: {
        fail: () => {
          throw new Error('as asked');
        },
      },
    });
    let starts = 0;
    const { supervisor, clock, system, tell } = await supervise({ strategy: 'one_for_all' }, [
      { id: 'a', start: slow },
      { id: 'b', start: probe('b', told()), restart: 'temporary' },
      { id: 'c', start: probe('c', told()) },
    ]);
    await tell('a', 'fail');
    const tree = system.inspect().children[0]?.children.map(({ id, status }) => [id, status]);
    expect(tree).toEqual([
      ['a', 'starting'],
      ['c', 'stopped'],
    ]);
    gate.resolve();
    await clock.advance(1);
    expect((await supervisor.whichChildren()).map(({ id, status }) => [id, status])).toEqual([
      ['c', 'running'],
      ['a', 'running'],
    ]);
  });

  it('SUPsrc:restart one_for_one (ignore): one whose restart is ignored stays without a ref, and nothing is tried again', async () => {
    let starts = 0;
    const start = () => (starts++ === 0 ? probe('a', told()) : ignore);
    const { tell, supervisor, clock, ended } = await supervise({}, [{ id: 'a', start }]);
    await tell('a', 'fail');
    await clock.advance(1_000);
    expect(await supervisor.whichChild('a')).toMatchObject({ status: 'stopped', ref: undefined });
    expect([starts, ended()]).toEqual([2, undefined]);
  });

  it('SUPsrc:order on restart: a restarted child keeps its place, new ones go to the end, also one that was deleted', async () => {
    const child = (id: string) => ({ id, start: probe(id, told()) });
    const { tell, ids, supervisor } = await supervise({ intensity: 9 }, [child('a'), child('b')]);
    await supervisor.startChild(child('c'));
    await tell('a', 'fail');
    expect(await ids()).toEqual(['a', 'b', 'c']);
    await supervisor.terminateChild('a');
    await supervisor.deleteChild('a');
    await supervisor.startChild(child('a'));
    expect(await ids()).toEqual(['b', 'c', 'a']);
  });

  it('SUPsrc:simple args: a restarted instance gets the arguments of the template and its own again', async () => {
    const given: string[][] = [];
    const start = (...args: string[]) => {
      given.push(args);
      return probe(args.join(), told());
    };
    const { supervisor, clock } = await supervise({ strategy: 'simple_one_for_one' }, [
      { id: 'x', start: start as never, args: ['template'] },
    ]);
    const ref = await supervisor.startChild('own', 'more');
    ref?.tell({ type: 'fail' });
    await clock.advance(1);
    expect(given).toEqual([
      ['template', 'own', 'more'],
      ['template', 'own', 'more'],
    ]);
  });
});

describe('ending', () => {
  it.each([
    ['permanent', 2],
    ['transient', 1],
  ] as const)(
    'SUPsrc:restart → terminate: a supervisor that gives up stops its children in reverse and ends clean; a %s one has begun %i times',
    async (restart, times) => {
      const log = told();
      const inner = defineSupervisor('inner', {
        intensity: 0,
        children: ['a', 'b', 'c'].map((id) => ({ id, start: probe(id, log) })),
      });
      const { system, supervisor, clock } = await supervise({}, [{ id: 'inner', start: inner, restart }]);
      const { down } = system.monitor('n1/user/s/inner');
      system.at('n1/user/s/inner/b').tell({ type: 'fail' });
      await clock.advance(1);
      expect(await down).toMatchObject({ reason: 'shutdown' });
      expect(log.ended.map(([name]) => name)).toEqual(['b', 'c', 'a']);
      expect(await supervisor.whichChild('inner')).toMatchObject({ incarnation: times });
    },
  );

  it('SUPsrc:do_auto_shutdown: only where a child has ended by itself', async () => {
    const significant = (id: string) =>
      ({ id, start: probe(id, told()), restart: 'transient', significant: true }) as const;
    const { supervisor, tell, ended } = await supervise({ strategy: 'rest_for_one', autoShutdown: 'any_significant' }, [
      { id: 'plain', start: probe('plain', told()) },
      significant('a'),
      significant('b'),
    ]);
    await supervisor.terminateChild('a');
    await tell('plain', 'fail');
    expect(ended()).toBeUndefined();
    await tell('b', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUPsrc:do_auto_shutdown all_significant: one that is restarting counts as alive', async () => {
    const failing = probe('a', told(), {
      onStart: (start) => {
        if (start > 1) throw new Error('not now');
      },
    });
    const backoff = { minMs: 1_000, maxMs: 1_000, jitter: 0 };
    const { supervisor, tell, ended } = await supervise({ autoShutdown: 'all_significant', intensity: 9 }, [
      { id: 'a', start: failing, restart: 'transient', significant: true, backoff },
      { id: 'b', start: probe('b', told()), restart: 'transient', significant: true },
    ]);
    await tell('a', 'fail');
    expect(await supervisor.whichChild('a')).toMatchObject({ status: 'restarting' });
    await tell('b', 'end');
    expect(ended()).toBeUndefined();
  });

  it('SUPsrc:shutdown/1: told to end, then killed after its time', async () => {
    const log = told();
    const { system, supervisor, clock } = await supervise({}, [
      { id: 'a', start: probe('a', log, { onStop: () => new Promise(() => {}) }), shutdown: 700 },
    ]);
    const { down } = system.monitor('n1/user/s/a');
    const terminated = supervisor.terminateChild('a');
    await clock.runUntilSettled(terminated);
    expect(clock.monotonic()).toBe(700);
    expect(log.ended).toEqual([['a', 'shutdown']]);
    expect(await down).toMatchObject({ reason: 'killed' });
  });

  it.each([
    ['permanent', 'normal', true],
    ['permanent', { shutdown: 'x' }, true],
    ['permanent', 'shutdown', false],
    ['transient', 'normal', false],
    ['temporary', { shutdown: 'x' }, false],
    ['transient', 'other', true],
  ] as const)(
    'SUPsrc:shutdown/1 (reports): a %s child that ends with %j while it is stopped',
    async (restart, reason, isReported) => {
      const reports: unknown[] = [];
      const services = virtualSystem();
      const logger = { ...testServices(services.clock).logger, error: (what: string) => void reports.push(what) };
      const { system } = testSystem(undefined, { services: testServices(services.clock, logger) });
      const gate = Promise.withResolvers<void>();
      const kid = defineActor('kid', {
        trapExits: true,
        state: () => 0,
        on: {},
        stop: async () => {
          await gate.promise;
          if (reason !== 'shutdown') throw reason;
        },
      });
      const supervisor = await system.supervise(
        defineSupervisor('s', { children: [{ id: 'a', start: kid, restart }] }),
      );
      const terminated = supervisor.terminateChild('a');
      gate.resolve();
      await terminated;
      expect(reports.includes('ended otherwise than ordered')).toBe(isReported);
    },
  );

  it('SUPsrc:terminate_child: done also where it had to be killed; a temporary child is forgotten', async () => {
    const hanging = (id: string, restart: 'permanent' | 'temporary') => ({
      id,
      restart,
      shutdown: 50,
      start: probe(id, told(), { onStop: () => new Promise<void>(() => {}) }),
    });
    const { supervisor, clock, ids } = await supervise({}, [hanging('a', 'permanent'), hanging('b', 'temporary')]);
    await clock.runUntilSettled(Promise.all([supervisor.terminateChild('a'), supervisor.terminateChild('b')]));
    expect(await ids()).toEqual(['a']);
  });

  it('SUPsrc:handle_info EXIT: of a stranger is ignored; that of whoever is above ends it with its reason', async () => {
    const log = told();
    const { system, supervisor, clock, ended } = await supervise({}, [{ id: 'a', start: probe('a', log) }]);
    const stranger = defineActor('stranger', {
      state: (_key, context) => context.link(supervisor),
      on: {
        push: (_state, _message, context) => context.exit(supervisor, 'because'),
        fail: () => {
          throw new Error('as asked');
        },
      },
    });
    const ref = await system.spawn(stranger, { restart: 'temporary' });
    ref.tell({ type: 'push' });
    ref.tell({ type: 'fail' });
    await clock.advance(1);
    expect([ended(), log.ended]).toEqual([undefined, []]);
    system.exit(supervisor, 'enough');
    await clock.advance(1);
    expect([ended(), log.ended]).toEqual(['enough', [['a', 'shutdown']]]);
  });
});
