import { expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';

const draw = (random: SeededRandom, count: number) => Array.from({ length: count }, () => random.next());

test('the same seed gives the same numbers, another seed others', () => {
  expect(draw(new SeededRandom(7), 20)).toEqual(draw(new SeededRandom('7'), 20));
  expect(draw(new SeededRandom(7), 20)).not.toEqual(draw(new SeededRandom(8), 20));
});

test('numbers are in [0, 1) and even over ten tenths', () => {
  const numbers = draw(new SeededRandom(1), 20_000);
  const tenths = Array.from({ length: 10 }, (_, tenth) => numbers.filter((n) => Math.floor(n * 10) === tenth).length);
  expect(tenths.reduce((sum, count) => sum + count)).toBe(20_000);
  // Five standard deviations of a fair draw are 212.
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(212);
});

test('ids have 16 characters and do not repeat', () => {
  const random = new SeededRandom(1);
  const ids = Array.from({ length: 5_000 }, () => random.id());
  expect(ids.filter((id) => !/^[0-9a-z]{16}$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(5_000);
});

test('a fork depends on the seed and its purpose only', () => {
  const used = new SeededRandom(1);
  draw(used, 10);
  expect(draw(used.fork('a'), 5)).toEqual(draw(new SeededRandom(1).fork('a'), 5));
  expect(draw(used.fork('a'), 5)).not.toEqual(draw(used.fork('b'), 5));
});
