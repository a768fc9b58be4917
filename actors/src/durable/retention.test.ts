import { expect, test } from 'vitest';
import { replacesHistory } from './retention.ts';

test.each([
  ['each, where one turn is kept', { turns: 1 }, 2, true],
  ['each third, where three are kept', { turns: 3 }, 6, true],
  ['none between', { turns: 3 }, 7, false],
  ['none, where no bound is set', {}, 6, false],
])('turns that replace what was before them: %s', (_, limits, turn, expected) => {
  expect(replacesHistory(limits, { turn, nowMs: 5, beforeMs: 4 })).toBe(expected);
});

test.each([
  ['the first of a period', 1_000, 999, true],
  ['the first after a long silence', 9_500, 999, true],
  ['a later one of the period', 1_999, 1_000, false],
])('by time: %s', (_, nowMs, beforeMs, expected) => {
  expect(replacesHistory({ ms: 1_000 }, { turn: 7, nowMs, beforeMs })).toBe(expected);
});

test('the first turn of all has nothing to replace', () => {
  expect(replacesHistory({ turns: 1, ms: 1 }, { turn: 1, nowMs: 5, beforeMs: undefined })).toBe(false);
});
