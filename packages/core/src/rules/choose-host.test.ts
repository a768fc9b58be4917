import { describe, expect, it } from 'vitest';
import { incarnation, nodeId } from '../values/node-id.ts';
import type { Member } from '../values/view.ts';
import { type ChildPlace, chooseHost } from './choose-host.ts';

const member = (id: string, more: Partial<Member> = {}): Member => ({
  id: nodeId(id),
  incarnation: incarnation('1'),
  ...more,
});
const choose = (place: ChildPlace, members: readonly Member[], present?: string, child = 'n1/user/shop/till') => {
  const last = present === undefined ? undefined : nodeId(present);
  return chooseHost(place, { members, self: nodeId('n1'), present: last, child })?.id;
};

describe('the node that a child is started on', () => {
  const three = [member('n1'), member('n2', { labels: ['gpu'] }), member('n3', { labels: ['gpu', 'ssd'] })];

  it.each([
    [{ node: 'n2' }, 'n2'],
    [{ node: 'n9' }, undefined],
    [{ labels: ['ssd'] }, 'n3'],
    [{ labels: ['gpu', 'ssd'] }, 'n3'],
    [{ labels: ['tape'] }, undefined],
    [{ node: 'n1', other: true }, undefined],
    [{ node: 'n2', labels: ['ssd'] }, undefined],
  ])('by %j is %s', (place, expected) => {
    expect(choose(place, three)).toBe(expected);
  });

  it('is the one that it ran on, while that is eligible', () => {
    for (const present of ['n1', 'n2', 'n3']) expect(choose({}, three, present)).toBe(present);
    expect(choose({ other: true }, three, 'n1')).toMatch(/n2|n3/);
    const draining = [member('n1'), member('n2', { draining: true })];
    expect(choose({}, draining, 'n2')).toBe('n1');
  });

  it('is another one for many children, and moves only with its node', () => {
    const children = Array.from({ length: 300 }, (_, n) => `n1/user/shop/c${n}`);
    const before = children.map((child) => choose({}, three, undefined, child));
    for (const id of ['n1', 'n2', 'n3']) expect(before.filter((host) => host === id).length).toBeGreaterThan(60);
    const without = three.filter(({ id }) => id !== 'n3');
    for (const [n, child] of children.entries()) {
      if (before[n] !== 'n3') expect(choose({}, without, undefined, child)).toBe(before[n]);
    }
  });
});
