/** OTP's tests of its supervisor: names over restarts, and what is reported of them. */
import { defineSupervisor } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { virtualSystem } from '../support/kernel.ts';
import { probe, told } from '../support/kernel-probe.ts';
import { supervise } from '../support/kernel-supervised.ts';

async function named() {
  const world = virtualSystem();
  const { system, clock } = world;
  const inner = defineSupervisor('inner', {
    children: [{ id: 'server', start: probe('server', told()), register: 'server' }],
  });
  const root = await clock.runUntilSettled(
    system.supervise(
      defineSupervisor('root', { intensity: 9, children: [{ id: 'inner', start: inner, register: 'inner' }] }),
      { name: 'root', restart: 'temporary' },
    ),
  );
  const innerRef = (await root.whichChild('inner')).ref as unknown as typeof root;
  /** Which life of the supervisor and of the server answer to their names. */
  const lives = async () => {
    expect(system.whereis('inner')?.address).toBe('n1/user/root/inner');
    expect(await system.named('server').ask({ type: 'ping' })).toBe('server');
    return [(await root.whichChild('inner')).incarnation, (await innerRef.whichChild('server')).incarnation];
  };
  return { ...world, root, inner: innerRef, lives };
}

describe('the names of a supervisor and its server', () => {
  it.each([
    ['the supervisor is killed', [2, 2], ({ system, inner }) => system.exit(inner, 'kill')],
    ['the server is killed', [1, 2], ({ system }) => system.exit('server', 'kill')],
    ['the server ends', [1, 2], ({ system }) => system.named('server').tell({ type: 'end' })],
    [
      'the server is terminated and started again',
      [1, 2],
      async ({ inner }) => {
        await inner.terminateChild('server');
        await inner.restartChild('server');
      },
    ],
  ] satisfies [string, number[], (world: Awaited<ReturnType<typeof named>>) => void | Promise<void>][])(
    'SUP:simple_global_supervisor: lead to the next ones when %s',
    async (_what, expected, act) => {
      const world = await named();
      expect(await world.lives()).toEqual([1, 1]);
      await act(world);
      await world.clock.advance(1);
      expect(await world.lives()).toEqual(expected);
      await world.clock.runUntilSettled(world.system.stop(world.root));
      expect(world.system.registered()).toEqual([]);
    },
  );
});

describe('what is reported', () => {
  it('SUP:external_start_no_progress_log: of a child that is started, crashes and starts again, the crash', async () => {
    const { supervisor, system, tell, incarnations } = await supervise({}, []);
    const reports: unknown[] = [];
    system.onCrash(({ address, incarnation }) => reports.push([address, incarnation]));
    await supervisor.startChild({ id: 'a', start: probe('a', told()) });
    expect(reports).toEqual([]);
    await tell('a', 'fail');
    expect([await incarnations(), reports]).toEqual([[2], [['n1/user/s/a', 1]]]);
  });
});
