import { incarnation, type Member, nodeId, type Observation, type Sight, type View } from '@jaegis/core';
import { expect, test } from 'vitest';
import { StallNews } from './stall-news.ts';

const member = (id: string): Member => ({ id: nodeId(id), incarnation: incarnation(`${id}-1`) });
const [a, b, c] = [member('a'), member('b'), member('c')];
const view: View = { epoch: 1, members: [a, b, c] };
const seen = (sees: Sight, more: Partial<Observation> = {}): Observation[] => [
  { of: c, by: a, sees, silentMs: 0, phi: 0, ...more },
];
const allAlive = () => 'alive' as const;
const settings = { stalledAfterMs: 300 };

test('a stall is told once, and once more with the name', () => {
  const news = new StallNews(settings);
  const take = (observations: Observation[]) => news.take(observations, view, a, allAlive);
  expect(take(seen('stalled', { loopMs: 310 }))).toEqual([{ type: 'node_stalled', stalled: 'c', loopMs: 310 }]);
  expect(take(seen('stalled', { loopMs: 360 }))).toEqual([]);
  const named = { actor: 'c/user/x', at: 'f (x.ts:1:2)' };
  expect(take(seen('stalled', { loopMs: 410, ...named }))).toEqual([
    { type: 'node_stalled', stalled: 'c', loopMs: 410, ...named },
  ]);
  expect(take(seen('stalled', { loopMs: 460, ...named }))).toEqual([]);
  expect(take(seen('alive'))).toEqual([]);
  expect(take(seen('stalled', { loopMs: 300 }))).toHaveLength(1);
});

test('the next stall of one that is called stalled still is told as the first was', () => {
  const news = new StallNews(settings);
  const take = (more: Partial<Observation>) => news.take(seen('stalled', more), view, a, allAlive);
  expect(take({ loopMs: 400, actor: 'c/user/x' })).toHaveLength(1);
  expect(take({ loopMs: 8 })).toEqual([]);
  expect(take({ loopMs: 320, actor: 'c/user/y' })).toMatchObject([{ loopMs: 320, actor: 'c/user/y' }]);
});

test('of several watchers the first one tells that is not in trouble itself', () => {
  const tell = (self: Member, sightOf: (other: Member) => Sight | undefined) =>
    new StallNews(settings).take(seen('stalled', { loopMs: 310 }), view, self, sightOf).length;
  expect([tell(a, allAlive), tell(b, allAlive)]).toEqual([1, 0]);
  expect(tell(b, ({ id }) => (id === 'a' ? 'gone' : 'alive'))).toBe(1);
});
