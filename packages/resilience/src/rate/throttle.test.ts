import { OverloadedError } from '@jaegis/core';
import { expect, it } from 'vitest';
import { errorOf, testWorld, through } from '../world.test-kit.ts';
import { refusalChance, Throttle } from './throttle.ts';

const overloaded = () => Promise.reject(new OverloadedError('full'));

async function callMany(throttle: Throttle, count: number, operation: () => unknown, priority?: number) {
  let sent = 0;
  const counting = () => {
    sent += 1;
    return operation();
  };
  for (let number = 0; number < count; number++) {
    await through(throttle, counting, { priority }).catch(() => {});
  }
  return sent;
}

it.each([
  [0, 0, 0],
  [100, 100, 0],
  [100, 50, 0],
  [100, 25, 50 / 101],
  [100, 0, 100 / 101],
])('of %i requests and %i accepts the chance of a refusal is %d', (requests, accepts, chance) => {
  expect(refusalChance(requests, accepts, 2)).toBeCloseTo(chance);
});

it('where the other side takes what it gets all is sent', async () => {
  const { services } = testWorld();
  expect(await callMany(new Throttle({}, services), 200, () => 'done')).toBe(200);
});

it('errors that are no refusals count as accepted', async () => {
  const { services } = testWorld();
  expect(await callMany(new Throttle({}, services), 200, () => Promise.reject(new Error('a bug')))).toBe(200);
});

it('where the other side refuses all ever fewer are sent, and again all when it has recovered', async () => {
  const { clock, services } = testWorld();
  const throttle = new Throttle({ windowMs: 10_000 }, services);
  const [early, late] = [await callMany(throttle, 100, overloaded), await callMany(throttle, 100, overloaded)];
  expect(early).toBeLessThan(20);
  expect(late).toBeLessThan(early);
  await clock.advance(11_000);
  expect(await callMany(throttle, 100, () => 'done')).toBe(100);
});

it('what it refuses is told as such', async () => {
  const { services, events } = testWorld();
  const throttle = new Throttle({}, services);
  await callMany(throttle, 1_000, overloaded);
  expect(await errorOf(through(throttle, overloaded))).toMatchObject({ code: 'rate_limited' });
  expect(events.at(-1)).toEqual({ type: 'refused', part: 'throttle', retryAfterMs: 0 });
});

it('each priority is judged by what became of its own calls', async () => {
  const { services } = testWorld();
  const throttle = new Throttle({}, services);
  expect(await callMany(throttle, 100, overloaded, 9)).toBeLessThan(20);
  expect(await callMany(throttle, 100, () => 'done', 0)).toBe(100);
  expect(throttle.inspect().priorities.map(({ priority }) => priority)).toEqual([0, 9]);
});
