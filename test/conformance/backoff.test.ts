/** Pekko's BackoffSupervisor and RestartSource, as children with a backoff. */
import { defineSupervisor, type SupervisorSpec } from '@jaegis/actors';
import { type RestartBackoff, restartDelay } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { virtualSystem } from '../support/kernel.ts';
import { probe, settled, told } from '../support/kernel-probe.ts';

const backoff = { minMs: 100, maxMs: 10_000, jitter: 0 };

/** A supervisor with one child that has a backoff. */
async function supervised(
  child: { readonly restart?: 'permanent' | 'transient'; readonly backoff?: RestartBackoff } = {},
  spec: Partial<SupervisorSpec> = {},
  options: Parameters<typeof probe>[2] = {},
) {
  const { system, clock } = virtualSystem();
  const log = told();
  const supervisor = await system.supervise(
    defineSupervisor('backing-off', {
      intensity: Number.POSITIVE_INFINITY,
      ...spec,
      children: [{ id: 'kid', start: probe('kid', log, options), backoff, ...child }],
    }),
    { name: 's', restart: 'temporary' },
  );
  const { ref } = await supervisor.whichChild('kid');
  const tell = (type: string, fields: object = {}) => ref?.tell({ type, ...fields });
  const status = async () => (await supervisor.whichChild('kid')).status;
  return { system, clock, log, supervisor, ref, tell, status };
}

describe('a child with a backoff', () => {
  it('PKbo:start child again when it stops (onStop): a permanent child that ends by itself begins again after the wait', async () => {
    const { clock, log, tell, status } = await supervised();
    tell('end');
    await clock.advance(99);
    expect([log.begun.length, await status()]).toEqual([1, 'restarting']);
    await clock.advance(1);
    expect([log.begun.length, await status()]).toEqual([2, 'running']);
  });

  it.each(['end', 'fail'])(
    'PKbo:forward messages to the child: its ref is the way to it before and after it did %s, and what comes in between waits',
    async (how) => {
      const { clock, ref, tell } = await supervised();
      expect(await ref?.ask({ type: 'ping' })).toBe('kid');
      tell(how);
      await clock.advance(10);
      const asked = ref?.ask({ type: 'add' });
      await clock.advance(90);
      expect(await asked).toBe(1);
    },
  );

  it('PKbo:support manual reset: a child that runs long enough begins its waits anew', async () => {
    const { clock, tell, log } = await supervised({ backoff: { ...backoff, resetAfterMs: 1_000 } });
    tell('fail');
    await clock.advance(100);
    tell('fail');
    await clock.advance(199);
    expect(log.begun).toHaveLength(2);
    await clock.advance(1);
    await clock.advance(1_000);
    tell('fail');
    await clock.advance(100);
    expect(log.begun).toHaveLength(4);
  });

  it('PKbr:terminate when child terminates (onFailure): a significant transient child that ends in order ends its supervisor', async () => {
    const { system, supervisor, clock } = await withSignificant();
    const { down } = system.monitor(supervisor);
    const { ref } = await supervisor.whichChild('kid');
    ref?.tell({ type: 'end' });
    await clock.advance(1);
    expect(await down).toMatchObject({ reason: 'shutdown' });
  });

  async function withSignificant() {
    const { system, clock } = virtualSystem();
    const supervisor = await system.supervise(
      defineSupervisor('backing-off', {
        autoShutdown: 'any_significant',
        children: [{ id: 'kid', start: probe('kid', told()), backoff, restart: 'transient', significant: true }],
      }),
      { restart: 'temporary' },
    );
    return { system, clock, supervisor };
  }

  it('PKbr:stop on exceptions as dictated by strategy: with no restart allowed the first failure ends the supervisor', async () => {
    const { system, supervisor, tell, clock, log } = await supervised({}, { intensity: 0 });
    const { down } = system.monitor(supervisor);
    tell('fail');
    await clock.advance(1_000);
    expect(await down).toMatchObject({ reason: 'shutdown' });
    expect(log.begun).toHaveLength(1);
  });

  it('PKbr:accept commands while child is terminating', async () => {
    const gate = Promise.withResolvers<void>();
    const { supervisor, ref, clock, log, tell } = await supervised({}, {}, { onStop: () => gate.promise });
    tell('fail');
    await settled();
    const asked = ref?.ask({ type: 'ping' }, { timeoutMs: 60_000 });
    expect(await supervisor.whichChild('kid')).toMatchObject({ ref, incarnation: 1, status: 'running' });
    await clock.advance(5_000);
    expect(log.begun).toHaveLength(1);
    gate.resolve();
    await clock.advance(100);
    expect(log.begun).toHaveLength(2);
    expect(await asked).toBe('kid');
  });

  it('PKbr:respect maxNrOfRetries: five restarts within the period, the sixth ends the supervisor', async () => {
    const { system, supervisor, tell, clock, log } = await supervised(
      { backoff: { minMs: 10, maxMs: 10, jitter: 0 } },
      { intensity: 5, periodMs: 30_000 },
    );
    const { down } = system.monitor(supervisor);
    for (let count = 0; count < 6; count++) {
      tell('fail');
      await clock.advance(10);
    }
    expect(log.begun).toHaveLength(6);
    expect(await down).toMatchObject({ reason: 'shutdown' });
  });

  it('PKbr:keep restarting when failures happen outside of withinTimeRange: the waits alone empty the window', async () => {
    const { tell, clock, log } = await supervised(
      { backoff: { minMs: 100, maxMs: 100, jitter: 0 } },
      { intensity: 3, periodMs: 10 },
    );
    for (let count = 0; count < 20; count++) {
      tell('fail');
      await clock.advance(100);
    }
    expect(log.begun).toHaveLength(21);
  });
});

describe('how long it waits', () => {
  const days = 24 * 60 * 60 * 1_000;
  const minutes = 60_000;

  it.each([
    [0, 0, 0, 0],
    [0, 5 * minutes, 7 * minutes, 5 * minutes],
    [2, 5_000, 7_000, 7_000],
    [2, 5_000, 7 * days, 20_000],
    [29, 5 * minutes, 10 * minutes, 10 * minutes],
    [29, 10_000 * days, 10_000 * days, 10_000 * days],
    [Number.MAX_SAFE_INTEGER, 10_000 * days, 10_000 * days, 10_000 * days],
  ])('PKbo:correctly calculate the delay: restart %i from %i to %i ms waits %i ms', (count, minMs, maxMs, expected) => {
    expect(restartDelay(count, 0, { minMs, maxMs, jitter: 0 })).toBe(expected);
    expect(restartDelay(count, 0.5, { minMs, maxMs, jitter: 0.2 })).toBeCloseTo(expected * 1.1);
  });
});

describe('work that is restarted with a backoff', () => {
  it('PKrs:run normally; restart on completion; restart on failure: an actor that works, completes and fails', async () => {
    const { clock, log, tell, ref } = await supervised({ backoff: { minMs: 10, maxMs: 10, jitter: 0 } });
    expect(await ref?.ask({ type: 'add' })).toBe(1);
    expect(log.begun).toHaveLength(1);
    for (const how of ['end', 'end']) {
      tell(how);
      await clock.advance(10);
    }
    expect(log.begun).toHaveLength(3);
    tell('fail');
    await clock.advance(10);
    expect(log.begun).toHaveLength(4);
    expect(await ref?.ask({ type: 'ping' })).toBe('kid');
  });

  it('PKrs:backoff before restart: what it is asked meanwhile is answered no sooner', async () => {
    const { clock, tell, ref } = await supervised();
    tell('fail');
    let answeredAt = Number.NaN;
    void ref?.ask({ type: 'ping' }).then(() => {
      answeredAt = clock.monotonic();
    });
    await clock.advance(5_000);
    expect(answeredAt).toBe(100);
  });

  it('PKrs:cancel the running source when cancelled; not restart when cancelled while backing off', async () => {
    const running = await supervised();
    await running.supervisor.terminateChild('kid');
    expect(running.log.ended).toEqual([['kid', 'shutdown']]);
    await running.clock.advance(60_000);
    expect(running.log.begun).toHaveLength(1);

    const waiting = await supervised();
    waiting.tell('fail');
    await waiting.clock.advance(50);
    await waiting.supervisor.terminateChild('kid');
    await waiting.clock.advance(60_000);
    expect(waiting.log.begun).toHaveLength(1);
    expect(waiting.clock.pending).toBe(0);
  });

  it('PKrs:stop on completion if onlyOnFailures; restart on failure only', async () => {
    const { clock, log, tell, status } = await supervised({ restart: 'transient' });
    tell('fail');
    await clock.advance(100);
    expect([log.begun.length, await status()]).toEqual([2, 'running']);
    tell('end');
    await clock.advance(60_000);
    expect([log.begun.length, await status()]).toEqual([2, 'stopped']);
  });

  it('PKrs:not restart when maxRestarts reached', async () => {
    const { system, supervisor, clock, log, tell } = await supervised({}, { intensity: 1, periodMs: 60_000 });
    const { down } = system.monitor(supervisor);
    tell('end');
    await clock.advance(100);
    tell('end');
    await clock.advance(100);
    expect(log.begun).toHaveLength(2);
    expect(await down).toMatchObject({ reason: 'shutdown' });
  });

  it.each([
    [1_000, 4, 'running'],
    [200, 3, 'gone'],
  ])(
    'PKrs:reset maxRestarts…; withMaxRestarts window instead of minBackoff: after %i quiet ms it has begun %i times',
    async (quietMs, begun, end) => {
      const { clock, log, tell, system } = await supervised(
        { backoff: { minMs: 10, maxMs: 10, jitter: 0 } },
        { intensity: 2, periodMs: 500 },
      );
      for (let count = 0; count < 2; count++) {
        tell('end');
        await clock.advance(10);
      }
      await clock.advance(quietMs);
      tell('end');
      await clock.advance(10);
      expect(log.begun).toHaveLength(begun);
      expect(system.inspect().children[0]?.status ?? 'gone').toBe(end);
    },
  );
});
