import { describe, expect, it } from 'vitest';
import { stop } from '../run/action.ts';
import { defineActor } from '../run/definition.ts';
import { virtualSystem } from '../run/kernel.test-system.ts';
import { defineSupervisor } from './definition.ts';
import type { ChildSpec, SupervisorSpec } from './spec.ts';

type Start = (start: number) => unknown;

/** An actor that fails when told, whose start and stop may take as long as the test likes. */
function actor(onStart: Start = () => 0, onStop: () => void | Promise<void> = () => {}) {
  let starts = 0;
  return defineActor('actor', {
    preserve: 'none',
    state: () => onStart(++starts),
    stop: onStop,
    on: {
      fail: () => {
        throw new Error('as asked');
      },
      end: () => ({ actions: [stop('normal')] }),
      ping: () => ({ reply: 'pong' }),
    },
  });
}

async function supervised(spec: Omit<SupervisorSpec, 'children'>, children: readonly ChildSpec[]) {
  const world = virtualSystem();
  const { system, clock } = world;
  const definition = defineSupervisor('s', { intensity: 3, ...spec, children });
  const supervisor = await clock.runUntilSettled(system.supervise(definition, { name: 's', restart: 'temporary' }));
  let end: unknown;
  void system.monitor(supervisor).down.then(({ reason }) => {
    end = reason;
  });
  const states = async () =>
    (await supervisor.whichChildren()).reverse().map(({ id, status, incarnation }) => [id, status, incarnation]);
  return { ...world, supervisor, states, ended: () => end, at: (id: string) => system.at(`n1/user/s/${id}`) };
}

describe('a child that is terminated while it starts again', () => {
  it('stays down', async () => {
    const { at, supervisor, clock, states } = await supervised({}, [
      { id: 'slow', start: actor((start) => (start === 1 ? 0 : new Promise(() => {}))) },
    ]);
    at('slow').tell({ type: 'fail' });
    await clock.advance(1);
    await supervisor.terminateChild('slow');
    await clock.advance(1_000);
    expect(await states()).toEqual([['slow', 'stopped', 2]]);
  });
});

describe('a group that is restarted', () => {
  it.each(['one_for_all', 'rest_for_one'] as const)(
    'counts once, whoever fails at the same time (%s)',
    async (strategy) => {
      const { at, clock, ended, states } = await supervised({ strategy, intensity: 1 }, [
        { id: 'a', start: actor() },
        { id: 'b', start: actor() },
      ]);
      at('a').tell({ type: 'fail' });
      at('b').tell({ type: 'fail' });
      await clock.advance(1);
      expect(ended()).toBeUndefined();
      expect(await states()).toEqual([
        ['a', 'running', 2],
        ['b', 'running', 2],
      ]);
    },
  );

  it('is done before the next operation', async () => {
    const gate = Promise.withResolvers<number>();
    const { at, supervisor, clock, states } = await supervised({ strategy: 'one_for_all' }, [
      { id: 'a', start: actor((start) => (start === 1 ? 0 : gate.promise)) },
      { id: 'b', start: actor() },
    ]);
    at('a').tell({ type: 'fail' });
    await clock.advance(1);
    const operations = [supervisor.restartChild('b'), supervisor.terminateChild('b')];
    const seen = Promise.allSettled(operations);
    await clock.advance(1);
    gate.resolve(0);
    expect(await seen).toMatchObject([{ reason: { code: 'child_running' } }, { status: 'fulfilled' }]);
    await clock.advance(1);
    expect(await states()).toEqual([
      ['a', 'running', 2],
      ['b', 'stopped', 2],
    ]);
  });

  it('waits for a child that is being started', async () => {
    const gate = Promise.withResolvers<number>();
    const { at, supervisor, clock, states } = await supervised({ strategy: 'one_for_all' }, [
      { id: 'a', start: actor() },
    ]);
    const starting = supervisor.startChild({ id: 'b', start: actor((start) => (start === 1 ? gate.promise : 0)) });
    await clock.advance(1);
    at('a').tell({ type: 'fail' });
    await clock.advance(1);
    gate.resolve(0);
    expect((await starting)?.address).toBe('n1/user/s/b');
    await clock.advance(1);
    expect(await states()).toEqual([
      ['a', 'running', 2],
      ['b', 'running', 2],
    ]);
  });
});

describe('a supervisor that gives up', () => {
  it('starts nothing any more', async () => {
    const gate = Promise.withResolvers<void>();
    const { at, supervisor, clock, system, ended } = await supervised({ intensity: 0 }, [
      { id: 'slow', start: actor(undefined, () => gate.promise) },
      { id: 'a', start: actor() },
    ]);
    at('a').tell({ type: 'fail' });
    await clock.advance(1);
    const late = supervisor.startChild({ id: 'late', start: actor() });
    await expect(late).rejects.toMatchObject({ code: 'actor_stopped' });
    gate.resolve();
    await clock.advance(1);
    expect(ended()).toBe('shutdown');
    expect(system.inspect().children).toEqual([]);
  });
});

describe('a supervisor that is killed or stopped while it ends', () => {
  it('begins again once, as if nothing had been under way', async () => {
    const hang = () => new Promise<void>(() => {});
    const inner = defineSupervisor('inner', {
      children: [
        { id: 'a', start: actor() },
        { id: 'slow', start: actor(undefined, hang), shutdown: 'infinity' },
      ],
    });
    const { system, supervisor, clock, states } = await supervised({}, [{ id: 'inner', start: inner }]);
    system.exit('n1/user/s/inner', 'shutdown');
    await clock.advance(1);
    system.exit('n1/user/s/inner', 'kill');
    await clock.advance(1);
    expect(await states()).toEqual([['inner', 'running', 2]]);
    const again = (await supervisor.whichChild('inner')).ref as unknown as typeof supervisor;
    expect(await again.countChildren()).toMatchObject({ active: 2 });
  });

  it('so where it had given up and is told to stop', async () => {
    const gate = Promise.withResolvers<void>();
    const inner = defineSupervisor('inner', {
      intensity: 0,
      children: [
        { id: 'slow', start: actor(undefined, () => gate.promise) },
        { id: 'a', start: actor() },
      ],
    });
    const { system, clock, states } = await supervised({}, [{ id: 'inner', start: inner }]);
    system.at('n1/user/s/inner/a').tell({ type: 'fail' });
    await clock.advance(1);
    system.exit('n1/user/s/inner', 'shutdown');
    gate.resolve();
    await clock.advance(1);
    expect(await states()).toEqual([['inner', 'running', 2]]);
  });
});

describe('a start function that takes its time', () => {
  it('does not hold up the end of its supervisor', async () => {
    const { system, clock } = virtualSystem();
    const never = () => new Promise<never>(() => {});
    const definition = defineSupervisor('s', { children: [{ id: 'a', start: never }] });
    const starting = system.supervise(definition, { name: 's', restart: 'temporary' }).catch((error: unknown) => error);
    await clock.advance(1);
    const { down } = system.monitor('n1/user/s');
    system.exit('n1/user/s', 'shutdown');
    await clock.advance(1);
    expect(
      await Promise.race([
        starting.then(() => 'over'),
        Promise.resolve()
          .then(() => down)
          .then(() => 'over'),
        clock.advance(1).then(() => 'hangs'),
      ]),
    ).toBe('over');
  });

  it('counts no more once its supervisor was killed and began again', async () => {
    const { system, clock } = virtualSystem();
    const gates: PromiseWithResolvers<ReturnType<typeof actor>>[] = [];
    let begun = 0;
    const counted = actor(() => ++begun);
    const start = () => {
      const gate = Promise.withResolvers<ReturnType<typeof actor>>();
      gates.push(gate);
      if (gates.length === 1) gate.resolve(counted);
      return gate.promise;
    };
    const inner = defineSupervisor('inner', { children: [{ id: 'a', start }] });
    const outer = await clock.runUntilSettled(
      system.supervise(defineSupervisor('s', { intensity: 5, children: [{ id: 'inner', start: inner }] }), {
        name: 's',
      }),
    );
    system.exit('n1/user/s/inner/a', 'kill'); // starts again: waits for gate 2
    await clock.advance(1);
    system.exit('n1/user/s/inner', 'kill'); // its supervisor starts again: gate 3
    await clock.advance(1);
    expect(gates).toHaveLength(3);
    gates[1]?.resolve(counted);
    await clock.advance(1);
    expect(begun).toBe(1);
    gates[2]?.resolve(counted);
    await clock.advance(1);
    expect(begun).toBe(2);
    expect(await outer.whichChild('inner')).toMatchObject({ status: 'running' });
  });
});

describe('children that were added at run time', () => {
  it('are gone when their supervisor is restarted, and the others are in the order of its spec', async () => {
    let turn = 0;
    const spec = () => {
      const ids = turn++ === 0 ? ['a', 'b'] : ['b', 'a'];
      return { children: ids.map((id) => ({ id, start: actor() })) };
    };
    const { system, supervisor, clock } = await supervised({}, [
      { id: 'inner', start: defineSupervisor('inner', spec) },
    ]);
    const inner = (await supervisor.whichChild('inner')).ref as unknown as typeof supervisor;
    await inner.startChild({ id: 'c', start: actor() });
    system.exit(inner, 'kill');
    await clock.advance(1);
    expect((await inner.whichChildren()).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('a backoff', () => {
  it('goes on growing while starts fail, however long that takes', async () => {
    const begun: number[] = [];
    const now = { ms: () => 0 };
    const backoff = { minMs: 100, maxMs: 10_000, jitter: 0, resetAfterMs: 1_000 };
    const start = actor((count) => {
      begun.push(now.ms());
      if (count > 2) throw new Error('not now');
      return 0;
    });
    const world = await supervised({ intensity: 100 }, [{ id: 'a', start, backoff }]);
    const { clock } = world;
    now.ms = () => clock.monotonic();
    for (let count = 0; count < 2; count++) {
      world.at('a').tell({ type: 'fail' });
      await clock.advance(101);
    }
    await clock.advance(20_000);
    const waits = begun.slice(1).map((time, index) => time - (begun[index] ?? 0));
    expect(waits.slice(2)).toEqual([400, 800, 1_600, 3_200, 6_400]);
  });
});
