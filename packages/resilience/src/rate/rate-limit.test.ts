import { expect, it } from 'vitest';
import { errorOf, testWorld, through } from '../world.test-kit.ts';
import { RateLimit, type RateLimitOptions } from './rate-limit.ts';

function start(options: RateLimitOptions) {
  const world = testWorld();
  const limit = new RateLimit(options, world.services);
  const order: string[] = [];
  const call = (name: string, more: { signal?: AbortSignal; deadlineMs?: number } = {}) =>
    through(limit, () => order.push(`${name} ${Math.round(world.clock.monotonic())}`), more);
  return { ...world, limit, order, call };
}

it('more than the limit are refused, and told when there is room', async () => {
  const { limit, call, order, events } = start({ perSecond: 10, capacity: 2 });
  await Promise.all([call('a'), call('b')]);
  expect(await errorOf(call('c'))).toMatchObject({ code: 'rate_limited', data: { retryAfterMs: 100 } });
  expect(order).toEqual(['a 0', 'b 0']);
  expect(events).toEqual([{ type: 'refused', part: 'rateLimit', retryAfterMs: 100 }]);
  expect(limit.inspect()).toMatchObject({ waiting: 0, refused: 1 });
});

it('those whose turn comes in time wait for it in their order, with one timer', async () => {
  const { clock, call, order } = start({ perSecond: 10, capacity: 1, waitMs: 250 });
  const calls = Promise.all([call('a'), call('b'), call('c')]);
  expect(await errorOf(call('d'))).toMatchObject({ data: { retryAfterMs: 300 } });
  expect(clock.pending).toBe(1);
  await clock.runUntilSettled(calls);
  expect(order).toEqual(['a 0', 'b 100', 'c 200']);
  expect(clock.pending).toBe(0);
});

it('one that is cancelled leaves its turn to those after it', async () => {
  const { clock, call, order } = start({ perSecond: 10, capacity: 1, waitMs: 1_000 });
  const caller = new AbortController();
  const first = call('a');
  const cancelled = errorOf(call('b', { signal: caller.signal }));
  const last = call('c');
  await clock.advance(50);
  caller.abort();
  expect(await cancelled).toMatchObject({ code: 'cancelled' });
  await clock.runUntilSettled(Promise.all([first, last]));
  expect(order).toEqual(['a 0', 'c 100']);
});

it('one whose deadline is before its turn is refused at once', async () => {
  const { call } = start({ perSecond: 10, capacity: 1, waitMs: 1_000 });
  await call('a');
  expect(await errorOf(call('b', { deadlineMs: 100 }))).toMatchObject({ code: 'rate_limited' });
});

it('tuned to a higher rate, those who wait go on sooner', async () => {
  const { clock, limit, call, order } = start({ perSecond: 1, capacity: 1, waitMs: 5_000 });
  const calls = Promise.all([call('a'), call('b'), call('c')]);
  await clock.advance(500);
  limit.tune({ perSecond: 100, capacity: 1, waitMs: 5_000 });
  await clock.runUntilSettled(calls);
  expect(order).toEqual(['a 0', 'b 505', 'c 515']);
});

it.each([
  [{ perSecond: 0 }, 'rateLimit.perSecond'],
  [{ perSecond: 1, capacity: 0 }, 'rateLimit.capacity'],
  [{ perSecond: 1, waitMs: -1 }, 'rateLimit.waitMs'],
])('%j is refused by the path of the bad value', (options, path) => {
  expect(() => start(options)).toThrow(expect.objectContaining({ data: expect.objectContaining({ path }) }));
});
