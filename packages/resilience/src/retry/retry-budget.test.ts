import { VirtualClock } from '@jaegis/sim';
import { expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

const takeAll = (budget: RetryBudget) => {
  let taken = 0;
  while (budget.take()) taken += 1;
  return taken;
};
const call = (budget: RetryBudget, times: number) => {
  for (let count = 0; count < times; count++) budget.countCall();
};

it('it allows a share of the calls and the minimum of the window', () => {
  const budget = new RetryBudget(new VirtualClock());
  call(budget, 1_000);
  expect(takeAll(budget)).toBe(0.2 * 1_000 + 10 * 10);
});

it('a share that is whole is not rounded away', () => {
  const budget = new RetryBudget(new VirtualClock(), { share: 0.1, minPerSecond: 0 });
  call(budget, 30);
  expect(takeAll(budget)).toBe(3);
});

it('what was used comes back when it is older than the window, and not before', async () => {
  const clock = new VirtualClock();
  const budget = new RetryBudget(clock, { minPerSecond: 1, windowMs: 1_000, share: 0 });
  await clock.advance(950);
  expect(takeAll(budget)).toBe(1);
  await clock.advance(1_000);
  expect(takeAll(budget)).toBe(0);
  await clock.advance(100);
  expect(takeAll(budget)).toBe(1);
});

it('calls count no more when they are older than the window', async () => {
  const clock = new VirtualClock();
  const budget = new RetryBudget(clock, { minPerSecond: 0, windowMs: 1_000, share: 1 });
  call(budget, 50);
  await clock.advance(1_100);
  expect(takeAll(budget)).toBe(0);
});

it('it sets no timers, and tells what it has counted', () => {
  const clock = new VirtualClock();
  const budget = new RetryBudget(clock, { minPerSecond: 0, share: 0.5 });
  call(budget, 4);
  takeAll(budget);
  expect(clock.pending).toBe(0);
  expect(budget.inspect()).toEqual({ calls: 4, retries: 2, left: 0, refused: 1 });
});

it('a share below nothing is refused by its path', () => {
  const make = () => new RetryBudget(new VirtualClock(), { share: -1 });
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_config', data: { path: 'budget.share', value: -1 } }));
});
