/** OTP's tests of its supervisor: starting, stopping and what it is declared with. */
import { type ChildSpec, checkSupervisorSpec, defineActor, defineSupervisor, ignore, stop } from '@jaegis/actors';
import type { Shutdown } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { testSystem, virtualSystem } from '../support/kernel.ts';
import { type ProbeOptions, probe, settled, told } from '../support/kernel-probe.ts';
import { supervise } from '../support/kernel-supervised.ts';

const worker = (id: string, more: Partial<ChildSpec> = {}, options: ProbeOptions = {}) => ({
  id,
  start: probe(id, told(), options),
  ...more,
});
const ignored = (id: string, more: Partial<ChildSpec> = {}): ChildSpec => ({ id, start: () => ignore, ...more });

describe('a supervisor that starts', () => {
  it('SUP:sup_start_normal: and ends as it is told to', async () => {
    const { supervisor, system, ended, clock } = await supervise({}, []);
    expect(supervisor.address).toBe('n1/user/s');
    system.exit(supervisor, 'shutdown');
    await clock.advance(1);
    expect(ended()).toBe('shutdown');
  });

  it('SUP:sup_start_error_return: its function gives what is no spec: the start is refused, and nobody else is touched', async () => {
    const { system } = testSystem();
    const wrong = defineSupervisor('s', () => 'wrong' as never);
    await expect(system.supervise(wrong)).rejects.toMatchObject({ code: 'invalid_return' });
    await expect(system.supervise(defineSupervisor('s', () => ({ children: 5 }) as never))).rejects.toMatchObject({
      code: 'invalid_definition',
      data: { path: 'children', value: 5 },
    });
    expect(system.inspect().children).toEqual([]);
    await system.stop();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no plan');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no plan'))],
  ])('SUP:sup_start_fail: its function %s', async (_how, make) => {
    const { system, failures } = testSystem();
    await expect(system.supervise(defineSupervisor('s', make))).rejects.toThrow('no plan');
    expect([system.inspect().children, failures]).toEqual([[], []]);
    await system.stop();
  });

  it('SUP:faulty_application_shutdown: the cause is kept through the levels of a tree', async () => {
    const { system } = testSystem();
    const cause = new Error('no disk');
    const leaf = worker(
      'leaf',
      {},
      {
        onStart: () => {
          throw cause;
        },
      },
    );
    const inner = defineSupervisor('inner', { children: [leaf] });
    const root = defineSupervisor('root', { children: [{ id: 'inner', start: inner }] });
    await expect(system.supervise(root)).rejects.toMatchObject({
      code: 'start_failed',
      data: { child: 'inner' },
      cause: { code: 'start_failed', data: { child: 'leaf' }, cause },
    });
    await system.stop();
  });
});

describe('a child whose start is ignored', () => {
  it('SUP:sup_start_ignore_child: keeps its place', async () => {
    const { supervisor, ids, counts } = await supervise({}, []);
    expect(await supervisor.startChild(ignored('child1'))).toBeUndefined();
    await supervisor.startChild(worker('child2'));
    expect(await ids()).toEqual(['child1', 'child2']);
    expect(await supervisor.whichChild('child1')).toMatchObject({ ref: undefined, status: 'stopped' });
    expect(await counts()).toEqual([2, 1, 0, 2]);
  });

  it('SUP:sup_start_ignore_temporary_child: is forgotten where it is temporary', async () => {
    const { ids, counts } = await supervise({}, [
      ignored('child1', { restart: 'temporary' }),
      worker('child2', { restart: 'temporary' }),
    ]);
    expect([await ids(), await counts()]).toEqual([['child2'], [1, 1, 0, 1]]);
  });

  it('SUP:sup_start_ignore_temporary_child_start_child: also at run time', async () => {
    const { supervisor, ids, counts } = await supervise({}, []);
    expect(await supervisor.startChild(ignored('child1', { restart: 'temporary' }))).toBeUndefined();
    await supervisor.startChild(worker('child2', { restart: 'temporary' }));
    expect([await ids(), await counts()]).toEqual([['child2'], [1, 1, 0, 1]]);
  });

  const sometimes = (isIgnored: boolean) => (isIgnored ? ignore : probe('kid', told()));

  it('SUP:sup_start_ignore_temporary_child_start_child_simple: and where all are instances', async () => {
    const template = { id: 'x', start: sometimes, restart: 'temporary' } as const;
    const { supervisor, counts } = await supervise({ strategy: 'simple_one_for_one' }, [template]);
    expect(await supervisor.startChild(true)).toBeUndefined();
    const ref = await supervisor.startChild(false);
    expect(await supervisor.whichChildren()).toMatchObject([{ id: undefined, ref }]);
    expect(await counts()).toEqual([1, 1, 0, 1]);
  });

  it('SUP:sup_start_ignore_permanent_child_start_child_simple: where they are permanent too, and the supervisor can end', async () => {
    const { supervisor, system, clock, ended } = await supervise({ strategy: 'simple_one_for_one' }, [
      { id: 'x', start: sometimes },
    ]);
    await supervisor.startChild(true);
    await supervisor.startChild(false);
    expect(await supervisor.whichChildren()).toHaveLength(1);
    system.exit(supervisor, 'shutdown');
    await clock.advance(1);
    expect(ended()).toBe('shutdown');
  });
});

describe('instances of one spec', () => {
  it('SUP:sup_start_child_returns_error_simple: one that does not start rejects with what its start threw', async () => {
    const cause = new Error('no disk');
    const start = () =>
      probe('kid', told(), {
        onStart: () => {
          throw cause;
        },
      });
    const { supervisor } = await supervise({ strategy: 'simple_one_for_one' }, [{ id: 'x', start }]);
    await expect(supervisor.startChild()).rejects.toBe(cause);
    expect(await supervisor.whichChildren()).toEqual([]);
  });

  it('SUP:sup_start_map_simple: have the one spec with its defaults', async () => {
    const { supervisor } = await supervise({ strategy: 'simple_one_for_one' }, [worker('x')]);
    for (let count = 0; count < 3; count++) {
      const ref = await supervisor.startChild();
      expect(await supervisor.childSpec(ref ?? '')).toMatchObject({
        id: 'x',
        restart: 'permanent',
        shutdown: 5_000,
        significant: false,
        kind: 'worker',
      });
    }
    await expect(supervisor.childSpec({ address: 'n1/user/other' })).rejects.toMatchObject({ code: 'no_such_child' });
  });
});

describe('a supervisor that stops', () => {
  it('SUP:sup_stop_infinity: waits for workers and supervisors without end', async () => {
    const gate = Promise.withResolvers<void>();
    const log = told();
    const slow = { start: probe('slow', log, { onStop: () => gate.promise }), shutdown: 'infinity' } as const;
    const { system, supervisor, clock, ended } = await supervise({}, [
      { id: 'a', ...slow, kind: 'supervisor' },
      { id: 'b', ...slow, kind: 'worker' },
    ]);
    const reasons = ['a', 'b'].map((id) => system.monitor(`n1/user/s/${id}`).down.then(({ reason }) => reason));
    system.exit(supervisor, 'shutdown');
    await clock.advance(1_000_000);
    expect(ended()).toBeUndefined();
    gate.resolve();
    await clock.advance(1);
    expect([await Promise.all(reasons), ended()]).toEqual([['shutdown', 'shutdown'], 'shutdown']);
  });

  it('SUP:sup_stop_timeout: kills a child that does not end in its time, and ends in order itself', async () => {
    const busy = { onStop: () => new Promise<void>(() => {}) };
    const { system, supervisor, clock, ended } = await supervise({}, [
      worker('child1', { shutdown: 1_000 }),
      worker('child2', { shutdown: 1_000 }, busy),
    ]);
    const reasons = ['child1', 'child2'].map((id) =>
      system.monitor(`n1/user/s/${id}`).down.then(({ reason }) => reason),
    );
    system.exit(supervisor, 'shutdown');
    await clock.advance(1_000);
    expect([await Promise.all(reasons), ended()]).toEqual([['shutdown', 'killed'], 'shutdown']);
  });

  it('SUP:sup_stop_timeout_dynamic: so with instances', async () => {
    const start = (isBusy: boolean) =>
      probe('kid', told(), isBusy ? { onStop: () => new Promise<void>(() => {}) } : {});
    const template = { id: 'x', start, restart: 'temporary', shutdown: 1_000 } as const;
    const { system, supervisor, clock, ended } = await supervise({ strategy: 'simple_one_for_one' }, [template]);
    const refs = [await supervisor.startChild(false), await supervisor.startChild(true)];
    const reasons = refs.map((ref) => system.monitor(ref ?? '').down.then(({ reason }) => reason));
    system.exit(supervisor, 'shutdown');
    await clock.advance(1_000);
    expect([await Promise.all(reasons), ended()]).toEqual([['shutdown', 'killed'], 'shutdown']);
  });

  it('SUP:sup_stop_race: children that end meanwhile keep their own reasons, and nothing is restarted', async () => {
    const log = told();
    const gate = Promise.withResolvers<void>();
    const reasons = ['normal', 'shutdown', { shutdown: 'x' }, 'other'];
    const restarts = ['temporary', 'transient', 'permanent'] as const;
    const middle = restarts.flatMap((restart) =>
      reasons.map((reason, index) => ({ id: `${restart}-${index}`, restart, reason })),
    );
    const ending = defineActor('ending', {
      state: () => void log.begun.push('ending'),
      on: { end: (_state, message: { reason: unknown }) => ({ actions: [stop(message.reason)] }) },
    });
    const { system, supervisor, clock, ended, ref } = await supervise({}, [
      { id: 'A', start: probe('A', log) },
      ...middle.map(({ id, restart }) => ({ id, restart, start: ending })),
      { id: 'Z', start: probe('Z', log, { onStop: () => gate.promise }), shutdown: 'infinity' },
    ]);
    const downs = middle.map(({ id }) => system.monitor(`n1/user/s/${id}`).down.then(({ reason }) => reason));
    system.exit(supervisor, 'shutdown');
    await settled();
    for (const { id, reason } of middle) ref(id).tell({ type: 'end', reason });
    await clock.advance(1);
    gate.resolve();
    await clock.advance(1);
    expect(await Promise.all(downs)).toEqual(middle.map(({ reason }) => reason));
    expect([ended(), log.begun.filter((name) => name === 'ending').length]).toEqual(['shutdown', 12]);
  });

  it('SUP:simple_one_for_one_shutdown: ends instances together, under one time for all', async () => {
    const { system, clock } = virtualSystem();
    const slow = (ms: number) =>
      defineActor('slow', {
        state: () => 0,
        stop: (_state, _reason, context) => new Promise<void>((resolve) => context.clock.setTimer(ms, resolve)),
        on: {},
      });
    const definition = defineSupervisor('s', {
      strategy: 'simple_one_for_one',
      children: [{ id: 'x', start: slow, shutdown: 2_000 }],
    });
    const supervisor = await system.supervise(definition, { restart: 'temporary' });
    const refs = await Promise.all([1_000, 1_000, 5_000].map((ms) => supervisor.startChild(ms)));
    const reasons = refs.map((ref) => system.monitor(ref ?? '').down.then(({ reason }) => reason));
    await clock.runUntilSettled(system.stop(supervisor, { reason: 'shutdown', timeoutMs: 60_000 }));
    expect(clock.monotonic()).toBe(2_000);
    expect(await Promise.all(reasons)).toEqual(['shutdown', 'shutdown', 'killed']);
  });
});

describe('a spec', () => {
  const check =
    (...children: unknown[]) =>
    () =>
      checkSupervisorSpec('it', { children });
  const refused = (rule: string) =>
    expect.objectContaining({ code: 'invalid_definition', data: expect.objectContaining({ rule }) });

  it.each([
    [{ start: 5 }, 'invalid_start'],
    [{ restart: 'sometimes' }, 'invalid_restart_type'],
    [{ shutdown: -10 }, 'invalid_shutdown'],
    [{ kind: 'wrong' }, 'invalid_child_type'],
    [{ register: 'a b' }, 'invalid_register'],
  ])('SUP:child_specs: with %j is refused', async (wrong, rule) => {
    expect(check({ ...worker('a'), ...wrong })).toThrow(refused(rule));
    const { supervisor } = await supervise({}, []);
    await expect(supervisor.startChild({ ...worker('a'), ...wrong })).rejects.toMatchObject({ data: { rule } });
  });

  it('SUP:child_specs: that is no list, or has an id twice; every shutdown that OTP takes', () => {
    expect(() => checkSupervisorSpec('it', { children: 'a' })).toThrow(refused('bad_start_spec'));
    expect(check(worker('a'), worker('a'))).toThrow(refused('duplicate_id'));
    for (const shutdown of [0, 1_000, 'infinity', 'brutal'] satisfies Shutdown[]) check(worker('a', { shutdown }))();
  });

  it.each([[[]], [[worker('a'), worker('b')]]])('SUP:child_specs (simple): needs exactly one template', (children) => {
    expect(() => checkSupervisorSpec('it', { strategy: 'simple_one_for_one', children })).toThrow(
      refused('bad_start_spec'),
    );
  });

  it('SUP:child_specs_map (b): what may be significant, by all other fields', () => {
    expect(check({ ...worker('a'), significant: 'maybe' })).toThrow(refused('invalid_significant'));
    for (const autoShutdown of ['never', 'any_significant', 'all_significant'])
      for (const restart of [undefined, 'permanent', 'transient', 'temporary'])
        for (const shutdown of [undefined, 0, 'infinity', 'brutal'])
          for (const kind of [undefined, 'worker', 'supervisor'])
            for (const significant of [undefined, false, true]) {
              const made = () =>
                checkSupervisorSpec('it', {
                  autoShutdown,
                  children: [{ ...worker('a'), restart, shutdown, kind, significant }],
                });
              const isBad =
                significant && (autoShutdown === 'never' || restart === undefined || restart === 'permanent');
              if (isBad) expect(made).toThrow(refused('bad_combination'));
              else made();
            }
  });

  it.each(['any_significant', 'all_significant', 'never'])(
    'SUP:significant_simple: simple_one_for_one and %s',
    (autoShutdown) => {
      const made = () =>
        checkSupervisorSpec('it', { strategy: 'simple_one_for_one', autoShutdown, children: [worker('x')] });
      if (autoShutdown === 'never') made();
      else expect(made).toThrow(refused('bad_combination'));
    },
  );
});
