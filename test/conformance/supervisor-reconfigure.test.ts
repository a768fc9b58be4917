/** OTP's tests of its supervisor: another spec while it runs, as its code change has it. */
import type { ChildSpec, SupervisorSpec } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { probe, told } from '../support/kernel-probe.ts';
import { supervise } from '../support/kernel-supervised.ts';

type AutoShutdown = NonNullable<SupervisorSpec['autoShutdown']>;

const worker = (id: string, more: Partial<ChildSpec> = {}): ChildSpec => ({ id, start: probe(id, told()), ...more });
const significant = (id: string) => worker(id, { restart: 'transient', significant: true });
const plain = (id: string) => worker(id, { restart: 'transient' });
const to = (autoShutdown: AutoShutdown, ...children: ChildSpec[]) => ({ autoShutdown, intensity: 9, children });

describe('a supervisor that gets another autoShutdown', () => {
  it('SUP:significant_upgrade_never_any', async () => {
    const { supervisor, tell, ended } = await supervise({}, [plain('a')]);
    await expect(supervisor.startChild(significant('b'))).rejects.toMatchObject({ data: { rule: 'bad_combination' } });
    await supervisor.reconfigure(to('any_significant'));
    await supervisor.startChild(significant('b'));
    await tell('b', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:significant_upgrade_any_never', async () => {
    const { supervisor, tell, ended } = await supervise({ autoShutdown: 'any_significant' }, [significant('a')]);
    await supervisor.reconfigure(to('never'));
    await expect(supervisor.startChild(significant('b'))).rejects.toMatchObject({ data: { rule: 'bad_combination' } });
    await tell('a', 'end');
    expect(ended()).toBeUndefined();
    expect(await supervisor.restartChild('a')).toBeDefined();
  });

  it('SUP:significant_upgrade_never_all', async () => {
    const { supervisor, tell, ended } = await supervise({}, []);
    await supervisor.reconfigure(to('all_significant'));
    for (const id of ['a', 'b']) await supervisor.startChild(significant(id));
    await tell('a', 'end');
    expect(ended()).toBeUndefined();
    await tell('b', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:significant_upgrade_all_never', async () => {
    const { supervisor, tell, ended } = await supervise({ autoShutdown: 'all_significant' }, [significant('a')]);
    await supervisor.reconfigure(to('never'));
    await tell('a', 'end');
    expect(ended()).toBeUndefined();
  });

  it('SUP:significant_upgrade_any_all: the last one ends it', async () => {
    const { supervisor, tell, ended } = await supervise(
      { autoShutdown: 'any_significant' },
      ['a', 'b'].map(significant),
    );
    await supervisor.reconfigure(to('all_significant'));
    await tell('a', 'end');
    expect(ended()).toBeUndefined();
    await tell('b', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:significant_upgrade_all_any: the first one ends it', async () => {
    const { supervisor, tell, ended } = await supervise(
      { autoShutdown: 'all_significant' },
      ['a', 'b'].map(significant),
    );
    await supervisor.reconfigure(to('any_significant'));
    await tell('a', 'end');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:significant_upgrade_child: the new spec of a child that runs counts, and it goes on', async () => {
    const { supervisor, tell, ended, incarnations } = await supervise({ autoShutdown: 'any_significant' }, [
      plain('a'),
    ]);
    await expect(supervisor.reconfigure(to('never', significant('a')))).rejects.toMatchObject({
      data: { rule: 'bad_combination' },
    });
    await supervisor.reconfigure(to('any_significant', significant('a')));
    expect(await incarnations()).toEqual([1]);
    await tell('a', 'end');
    expect(ended()).toBe('shutdown');
  });
});

describe('a supervisor that gets another spec', () => {
  it('SUP:code_change / code_change_map: new children are there and do not run, old ones stay', async () => {
    const { supervisor, tell, incarnations, ended } = await supervise({}, [worker('child1'), worker('child2')]);
    await supervisor.reconfigure({
      strategy: 'rest_for_one',
      intensity: 1,
      children: [worker('child1', { shutdown: 7 }), worker('child3')],
    });
    expect((await supervisor.whichChildren()).map(({ id, status }) => [id, status])).toEqual([
      ['child3', 'stopped'],
      ['child2', 'running'],
      ['child1', 'running'],
    ]);
    expect(await supervisor.childSpec('child1')).toMatchObject({ shutdown: 7 });
    for (const wrong of [{ children: 5 }, { intensity: -1, children: [] }, { children: [worker('a'), worker('a')] }]) {
      await expect(supervisor.reconfigure(wrong)).rejects.toMatchObject({ code: 'invalid_definition' });
    }
    await tell('child1', 'fail');
    expect(await incarnations()).toEqual([2, 2, 1]);
    await tell('child1', 'fail');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:code_change_simple / code_change_simple_map: another template, and neither two nor none', async () => {
    const { supervisor, ended } = await supervise({ strategy: 'simple_one_for_one' }, [worker('x')]);
    await supervisor.startChild();
    const other = { strategy: 'simple_one_for_one', children: [{ id: 'y', start: probe('y', told()) }] };
    await supervisor.reconfigure(other);
    expect(await (await supervisor.startChild())?.ask({ type: 'ping' })).toBe('y');
    for (const children of [[], [worker('x'), worker('y')]]) {
      await expect(supervisor.reconfigure({ ...other, children })).rejects.toMatchObject({
        data: { rule: 'bad_start_spec' },
      });
    }
    await expect(supervisor.reconfigure({ children: [] })).rejects.toMatchObject({ code: 'invalid_definition' });
    expect(await supervisor.countChildren()).toMatchObject({ active: 2 });
    expect(ended()).toBeUndefined();
  });
});
