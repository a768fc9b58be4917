import { expect, it } from 'vitest';
import { readingOf } from './clock-reading.ts';

it.each([
  ['the same', '1970-01-01T00:00:01.000Z', 1_005, 10, { aheadMs: 0, withinMs: 5 }],
  ['ahead', '1970-01-01T00:00:03.000Z', 1_000, 0, { aheadMs: 2_000, withinMs: 0 }],
  ['behind', '1970-01-01T00:00:00.000Z', 1_000, 100, { aheadMs: -950, withinMs: 50 }],
  [
    'with nanoseconds, as nats-server writes it',
    '1970-01-01T00:00:01.500999999Z',
    1_500,
    0,
    { aheadMs: 0, withinMs: 0 },
  ],
  ['missing', undefined, 1_000, 0, undefined],
  ['no time', 'noon', 1_000, 0, undefined],
])('a clock that is %s', (_, time, nowMs, tookMs, expected) => {
  expect(readingOf(time, nowMs, tookMs)).toEqual(expected);
});
