/** OTP's tests of its supervisor: children at run time, what they end with, what is said about them. */
import { type ChildSpec, defineSupervisor } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { type ProbeOptions, probe, settled, told } from '../support/kernel-probe.ts';
import { supervise } from '../support/kernel-supervised.ts';

const worker = (id: string, more: Partial<ChildSpec> = {}, options: ProbeOptions = {}) => ({
  id,
  start: probe(id, told(), options),
  ...more,
});
const simple = { strategy: 'simple_one_for_one' } as const;

describe('operations on children', () => {
  it('SUP:child_adm (c): terminating twice is no error, and keeps the place', async () => {
    const { supervisor, counts, system } = await supervise({}, [worker('child1')]);
    const { down } = system.monitor('n1/user/s/child1');
    await supervisor.terminateChild('child1');
    await supervisor.terminateChild('child1');
    expect(await down).toMatchObject({ reason: 'shutdown' });
    expect(await supervisor.whichChild('child1')).toMatchObject({ ref: undefined, incarnation: 1, status: 'stopped' });
    expect(await counts()).toEqual([1, 0, 0, 1]);
  });

  it('SUP:child_adm (e): restarting one that was terminated, one that runs and one that is not there', async () => {
    const { supervisor } = await supervise({}, [worker('child1')]);
    await supervisor.terminateChild('child1');
    const ref = await supervisor.restartChild('child1');
    expect(await ref?.ask({ type: 'ping' })).toBe('child1');
    expect(await supervisor.whichChild('child1')).toMatchObject({ ref, incarnation: 2 });
    await expect(supervisor.restartChild('child1')).rejects.toMatchObject({ code: 'child_running' });
    await expect(supervisor.restartChild('child2')).rejects.toMatchObject({ code: 'no_such_child' });
  });

  it('SUP:child_adm (g): a ref names a child as its id does; that of a stranger names none', async () => {
    const { supervisor, system } = await supervise({}, [worker('child1')]);
    const stranger = await system.spawn(probe('stranger', told()));
    await expect(supervisor.terminateChild(stranger)).rejects.toMatchObject({ code: 'no_such_child' });
    expect(await stranger.ask({ type: 'ping' })).toBe('stranger');
    const { ref } = await supervisor.whichChild('child1');
    await supervisor.terminateChild(ref ?? '');
    expect(await supervisor.whichChild('child1')).toMatchObject({ status: 'stopped' });
  });

  it('SUP:child_adm_simple (a): counting instances', async () => {
    const { supervisor, counts } = await supervise(simple, [worker('x')]);
    expect([await supervisor.whichChildren(), await counts()]).toEqual([[], [1, 0, 0, 0]]);
    await supervisor.startChild();
    await supervisor.startChild();
    expect(await counts()).toEqual([1, 2, 0, 2]);
    expect((await supervisor.whichChildren()).map(({ id }) => id)).toEqual([undefined, undefined]);
  });

  it('SUP:child_adm_simple (c): instances have no ids', async () => {
    const { supervisor } = await supervise(simple, [worker('x')]);
    for (const operation of ['restartChild', 'deleteChild'] as const) {
      await expect(supervisor[operation]('x')).rejects.toMatchObject({ code: 'dynamic_supervisor' });
    }
  });

  it('SUP:already_started_outside_supervisor: a name that a stranger holds', async () => {
    const { supervisor, system } = await supervise({}, []);
    const stranger = await system.spawn(probe('stranger', told()), { name: 'stranger', register: 'desk' });
    await expect(supervisor.startChild(worker('child1', { register: 'desk' }))).rejects.toMatchObject({
      code: 'name_taken',
      data: { name: 'desk', holder: 'n1/user/stranger' },
    });
    await system.stop(supervisor);
    expect(await stranger.ask({ type: 'ping' })).toBe('stranger');
  });

  it('SUP:which_children: newest first; each as it is found alone', async () => {
    const { supervisor } = await supervise({}, []);
    for (const id of ['a', 'b', 'c']) await supervisor.startChild(worker(id));
    const list = await supervisor.whichChildren();
    expect(list.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    for (const info of list) expect(await supervisor.whichChild(info.id ?? '')).toEqual(info);
    await supervisor.terminateChild('b');
    expect(await supervisor.whichChild('b')).toMatchObject({ ref: undefined });
    await supervisor.deleteChild('b');
    for (const id of ['b', 'unknown'])
      await expect(supervisor.whichChild(id)).rejects.toMatchObject({ code: 'no_such_child' });
  });

  it('SUP:which_children_simple_one_for_one: by ref', async () => {
    const { supervisor, system } = await supervise(simple, [worker('x')]);
    const ref = await supervisor.startChild();
    if (!ref) throw new Error('not started');
    expect(await supervisor.whichChild(ref)).toMatchObject({ id: undefined, ref });
    const stranger = await system.spawn(probe('stranger', told()));
    await expect(supervisor.whichChild(stranger)).rejects.toMatchObject({ code: 'no_such_child' });
    await expect(supervisor.whichChild('x')).rejects.toMatchObject({ code: 'dynamic_supervisor' });
    await supervisor.terminateChild(ref);
    expect(await supervisor.whichChildren()).toEqual([]);
    await expect(supervisor.whichChild(ref)).rejects.toMatchObject({ code: 'no_such_child' });
  });

  it('SUP:count_children: by the thousand', async () => {
    const { supervisor, counts, system, clock } = await supervise(simple, [worker('x', { restart: 'temporary' })]);
    const start = async () => {
      for (let count = 0; count < 1_000; count++) await supervisor.startChild();
    };
    await start();
    expect(await counts()).toEqual([1, 1_000, 0, 1_000]);
    await start();
    expect(await counts()).toEqual([1, 2_000, 0, 2_000]);
    expect(await counts()).toEqual([1, 2_000, 0, 2_000]);
    for (const { ref } of await supervisor.whichChildren()) system.exit(ref ?? '', 'kill');
    await clock.advance(1);
    expect(await counts()).toEqual([1, 0, 0, 0]);
  });

  it('SUP:count_children_supervisor: of supervisors', async () => {
    const inner = defineSupervisor('inner', { children: [] });
    const { supervisor, counts } = await supervise(simple, [{ id: 'x', start: inner, kind: 'supervisor' }]);
    for (let count = 0; count < 20; count++) await supervisor.startChild();
    expect(await counts()).toEqual([1, 20, 20, 0]);
  });
});

describe('a child that ends', () => {
  it('SUP:permanent_normal: a permanent one is restarted', async () => {
    const { tell, incarnations, counts } = await supervise({}, [worker('c')]);
    await tell('c', 'end');
    expect([await incarnations(), await counts()]).toEqual([[2], [1, 1, 0, 1]]);
  });

  it('SUP:transient_normal: a transient one stays down, in its place', async () => {
    const { tell, supervisor, counts } = await supervise({}, [worker('c', { restart: 'transient' })]);
    await tell('c', 'end');
    expect(await supervisor.whichChild('c')).toMatchObject({ ref: undefined, status: 'stopped' });
    expect(await counts()).toEqual([1, 0, 0, 1]);
  });

  it('SUP:temporary_normal: a temporary one is forgotten', async () => {
    const { tell, counts } = await supervise({}, [worker('c', { restart: 'temporary' })]);
    await tell('c', 'end');
    expect(await counts()).toEqual([0, 0, 0, 0]);
  });

  it('SUP:permanent_shutdown: a permanent one is restarted also when it was told to end', async () => {
    const { tell, incarnations } = await supervise({}, [worker('c')]);
    await tell('c', 'end', { reason: 'shutdown' });
    await tell('c', 'end', { reason: { shutdown: 'info' } });
    expect(await incarnations()).toEqual([3]);
  });

  it('SUP:transient_shutdown: a transient one is not, but can be', async () => {
    const { tell, supervisor } = await supervise({}, [worker('c', { restart: 'transient' })]);
    for (const [index, reason] of ['shutdown', { shutdown: 'info' }].entries()) {
      await tell('c', 'end', { reason });
      expect(await supervisor.whichChild('c')).toMatchObject({ ref: undefined, incarnation: index + 1 });
      expect(await (await supervisor.restartChild('c'))?.ask({ type: 'ping' })).toBe('c');
    }
  });

  it('SUP:permanent_abnormal', async () => {
    const { tell, incarnations } = await supervise({}, [worker('c')]);
    await tell('c', 'fail');
    expect(await incarnations()).toEqual([2]);
  });

  it('SUP:transient_abnormal', async () => {
    const { tell, incarnations } = await supervise({}, [worker('c', { restart: 'transient' })]);
    await tell('c', 'fail');
    expect(await incarnations()).toEqual([2]);
  });

  it('SUP:temporary_abnormal', async () => {
    const { tell, counts } = await supervise({}, [worker('c', { restart: 'temporary' })]);
    await tell('c', 'fail');
    expect(await counts()).toEqual([0, 0, 0, 0]);
  });

  it.each(['one_for_one', 'one_for_all', 'rest_for_one'] as const)(
    'SUP:do_not_save_child_specs_for_temporary_children: what can be started again at once, under %s',
    async (strategy) => {
      const again = async (restart: 'permanent' | 'transient' | 'temporary', how: string) => {
        const { supervisor, tell, kill } = await supervise({ strategy, intensity: 10 }, []);
        const spec = worker('c', { restart });
        await supervisor.startChild(spec);
        if (how === 'terminate') await supervisor.terminateChild('c');
        else if (how === 'kill') await kill('c');
        else await tell('c', how);
        await settled();
        return supervisor.startChild(spec).then(
          () => 'started',
          (error) => error.code,
        );
      };
      const table = Object.fromEntries(
        await Promise.all(
          (['permanent', 'transient', 'temporary'] as const).map(async (restart) => [
            restart,
            await Promise.all(['kill', 'end', 'fail', 'terminate'].map((how) => again(restart, how))),
          ]),
        ),
      );
      expect(table).toEqual({
        permanent: ['child_started', 'child_started', 'child_started', 'child_present'],
        transient: ['child_started', 'child_present', 'child_started', 'child_present'],
        temporary: ['started', 'started', 'started', 'started'],
      });
    },
  );
});

describe('significant children', () => {
  const significant = (id: string, restart: 'transient' | 'temporary') => worker(id, { restart, significant: true });
  const any = { autoShutdown: 'any_significant', intensity: 10 } as const;
  const all = { autoShutdown: 'all_significant', intensity: 10 } as const;

  it.each(['kill', 'fail', 'end'])(
    'SUP:significant_temporary (any): one that ends by %s ends all; terminating it does not',
    async (how) => {
      const { supervisor, tell, kill, ended } = await supervise(any, [
        significant('1', 'temporary'),
        significant('2', 'temporary'),
        worker('3', { restart: 'temporary' }),
      ]);
      await supervisor.terminateChild('1');
      expect(ended()).toBeUndefined();
      if (how === 'kill') await kill('2');
      else await tell('2', how);
      expect(ended()).toBe('shutdown');
    },
  );

  it('SUP:significant_temporary (all): the last of them does', async () => {
    const { tell, ended } = await supervise(all, [
      significant('1', 'temporary'),
      significant('2', 'temporary'),
      worker('3', { restart: 'temporary' }),
    ]);
    await tell('1', 'end');
    expect(ended()).toBeUndefined();
    await tell('2', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:significant_transient (any): only where it is not restarted', async () => {
    const { supervisor, tell, kill, ended, incarnations } = await supervise(any, [
      significant('1', 'transient'),
      worker('2'),
    ]);
    await supervisor.terminateChild('1');
    await supervisor.restartChild('1');
    await kill('1');
    await tell('1', 'fail');
    expect([ended(), await incarnations()]).toEqual([undefined, [4, 1]]);
    await tell('1', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:significant_transient (all): the last one that is not restarted', async () => {
    const { tell, ended } = await supervise(all, [significant('1', 'transient'), significant('2', 'transient')]);
    await tell('1', 'end');
    expect(ended()).toBeUndefined();
    await tell('2', 'end');
    expect(ended()).toBe('shutdown');
  });

  it.each([true, false])(
    'SUP:significant_escalation: up the tree, where each level is significant (%s)',
    async (isSignificant) => {
      const b = defineSupervisor('b', { ...any, children: [significant('c', 'transient')] });
      const { system, clock, ended } = await supervise(any, [
        { id: 'b', start: b, restart: 'transient', significant: isSignificant },
      ]);
      const { down } = system.monitor('n1/user/s/b');
      system.at('n1/user/s/b/c').tell({ type: 'end' });
      await clock.advance(1);
      expect(await down).toMatchObject({ reason: 'shutdown' });
      expect(ended()).toBe(isSignificant ? 'shutdown' : undefined);
    },
  );
});

describe('a child that cannot be restarted', () => {
  /** Starts once, and not again until it is let. */
  function stubborn(id: string) {
    let isOpen = true;
    const start = probe(id, told(), {
      onStart: () => {
        if (!isOpen) throw new Error('not now');
      },
    });
    return {
      spec: { id, start, backoff: { minMs: 500, maxMs: 500, jitter: 0 } },
      close: () => {
        isOpen = false;
      },
    };
  }

  it('SUP:hanging_restart_loop: can be seen, and terminated, while it is tried again', async () => {
    const { spec, close } = stubborn('child1');
    const { supervisor, tell, counts, system, clock, ended } = await supervise({ intensity: 8, periodMs: 10_000 }, [
      spec,
    ]);
    close();
    await tell('child1', 'fail');
    await expect(supervisor.startChild(worker('child1'))).rejects.toMatchObject({ code: 'child_present' });
    for (const operation of ['restartChild', 'deleteChild'] as const) {
      await expect(supervisor[operation]('child1')).rejects.toMatchObject({ code: 'child_restarting' });
    }
    expect(await supervisor.whichChild('child1')).toMatchObject({ status: 'restarting', ref: undefined });
    expect(await counts()).toEqual([1, 0, 0, 1]);
    await supervisor.terminateChild('child1');
    await clock.advance(60_000);
    expect(await supervisor.whichChild('child1')).toMatchObject({ status: 'stopped', ref: undefined });
    expect(ended()).toBeUndefined();

    const other = stubborn('child2');
    await supervisor.startChild(other.spec);
    other.close();
    await tell('child2', 'fail');
    system.exit(supervisor, 'shutdown');
    await clock.advance(1);
    expect(ended()).toBe('shutdown');
  });

  it('SUP:hanging_restart_loop_rest_for_one: those behind it wait', async () => {
    const { spec, close } = stubborn('child2');
    const { supervisor, tell, counts, clock } = await supervise(
      { strategy: 'rest_for_one', intensity: 8, periodMs: 10_000 },
      [worker('child1'), spec, worker('child3')],
    );
    close();
    await tell('child2', 'fail');
    await clock.advance(500);
    const states = async () =>
      (await supervisor.whichChildren()).map(({ id, status, incarnation }) => [id, status, incarnation]);
    expect(await states()).toEqual([
      ['child3', 'stopped', 1],
      ['child2', 'restarting', expect.any(Number)],
      ['child1', 'running', 1],
    ]);
    expect(await counts()).toEqual([3, 1, 0, 3]);
    await supervisor.terminateChild('child2');
    await clock.advance(60_000);
    expect((await states()).map(([, status]) => status)).toEqual(['stopped', 'stopped', 'running']);
    expect(await supervisor.restartChild('child3')).toBeDefined();
  });

  it('SUP:hanging_restart_loop_simple: among instances', async () => {
    const { spec, close } = stubborn('x');
    const { supervisor, system, clock, ended } = await supervise({ ...simple, intensity: 8, periodMs: 10_000 }, [spec]);
    const ref = await supervisor.startChild();
    if (!ref) throw new Error('not started');
    close();
    ref.tell({ type: 'fail' });
    await clock.advance(1);
    expect(await supervisor.whichChildren()).toMatchObject([{ status: 'restarting', ref: undefined }]);
    for (const operation of ['restartChild', 'deleteChild'] as const) {
      await expect(supervisor[operation]('x')).rejects.toMatchObject({ code: 'dynamic_supervisor' });
    }
    await supervisor.terminateChild(ref);
    await clock.advance(60_000);
    expect([await supervisor.whichChildren(), ended()]).toEqual([[], undefined]);
    system.exit(supervisor, 'shutdown');
    await clock.advance(1);
    expect(ended()).toBe('shutdown');
  });
});
