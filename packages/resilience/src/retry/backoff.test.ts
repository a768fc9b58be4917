import { expect, it } from 'vitest';
import { checkBackoff, type RetryBackoff, retryDelay } from './backoff.ts';

const middle = 0.5;
const waits = (backoff: RetryBackoff, chance: number, count: number) => {
  const all: number[] = [];
  for (let retry = 1; retry <= count; retry++) all.push(retryDelay(retry, chance, all.at(-1) ?? 0, backoff));
  return all;
};

it('full jitter draws from 0 to a most that doubles up to its limit', () => {
  const backoff = { kind: 'exponential', firstMs: 100, maxMs: 700 } as const;
  expect(waits(backoff, middle, 5)).toEqual([50, 100, 200, 350, 350]);
  expect(waits(backoff, 0, 5)).toEqual([0, 0, 0, 0, 0]);
});

it('without options the first retry waits 100 ms at most, and none more than 10 s', () => {
  expect([retryDelay(1, 1, 0), retryDelay(1_000, 1, 0)]).toEqual([100, 10_000]);
});

it('decorrelated jitter draws from the first wait to three times the one before', () => {
  const backoff = { kind: 'exponential', firstMs: 100, maxMs: 600, jitter: 'decorrelated' } as const;
  expect(waits(backoff, middle, 4)).toEqual([200, 350, 575, 600]);
  expect(waits(backoff, 0, 3)).toEqual([100, 100, 100]);
});

it('a constant backoff is the same however chance falls', () => {
  expect(waits({ kind: 'constant', delayMs: 40 }, middle, 3)).toEqual([40, 40, 40]);
});

it('a function of one’s own is told the retry, chance and the wait before', () => {
  expect(waits((retry, chance, beforeMs) => retry * 10 + chance + beforeMs, middle, 3)).toEqual([10.5, 31, 61.5]);
  expect(retryDelay(1, middle, 0, () => -5)).toBe(0);
});

it.each<[RetryBackoff, string]>([
  [{ kind: 'constant', delayMs: -1 }, 'backoff.delayMs'],
  [{ kind: 'exponential', firstMs: 0 }, 'backoff.firstMs'],
  [{ kind: 'exponential', firstMs: 200, maxMs: 100 }, 'backoff.maxMs'],
  [{ kind: 'exponential', factor: Number.NaN }, 'backoff.factor'],
])('%j is refused by the path of the bad value', (backoff, path) => {
  expect(() => checkBackoff('backoff', backoff)).toThrow(
    expect.objectContaining({ data: expect.objectContaining({ path }) }),
  );
});
