/** Pekko's typed tests of supervision with a backoff. */
import { defineActor, defineSupervisor } from '@jaegis/actors';
import { backoffResetMs, type RestartBackoff } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { virtualSystem } from '../support/kernel.ts';

async function backingOff(backoff: RestartBackoff) {
  const { system, clock } = virtualSystem();
  const starts: number[] = [];
  const handled: number[] = [];
  const kid = defineActor('kid', {
    mailbox: { limit: 2, whenFull: 'drop-newest' },
    preserve: 'none',
    state: () => starts.push(clock.monotonic()),
    on: {
      fail: () => {
        throw new Error('as asked');
      },
      take: (_state, message: { id: number }) => void handled.push(message.id),
    },
  });
  const supervisor = await system.supervise(
    defineSupervisor('s', { intensity: 100, children: [{ id: 'kid', start: kid, backoff }] }),
  );
  const { ref } = await supervisor.whichChild('kid');
  return { system, clock, ref, starts, handled };
}

describe('a child that backs off', () => {
  it('PKtyp:stash full while backing off: what the mailbox cannot hold is a dead letter with its reason', async () => {
    const { system, clock, ref, handled } = await backingOff({ minMs: 1_000, maxMs: 1_000, jitter: 0 });
    ref?.tell({ type: 'fail' });
    await clock.advance(1);
    for (const id of [1, 2, 3, 4]) ref?.tell({ type: 'take', id });
    await clock.advance(1_000);
    expect(handled).toEqual([1, 2]);
    const dropped = system.deadLetters.list().filter(({ reason }) => reason === 'dropped');
    expect(dropped).toMatchObject([{ message: { id: 3 } }, { message: { id: 4 } }]);
  });

  it('PKtyp:restart after exponential backoff', async () => {
    const { clock, ref, starts } = await backingOff({ minMs: 1_000, maxMs: 60_000, jitter: 0, resetAfterMs: 60_000 });
    ref?.tell({ type: 'fail' });
    await clock.advance(1_000);
    ref?.tell({ type: 'fail' });
    await clock.advance(1_999);
    expect(starts).toEqual([0, 1_000]);
    await clock.advance(1);
    expect(starts).toEqual([0, 1_000, 3_000]);
  });

  it('PKtyp:reset exponential backoff count after reset timeout', async () => {
    const { clock, ref, starts } = await backingOff({ minMs: 10, maxMs: 10_000, jitter: 0, resetAfterMs: 100 });
    ref?.tell({ type: 'fail' });
    await clock.advance(10);
    ref?.tell({ type: 'fail' });
    await clock.advance(20);
    await clock.advance(100);
    ref?.tell({ type: 'fail' });
    await clock.advance(10);
    expect(starts).toEqual([0, 10, 30, 140]);
  });

  it('PKtyp:default resetBackoffAfter', () => {
    expect(backoffResetMs({ minMs: 1_000, maxMs: 9_000 })).toBe(5_000);
  });
});
