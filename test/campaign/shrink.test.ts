import { expect, test } from 'vitest';
import { shrink } from './shrink.ts';

const items = Array.from({ length: 20 }, (_, index) => index);
const needs =
  (...needed: number[]) =>
  async (part: readonly number[]) =>
    needed.every((item) => part.includes(item));

test.each([[[]], [[0]], [[19]], [[3, 4]], [[0, 19]], [[2, 9, 17]], [[1, 5, 6, 12, 18]]])(
  'of twenty items those that are needed are left: %j',
  async (needed) => {
    const { items: left } = await shrink(items, needs(...needed), 1_000);
    expect(left).toEqual(needed);
  },
);

test('where any one of two is enough, one is left', async () => {
  const fails = async (part: readonly number[]) => part.includes(4) || part.includes(11);
  expect((await shrink(items, fails, 1_000)).items).toHaveLength(1);
});

test('with few tries it gives the best that it has found, which fails', async () => {
  const fails = needs(2, 9, 17);
  const { items: left, tries } = await shrink(items, fails, 6);
  expect(tries).toBe(6);
  expect(await fails(left)).toBe(true);
});
