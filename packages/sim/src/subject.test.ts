import { expect, test } from 'vitest';
import { subjectMatches } from './subject.ts';

test.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.c', false],
  ['a.b', 'a', false],
  ['a.b', 'a.b.c', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*', 'a.b.c', false],
  ['*.b', 'a.b', true],
  ['a.*.c', 'a.b.c', true],
  ['a.>', 'a', false],
  ['a.>', 'a.b', true],
  ['a.>', 'a.b.c', true],
  ['>', 'a', true],
  ['a', 'ab', false],
])('the filter %s takes %s: %s', (filter, subject, takes) => {
  expect(subjectMatches(filter, subject)).toBe(takes);
});
