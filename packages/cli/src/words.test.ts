import { expect, it } from 'vitest';
import { bytes, clockTime, percent, rounded, span } from './words.ts';

it('says quantities as people read them', () => {
  expect([0, 999, 1_500, 29_491_928, 1.2e9].map(bytes)).toEqual(['0 B', '999 B', '1.5 KB', '29.5 MB', '1.2 GB']);
  expect([0, 0.05, 12.34, 1_234.5].map(rounded)).toEqual(['0', '0.1', '12.3', '1,235']);
  expect(percent(0.123)).toBe('12.3 %');
  expect([5, 3_200, 300_000, 7_200_000, 4 * 86_400_000].map(span)).toEqual(['5 ms', '3.2 s', '5 min', '2 h', '4 d']);
});

it('names the day only where it is another one', () => {
  const noon = new Date(2026, 0, 2, 12, 0, 0, 7).getTime();
  expect(clockTime(noon, noon + 1_000)).toBe('12:00:00.007');
  expect(clockTime(noon, noon + 86_400_000)).toBe('2026-01-02 12:00:00.007');
});
