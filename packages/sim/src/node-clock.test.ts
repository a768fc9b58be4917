import { expect, test } from 'vitest';
import { NodeClock } from './node-clock.ts';
import { VirtualClock } from './virtual-clock.ts';

function start() {
  const world = new VirtualClock({ startMs: 1_000_000 });
  const clock = new NodeClock(world);
  const fired: number[] = [];
  const tickEvery = (ms: number) => {
    const tick = () => {
      fired.push(clock.monotonic());
      clock.setTimer(ms, tick);
    };
    clock.setTimer(ms, tick);
  };
  return { world, clock, fired, tickEvery };
}

test('a clock that runs fast fires its timers early, and shows more time than has passed', async () => {
  const { world, clock, fired, tickEvery } = start();
  clock.drift(1.1);
  tickEvery(110);
  await world.advance(1_000);
  expect(fired).toEqual(Array.from({ length: 10 }, (_, index) => 110 * (index + 1)));
  expect(clock.now()).toBeCloseTo(1_001_100);
});

test('a change of the rate counts from then on, also for timers that are set already', async () => {
  const { world, clock } = start();
  const at: number[] = [];
  clock.setTimer(100, () => at.push(world.monotonic()));
  await world.advance(50);
  clock.drift(0.5);
  await world.advance(200);
  expect(at).toEqual([150]);
});

test('a wall clock that is set wrong leaves timers and monotonic time as they are', async () => {
  const { world, clock, fired, tickEvery } = start();
  tickEvery(100);
  await world.advance(150);
  clock.jump(-60_000);
  await world.advance(100);
  expect(fired).toEqual([100, 200]);
  expect(clock.now()).toBe(1_000_250 - 60_000);
});

test('while its process hangs no timer fires, and afterwards those that are overdue fire once, in their order', async () => {
  const { world, clock } = start();
  const order: string[] = [];
  for (const [name, ms] of [
    ['c', 300],
    ['a', 100],
    ['b', 200],
    ['later', 900],
  ] as const) {
    clock.setTimer(ms, () => order.push(`${name} ${clock.monotonic()}`));
  }
  const taken = clock.setTimer(150, () => order.push('taken back'));
  await world.advance(50);
  clock.freeze();
  await world.advance(450);
  clock.clearTimer(taken);
  expect(order).toEqual([]);
  clock.thaw();
  await world.advance(1_000);
  expect(order).toEqual(['a 500', 'b 500', 'c 500', 'later 900']);
});

test('a process that has died has no timers, and sets none', async () => {
  const { world, clock, fired, tickEvery } = start();
  tickEvery(100);
  await world.advance(150);
  clock.stop();
  clock.setTimer(1, () => fired.push(-1));
  await world.advance(1_000);
  expect(fired).toEqual([100]);
  expect(world.pending).toBe(0);
});
