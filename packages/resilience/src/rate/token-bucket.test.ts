import { VirtualClock } from '@jaegis/sim';
import { expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

it('it starts full, and its tokens come back evenly up to its capacity', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket({ perSecond: 10, capacity: 3 }, clock);
  expect([bucket.take(2), bucket.take(2), bucket.take()]).toEqual([true, false, true]);
  await clock.advance(250);
  expect(bucket.tokens).toBeCloseTo(2.5);
  await clock.advance(10_000);
  expect(bucket.tokens).toBe(3);
  expect(clock.pending).toBe(0);
});

it('whoever waits for as long as it says gets what it asked for', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket({ perSecond: 7, capacity: 5 }, clock);
  bucket.take(5);
  for (let count = 0; count < 100; count++) {
    await clock.advance(bucket.delayMs(3));
    expect(bucket.take(3)).toBe(true);
  }
  expect(clock.monotonic()).toBeCloseTo((3 * 100 * 1_000) / 7, 3);
});

it('more than it can hold never comes', () => {
  const bucket = new TokenBucket({ perSecond: 10, capacity: 3 }, new VirtualClock());
  expect([bucket.delayMs(3), bucket.delayMs(4)]).toEqual([0, Number.POSITIVE_INFINITY]);
});

it('tuned, it keeps the tokens that fit', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket({ perSecond: 10 }, clock);
  bucket.take(6);
  bucket.tune({ perSecond: 1, capacity: 20 });
  await clock.advance(1_000);
  expect(bucket.tokens).toBeCloseTo(5);
  bucket.tune({ perSecond: 1, capacity: 2 });
  expect(bucket.tokens).toBe(2);
});
