/** OTP's tests of its supervisor: who is restarted with whom, and what climbs up. */
import { type ChildSpec, defineSupervisor, ignore } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { type ProbeOptions, probe, type Told, told } from '../support/kernel-probe.ts';
import { supervise } from '../support/kernel-supervised.ts';

const worker = (id: string, options: ProbeOptions = {}, log: Told = told()): ChildSpec => ({
  id,
  start: probe(id, log, options),
});
const failsAgain = {
  onStart: (start: number) => {
    if (start > 1) throw new Error('never again');
  },
};
const simple = { strategy: 'simple_one_for_one' } as const;

describe('one_for_one', () => {
  it('SUP:one_for_one: the one that failed alone; the third time is too much', async () => {
    const { tell, incarnations, counts, ended } = await supervise({}, [worker('child1'), worker('child2')]);
    await tell('child1', 'fail');
    expect([await incarnations(), await counts()]).toEqual([
      [2, 1],
      [2, 2, 0, 2],
    ]);
    await tell('child2', 'fail');
    expect(ended()).toBeUndefined();
    await tell('child1', 'fail');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:one_for_one_escalation: one whose restart always fails takes all down', async () => {
    const log = told();
    const { tell, ended } = await supervise({ intensity: 4 }, [
      worker('child1', failsAgain),
      worker('child2', {}, log),
    ]);
    await tell('child1', 'fail');
    expect([ended(), log.ended]).toEqual(['shutdown', [['child2', 'shutdown']]]);
  });
});

describe('one_for_all', () => {
  it('SUP:one_for_all', async () => {
    const log = told();
    const { tell, incarnations, counts, ended } = await supervise({ strategy: 'one_for_all' }, [
      worker('child1'),
      worker('child2', {}, log),
    ]);
    await tell('child1', 'fail');
    expect(log.ended).toEqual([['child2', 'shutdown']]);
    expect([await incarnations(), await counts()]).toEqual([
      [2, 2],
      [2, 2, 0, 2],
    ]);
    await tell('child2', 'fail');
    await tell('child1', 'fail');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:one_for_all_other_child_fails_restart: those that were restarted are stopped, and all begin again', async () => {
    const log = told();
    const failsOnce = {
      onStart: (start: number) => {
        if (start === 2) throw new Error('once');
      },
    };
    const { tell, clock, ended } = await supervise({ strategy: 'one_for_all', intensity: 3 }, [
      worker('child1', {}, log),
      worker('child2', failsOnce, log),
    ]);
    await tell('child1', 'fail');
    await clock.advance(10);
    expect(log.begun).toEqual(['child1', 'child2', 'child1', 'child1', 'child2']);
    expect(log.ended.slice(1)).toEqual([
      ['child2', 'shutdown'],
      ['child1', 'shutdown'],
    ]);
    expect(ended()).toBeUndefined();
  });
});

describe('rest_for_one', () => {
  it('SUP:rest_for_one', async () => {
    const log = told();
    const { tell, incarnations, counts, ended } = await supervise({ strategy: 'rest_for_one' }, [
      worker('child1', {}, log),
      worker('child2', {}, log),
      worker('child3', {}, log),
    ]);
    await tell('child2', 'fail');
    expect(log.ended.map(([name]) => name)).toEqual(['child2', 'child3']);
    expect([await incarnations(), await counts()]).toEqual([
      [1, 2, 2],
      [3, 3, 0, 3],
    ]);
    await tell('child3', 'fail');
    await tell('child2', 'fail');
    expect(ended()).toBe('shutdown');
  });

  it('SUP:rest_for_one_escalation', async () => {
    const { tell, ended, clock } = await supervise({ strategy: 'rest_for_one', intensity: 4 }, [
      worker('child1'),
      worker('child2', failsAgain),
    ]);
    await tell('child1', 'fail');
    await clock.advance(10);
    expect(ended()).toBe('shutdown');
  });

  it('SUP:rest_for_one_other_child_fails_restart: it goes on from the one that failed', async () => {
    const log = told();
    const failsOnce = {
      onStart: (start: number) => {
        if (start === 2) throw new Error('once');
      },
    };
    const { tell, clock } = await supervise({ strategy: 'rest_for_one', intensity: 3 }, [
      worker('child1', {}, log),
      worker('child2', failsOnce, log),
    ]);
    await tell('child1', 'fail');
    await clock.advance(10);
    expect(log.begun).toEqual(['child1', 'child2', 'child1', 'child2']);
  });

  it('SUP:order_of_children: started as listed, stopped in reverse', async () => {
    const log = told();
    const ids = ['fifth', 'first', 'third', 'alpha', 'zulu'];
    const { tell, system, supervisor, clock } = await supervise(
      { strategy: 'rest_for_one' },
      ids.map((id) => worker(id, {}, log)),
    );
    expect(log.begun).toEqual(ids);
    await tell('third', 'fail');
    expect(log.ended.map(([name]) => name)).toEqual(['third', 'zulu', 'alpha']);
    expect(log.begun.slice(5)).toEqual(['third', 'alpha', 'zulu']);
    log.ended.length = 0;
    system.exit(supervisor, 'shutdown');
    await clock.advance(1);
    expect(log.ended.map(([name]) => name)).toEqual(ids.toReversed());
  });
});

describe('simple_one_for_one', () => {
  it('SUP:simple_one_for_one: one restart for all instances together', async () => {
    const { supervisor, clock, counts, ended } = await supervise(simple, [worker('x')]);
    const refs = [await supervisor.startChild(), await supervisor.startChild()];
    const fail = async (index: number) => {
      refs[index]?.tell({ type: 'fail' });
      await clock.advance(1);
    };
    await fail(0);
    expect((await supervisor.whichChildren()).map(({ incarnation }) => incarnation)).toEqual([1, 2]);
    expect(await counts()).toEqual([1, 2, 0, 2]);
    await fail(1);
    await fail(0);
    expect(ended()).toBe('shutdown');
  });

  it('SUP:simple_one_for_one_restart_ignore: an instance whose restart is ignored is gone', async () => {
    let starts = 0;
    const start = () => (++starts < 3 ? probe('x', told()) : ignore);
    const { supervisor, system, clock, ended } = await supervise(simple, [{ id: 'x', start }]);
    const ref = await supervisor.startChild();
    for (let time = 0; time < 2; time++) {
      system.exit(ref ?? '', 'kill');
      await clock.advance(1);
    }
    expect([await supervisor.whichChildren(), ended()]).toEqual([[], undefined]);
    system.exit(supervisor, 'shutdown');
    await clock.advance(1);
    expect(ended()).toBe('shutdown');
  });

  it('SUP:simple_one_for_one_escalation', async () => {
    const log = told();
    const start = (isBroken: boolean) => (isBroken ? broken : probe('sibling', log));
    const broken = probe('broken', told(), failsAgain);
    const { supervisor, clock, ended } = await supervise({ ...simple, intensity: 4 }, [{ id: 'x', start }]);
    const ref = await supervisor.startChild(true);
    await supervisor.startChild(false);
    ref?.tell({ type: 'fail' });
    await clock.advance(10);
    expect([ended(), log.ended]).toEqual(['shutdown', [['sibling', 'shutdown']]]);
  });
});

describe('a tree', () => {
  /** sup1 has two workers from its spec; sup2 and sup3, which is transient, get theirs at run time. */
  async function tree() {
    const sup1 = defineSupervisor('sup1', { children: [worker('w1'), worker('w2')] });
    const dynamic = defineSupervisor('dynamic', { intensity: 1, children: [] });
    const world = await supervise({ strategy: 'one_for_all', intensity: 4 }, [
      { id: 'sup1', start: sup1 },
      { id: 'sup2', start: dynamic },
      { id: 'sup3', start: dynamic, restart: 'transient' },
    ]);
    const of = async (id: string) => (await world.supervisor.whichChild(id)).ref as unknown as typeof world.supervisor;
    return { ...world, of };
  }

  it('SUP:tree (a): what happens in a branch stays there', async () => {
    const { supervisor, counts, of, clock } = await tree();
    await supervisor.terminateChild('sup3');
    expect(await counts()).toEqual([3, 2, 3, 0]);
    const sup2 = await of('sup2');
    const ref = await sup2.startChild(worker('a'));
    await sup2.startChild(worker('b'));
    ref?.tell({ type: 'fail' });
    await clock.advance(1);
    expect((await sup2.whichChildren()).map(({ incarnation }) => incarnation)).toEqual([1, 2]);
    const sup1 = await of('sup1');
    expect((await sup1.whichChildren()).map(({ incarnation }) => incarnation)).toEqual([1, 1]);
  });

  it('SUP:tree (b): a branch that gives up restarts all; children added at run time are not made again', async () => {
    const { supervisor, of, clock, ended } = await tree();
    await supervisor.terminateChild('sup3');
    const sup2 = await of('sup2');
    await sup2.startChild(worker('a'));
    const broken = await sup2.startChild(worker('b', failsAgain));
    broken?.tell({ type: 'fail' });
    await clock.advance(10);
    expect(ended()).toBeUndefined();
    const infos = await supervisor.whichChildren();
    expect(infos.map(({ id, status, incarnation }) => [id, status, incarnation])).toEqual([
      ['sup3', 'running', 2],
      ['sup2', 'running', 2],
      ['sup1', 'running', 2],
    ]);
    expect(await (await of('sup1')).countChildren()).toEqual({ specs: 2, active: 2, supervisors: 0, workers: 2 });
    const none = { specs: 0, active: 0, supervisors: 0, workers: 0 };
    for (const id of ['sup2', 'sup3']) expect(await (await of(id)).countChildren()).toEqual(none);
    expect(await (await of('sup2')).startChild(worker('a'))).toBeDefined();
  });
});
