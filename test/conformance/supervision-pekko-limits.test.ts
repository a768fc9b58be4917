/** Pekko's tests of supervision: how often a child is restarted. Its ref is the same afterwards, as in Pekko. */
import { defineActor, defineSupervisor, type SupervisorSpec } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { virtualSystem } from '../support/kernel.ts';
import { type ProbeOptions, probe, settled, told } from '../support/kernel-probe.ts';

/** A supervisor of one probe. */
async function supervised(limit: Partial<SupervisorSpec>, options: ProbeOptions = {}) {
  const { system, clock } = virtualSystem();
  const log = told();
  const definition = defineSupervisor('s', { ...limit, children: [{ id: 'kid', start: probe('kid', log, options) }] });
  const supervisor = await system.supervise(definition, { name: 's', restart: 'temporary' });
  const { ref } = await supervisor.whichChild('kid');
  let end: unknown;
  void system.monitor(supervisor).down.then(({ reason }) => {
    end = reason;
  });
  const crash = async (times = 1) => {
    for (let count = 0; count < times; count++) {
      ref?.tell({ type: 'fail' });
      await clock.advance(2);
    }
  };
  return { system, clock, log, supervisor, ref, crash, ended: () => end };
}

describe('a child that crashes', () => {
  it('PKsup:not restart child more times than permitted', async () => {
    const { system, ref, log, crash } = await supervised({ intensity: 0 });
    const { down } = system.monitor(ref ?? '');
    await crash();
    expect(await down).toMatchObject({ reason: { message: 'as asked' } });
    expect(log.begun).toEqual(['kid']);
  });

  it('PKsup:not restart temporary actor: neither when all others are', async () => {
    const { system, clock } = virtualSystem();
    const log = told();
    const supervisor = await system.supervise(
      defineSupervisor('s', {
        strategy: 'one_for_all',
        children: [{ id: 'kid', start: probe('kid', log), restart: 'temporary' }],
      }),
    );
    const { ref } = await supervisor.whichChild('kid');
    await expect(ref?.ask({ type: 'fail' })).rejects.toMatchObject({ code: 'actor_crashed' });
    await clock.advance(10);
    expect(log.begun).toEqual(['kid']);
    expect(await supervisor.whichChildren()).toEqual([]);
  });

  it('PKsup:restarts a child infinitely if maxNrOfRetries=-1 and Inf', async () => {
    const { log, crash, ended } = await supervised({ intensity: Number.POSITIVE_INFINITY });
    await crash(7);
    expect([log.begun.length, ended()]).toEqual([8, undefined]);
  });

  it('PKrst:stays dead after max restarts within time range', async () => {
    const { log, crash, ended } = await supervised({ intensity: 2, periodMs: 1_000 });
    await crash(3);
    expect([log.begun.length, log.ended.length, ended()]).toEqual([3, 3, 'shutdown']);
  });

  it('PKrst:immortal without max restarts and time range', async () => {
    const { log, crash, ref } = await supervised({
      intensity: Number.POSITIVE_INFINITY,
      periodMs: Number.POSITIVE_INFINITY,
    });
    await crash(100);
    expect(log.begun).toHaveLength(101);
    expect(await ref?.ask({ type: 'ping' })).toBe('kid');
  });

  it('PKrst:restarts after number of crashes not within time range', async () => {
    const { clock, log, crash, ended } = await supervised({ intensity: 2, periodMs: 500 });
    await crash(2);
    await clock.advance(700);
    await crash();
    expect([log.begun.length, ended()]).toEqual([4, undefined]);
  });

  it('PKrst:not restarted after max retries: however late', async () => {
    const { clock, log, crash, ended } = await supervised({ intensity: 2, periodMs: Number.POSITIVE_INFINITY });
    await crash(2);
    await clock.advance(700);
    await crash();
    expect([log.begun.length, ended()]).toEqual([3, 'shutdown']);
  });

  it('PKrst:not restarted within time range: where only a window is given one restart is allowed', async () => {
    const { log, crash, ended } = await supervised({ periodMs: 1_000 });
    await crash(2);
    expect([log.begun.length, ended()]).toEqual([2, 'shutdown']);
  });

  it('PKhier:send notification to supervisor when permanent failure', async () => {
    const { crash, ended } = await supervised({ intensity: 1 });
    await crash();
    expect(ended()).toBeUndefined();
    await crash();
    expect(ended()).toBe('shutdown');
  });

  it('PKtyp:reset retry limit after withinTimeRange', async () => {
    const { clock, log, crash, ended } = await supervised({ intensity: 2, periodMs: 2_000 });
    await crash(2);
    await clock.advance(2_100);
    await crash(2);
    expect([log.begun.length, ended()]).toEqual([5, undefined]);
    await crash();
    expect([log.begun.length, ended()]).toEqual([5, 'shutdown']);
  });

  it('PKtyp:stop at first exception when limit is 0', async () => {
    const { log, crash, ended } = await supervised({ intensity: 0 });
    await crash();
    expect([log.begun.length, ended()]).toEqual([1, 'shutdown']);
  });
});

describe('a start that fails', () => {
  it('PKsup:attempt restart when exception during restart: also when the old one failed to stop', async () => {
    const { log, crash, ref, clock } = await supervised(
      { intensity: 5 },
      {
        onStart: (start) => {
          if (start === 2) throw new Error('once');
        },
        onStop: () => {
          throw new Error('in its stop');
        },
      },
    );
    await crash();
    await clock.advance(10);
    expect(await ref?.ask({ type: 'ping' })).toBe('kid');
    expect(log.begun).toEqual(['kid', 'kid']);
  });

  it('PKlife:not break supervisor strategy due to exception in preStart: it is tried as often as restarts are allowed', async () => {
    let starts = 0;
    const { clock, crash, ended } = await supervised(
      { intensity: 3, periodMs: 10_000 },
      {
        onStart: (start) => {
          starts = start;
          if (start > 1) throw new Error('never again');
        },
      },
    );
    await crash();
    await clock.advance(100);
    expect([starts, ended()]).toEqual([1 + 3, 'shutdown']);
  });

  it.each([
    [3, 3, 'kid'],
    [2, 20, 'gone'],
  ])(
    'PKtyp:restart.withLimit when deferred factory throws; fail after more than limit: %i restarts allowed, %i fail',
    async (intensity, failing, end) => {
      let starts = 0;
      const { clock, crash, ref } = await supervised(
        { intensity: intensity + 1, periodMs: 60_000 },
        {
          onStart: (start) => {
            starts = start;
            if (start > 1 && start <= 1 + failing) throw new Error('not yet');
          },
        },
      );
      await crash();
      await clock.advance(100);
      expect(starts).toBe(1 + intensity + 1);
      expect(await ref?.ask({ type: 'ping' }).catch(() => 'gone')).toBe(end);
    },
  );

  it('PKhier:handle failure in creation with Resume and Restart: it is made again until it is there', async () => {
    let starts = 0;
    const { crash, clock, ref, log } = await supervised(
      { intensity: 10, periodMs: 60_000 },
      {
        onStart: (start) => {
          starts = start;
          if (start > 1 && start <= 6) throw new Error('not yet');
        },
      },
    );
    await crash();
    await clock.advance(100);
    expect(await ref?.ask({ type: 'ping' })).toBe('kid');
    expect([starts, log.begun.length]).toEqual([1 + 6, 2]);
  });

  it('PKtyp:fail instead of restart when deferred factory throws', async () => {
    const { system, clock } = virtualSystem();
    let starts = 0;
    const broken = probe('kid', told(), {
      onStart: () => {
        starts++;
        throw new Error('no disk');
      },
    });
    await expect(system.spawn(broken, { name: 'kid' })).rejects.toThrow('no disk');
    await clock.advance(10_000);
    expect(starts).toBe(1);
  });

  it('PKsup:log pre-creation check failures (4): the spawner gets what the start threw, at the root and in an actor', async () => {
    const { system } = virtualSystem();
    const cause = new Error('no disk');
    const broken = probe('kid', told(), {
      onStart: () => {
        throw cause;
      },
    });
    await expect(system.spawn(broken, { name: 'root' })).rejects.toBe(cause);
    expect(await system.monitor('n1/user/root').down).toMatchObject({ reason: 'noproc' });
    const parent = defineActor('parent', {
      state: () => 0,
      on: {
        grow: (_state, _message, context) => {
          try {
            context.spawn(broken, 'kid');
            return { reply: 'started' };
          } catch (error) {
            return { reply: error };
          }
        },
      },
    });
    const ref = await system.spawn(parent, { name: 'parent' });
    expect(await ref.ask({ type: 'grow' })).toBe(cause);
    await settled();
    expect(system.inspect().children).toMatchObject([{ id: 'parent', children: [] }]);
  });
});
