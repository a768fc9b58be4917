import { sleep } from '@jaegis/core';
import { expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

test('timers see exactly the time they were due', async () => {
  const clock = new VirtualClock({ startMs: 1_000 });
  const seen: number[][] = [];
  for (const delay of [7, 3]) clock.setTimer(delay, () => seen.push([clock.monotonic(), clock.now()]));
  await clock.advance(10);
  expect(seen).toEqual([
    [3, 1_003],
    [7, 1_007],
  ]);
  expect([clock.monotonic(), clock.now()]).toEqual([10, 1_010]);
});

test('a timer that sets itself again fires for each of its times', async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  const again = () => {
    seen.push(clock.monotonic());
    clock.setTimer(2, again);
  };
  clock.setTimer(2, again);
  await clock.advance(9);
  expect(seen).toEqual([2, 4, 6, 8]);
  expect(clock.pending).toBe(1);
});

test('what awaits a timer goes on before the next timer fires', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const walk = async () => {
    await sleep(clock, 1);
    for (let step = 0; step < 100; step++) await undefined;
    seen.push(`walked at ${clock.monotonic()}`);
  };
  const done = walk();
  clock.setTimer(1.5, () => seen.push('next'));
  await clock.advance(2);
  await done;
  expect(seen).toEqual(['walked at 1', 'next']);
});

test('a timer set while time advances fires in the same advance when it is due in it', async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  clock.setTimer(1, () => clock.setTimer(1, () => seen.push(clock.monotonic())));
  clock.setTimer(3, () => seen.push(clock.monotonic()));
  await clock.advance(2);
  expect(seen).toEqual([2]);
});

test('runUntil stops at the timer that makes its condition true', async () => {
  const clock = new VirtualClock();
  let count = 0;
  const again = () => {
    count += 1;
    clock.setTimer(10, again);
  };
  clock.setTimer(10, again);
  await clock.runUntil(() => count === 3);
  expect([count, clock.monotonic()]).toEqual([3, 30]);
});

test('runUntil rejects when its time is over, or when nothing is left that could happen', async () => {
  const clock = new VirtualClock();
  clock.setTimer(100, () => {});
  await expect(clock.runUntil(() => false, 50)).rejects.toMatchObject({ code: 'invariant_broken' });
  expect(clock.pending).toBe(1);
  await expect(clock.runUntil(() => false)).rejects.toMatchObject({ code: 'invariant_broken' });
  expect(clock.pending).toBe(0);
});

test('runUntilSettled gives the result of the promise, also its rejection', async () => {
  const clock = new VirtualClock();
  expect(await clock.runUntilSettled(sleep(clock, 5).then(() => 'slept'))).toBe('slept');
  const failing = sleep(clock, 5).then(() => Promise.reject(new Error('broken')));
  await expect(clock.runUntilSettled(failing)).rejects.toThrow('broken');
  expect(clock.monotonic()).toBe(10);
});

test('what a timer throws rejects the advance, and the timers after it are still there', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.setTimer(1, () => {
    throw new Error('broken timer');
  });
  clock.setTimer(2, () => seen.push('next'));
  await expect(clock.advance(5)).rejects.toThrow('broken timer');
  expect(clock.monotonic()).toBe(1);
  await clock.advance(5);
  expect(seen).toEqual(['next']);
});

test('timers that set themselves without delay for ever are refused as a loop', async () => {
  const clock = new VirtualClock();
  const again = () => {
    clock.setTimer(0, again);
  };
  again();
  await expect(clock.advance(1)).rejects.toMatchObject({ code: 'invariant_broken', message: /loop/ });
});

test('two who advance the same clock at once are told', async () => {
  const clock = new VirtualClock();
  const first = clock.advance(1);
  await expect(clock.advance(1)).rejects.toMatchObject({ code: 'invariant_broken' });
  await first;
});
