import { expect, test } from 'vitest';
import { realRandom } from './random.ts';

test('numbers lie in [0, 1) and spread over it', () => {
  const random = realRandom();
  const numbers = Array.from({ length: 10_000 }, () => random.next());
  expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
  const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  // Ten standard deviations: fails by chance less than once in 10^22 runs.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.029);
});

test('ids have 16 characters of 0-9a-z, use all of them, and do not repeat', () => {
  const random = realRandom();
  const ids = Array.from({ length: 5_000 }, () => random.id());
  expect(ids.every((id) => /^[0-9a-z]{16}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(ids.join('')).size).toBe(36);
});
