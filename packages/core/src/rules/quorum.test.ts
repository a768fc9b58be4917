import { describe, expect, it } from 'vitest';
import { type NodeId, nodeId } from '../values/node-id.ts';
import type { Member, View } from '../values/view.ts';
import { isAgreed, isLongEnough, isNobodyLeft, majorityOf, watermarksOf, worstOf } from './quorum.ts';

const names = (text: string): NodeId[] => [...text].map((name) => nodeId(name));
const viewOf = (text: string): View => ({
  epoch: 1,
  members: names(text).map((id) => ({ id, incarnation: '1' }) as Member), // an incarnation is any text
});

describe('a quorum', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %i is %i', (count, majority) => {
    expect(majorityOf(count)).toBe(majority);
  });

  it.each([
    // view, accused, yes, agreed
    ['abc', 'c', 'ab', true],
    ['abc', 'c', 'a', false],
    ['abc', 'bc', 'a', true],
    ['abc', 'abc', '', true],
    ['abc', '', 'ab', true],
    ['ab', '', 'a', false],
    // Who is accused has no say, nor has who is no member.
    ['abc', 'c', 'ac', false],
    ['abc', 'c', 'ax', false],
    // One sick watcher against all others.
    ['abcde', 'bcd', 'a', false],
    ['abcde', 'bcd', 'ae', true],
    ['', '', '', true],
  ])('of "%s", "%s" being accused and "%s" for it: %s', (view, accused, yes, agreed) => {
    expect(isAgreed(viewOf(view), new Set(names(accused)), new Set(names(yes)))).toBe(agreed);
  });
});

describe('watermarks', () => {
  it.each([
    [0, 1, 1],
    [1, 1, 1],
    [2, 1, 2],
    [4, 1, 3],
    [5, 2, 3],
    [10, 3, 6],
  ])('of %i watchers are %i and %i', (watchers, low, high) => {
    expect(watermarksOf(watchers)).toEqual({ low, high });
  });
});

describe('the silence of those that are accused together', () => {
  const silent = (silentMs: number) => ({ sees: 'silent' as const, silentMs });
  const gone = { sees: 'gone' as const, silentMs: 100 };

  it.each([
    [5, [silent(700), silent(700)], true],
    [5, [silent(700), silent(700), silent(700)], false],
    [5, [silent(2_000), silent(2_500), silent(2_100)], true],
    [5, [silent(2_000), silent(2_500), silent(1_999)], false],
    [2, [silent(700)], false],
    [2, [silent(2_000)], true],
    [2, [gone], true],
    [5, [gone, gone, gone, gone], true],
    [5, [gone, gone, silent(700), silent(700)], true],
    [4, [gone, silent(700), silent(700)], false],
    [1, [], true],
  ])('of %i members, %j: %s', (members, accused, isOver) => {
    expect(isLongEnough(members, accused)).toBe(isOver);
  });
});

it.each([
  [[], true],
  [[{ sees: 'gone', silentMs: 0 }], true],
  [
    [
      { sees: 'gone', silentMs: 0 },
      { sees: 'silent', silentMs: 29_999 },
    ],
    false,
  ],
  [
    [
      { sees: 'gone', silentMs: 0 },
      { sees: 'silent', silentMs: 30_000 },
    ],
    true,
  ],
  [[{ sees: 'stalled', silentMs: 60_000 }], false],
] as const)('whether a newcomer that sees %j may take all for dead: %s', (seen, isSo) => {
  expect(isNobodyLeft(seen)).toBe(isSo);
});

it('of what is seen of one member the gravest counts', () => {
  const seen = (['alive', 'stalled', 'gone', 'silent'] as const).map((sees) => ({ sees }));
  expect(worstOf(seen)).toEqual({ sees: 'gone' });
  expect(worstOf([])).toBeUndefined();
});
