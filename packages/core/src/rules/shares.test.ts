/** How much of its part a member has, from joining until it has settled. */
import { expect, test } from 'vitest';
import { incarnation, nodeId } from '../values/node-id.ts';
import type { Member, View } from '../values/view.ts';
import { grown, joining, presentWeight, SHARE_STEP } from './shares.ts';

const member = (id: string, more: Partial<Member> = {}): Member => ({
  id: nodeId(id),
  incarnation: incarnation(`${id}-1`),
  ...more,
});
const view = (...members: Member[]): View => ({ epoch: 7, members });

test.each([
  ['nobody', view(), 1],
  ['only its own former life', view(member('n')), 1],
  ['one that has not settled', view(member('a', { share: 1 })), 1],
  ['one that has settled', view(member('a')), SHARE_STEP],
  ['one that has settled and one that has not', view(member('a'), member('b', { share: 1 })), SHARE_STEP],
  ['one that has settled and is on its way out', view(member('a', { draining: true })), 1],
  ['one that hosts nothing', view(member('a', { weight: 0 })), 1],
  ['one that is half-way itself', view(member('a', { share: 1 }), member('b', { share: 0.5 })), 0.5],
])('where there is %s, a member joins with its share', (_, before, share) => {
  expect(joining(member('n', { weight: 2, labels: ['x'] }), before)).toEqual(
    member('n', { weight: 2, labels: ['x'], share }),
  );
});

test('who has no weight has no share that would have to grow', () => {
  expect(joining(member('n', { weight: 0, share: 0.25 }), view(member('a')))).toEqual(member('n', { weight: 0 }));
});

test('a share grows by steps, then the member has settled', () => {
  const shares: (number | undefined)[] = [];
  for (let share = grown(SHARE_STEP); ; share = grown(share)) {
    shares.push(share);
    if (share === undefined) break;
  }
  expect(shares).toEqual([0.5, 0.75, undefined]);
  expect(grown(1)).toBeUndefined();
});

test.each([
  [{}, 1],
  [{ weight: 3 }, 3],
  [{ weight: 3, share: 0.5 }, 1.5],
  [{ weight: 3, draining: true }, 0],
  [{ weight: 0, share: 1 }, 0],
])('a member with %j weighs %d', (more, weight) => {
  expect(presentWeight(member('n', more))).toBe(weight);
});
