/** What a view says of who owns what. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { type EntityId, incarnation, type Member, nodeId, type View, viewWith, viewWithout } from '@jaegis/core';
import { expect, test } from 'vitest';
import { inboxFilters, Needs } from './needs.ts';
import { noOwner } from './no-owner.ts';
import { entityOfSubject, inboxSubject, ownerOf, SHARDS, turnSubject } from './placement.ts';

const member = (id: string, more: Partial<Member> = {}): Member => ({
  id: nodeId(id),
  incarnation: incarnation(`${id}-1`),
  ...more,
});
const view = (...members: Member[]): View => ({ epoch: 1, members });
const entities = Array.from({ length: 1_000 }, (_, n): EntityId => ({ type: 'cart', key: `${n}` }));
const part = (of: View, id: string, labels?: readonly string[]) =>
  entities.filter((entity) => ownerOf(entity, of, labels)?.id === id).length / entities.length;
const trainer = defineActor('trainer', { state: () => 0, on: {}, placement: { labels: ['ssd', 'gpu', 'gpu'] } });
const needs = new Needs([trainer as unknown as ActorDefinition<Protocol>]); // of any protocol

test('a member has its part of the entities by weight and share, and none on its way out', () => {
  const of = view(
    member('a', { weight: 2 }),
    member('b', { share: 0.5 }),
    member('c', { weight: 0 }),
    member('d', { draining: true }),
  );
  expect(part(of, 'a')).toBeGreaterThan(0.65);
  expect(part(of, 'b')).toBeGreaterThan(0.1);
  expect(part(of, 'c') + part(of, 'd')).toBe(0);
});

test.each([
  ['comes', (of: View) => viewWith(of, member('x')), 'x'],
  ['goes', (of: View) => viewWithout(of, [member('b')]), 'b'],
  ['drains', (of: View) => viewWith(of, member('b', { draining: true })), 'b'],
  ['is known by labels', (of: View) => viewWith(of, member('b', { labels: ['gpu'] })), 'nobody'],
])('when a member %s, only what it wins or held moves', (_, change, who) => {
  const before = view(member('a'), member('b'), member('c'));
  const after = change(before);
  for (const entity of entities) {
    const [from, to] = [ownerOf(entity, before)?.id, ownerOf(entity, after)?.id];
    if (from !== to) expect([from, to]).toContain(who);
  }
});

test('what needs labels is only on members with all of them', () => {
  const of = view(member('a', { labels: ['gpu', 'ssd'] }), member('b', { labels: ['gpu'] }), member('c'));
  expect(part(of, 'a', ['gpu', 'ssd'])).toBe(1);
  expect(part(of, 'a', ['gpu']) + part(of, 'b', ['gpu'])).toBe(1);
  expect(ownerOf({ type: 'cart', key: '1' }, of, ['tpu'])).toBeUndefined();
});

test.each([
  [view(), ['gpu'], 'cluster_unavailable', {}],
  [view(member('a', { weight: 0 })), [], 'cluster_unavailable', {}],
  [view(member('a', { labels: ['gpu'], draining: true })), ['gpu'], 'cluster_unavailable', {}],
  [view(member('a', { labels: ['gpu'] })), ['gpu', 'ssd'], 'no_host', { missing: ['ssd'], labels: ['gpu', 'ssd'] }],
  [
    view(member('a', { labels: ['gpu'] }), member('b', { labels: ['ssd'] })),
    ['gpu', 'ssd'],
    'no_host',
    { missing: [], labels: ['gpu', 'ssd'] },
  ],
])('what nobody can own by %j with the labels %j is refused as %s', (of, labels, code, data) => {
  expect(noOwner('cart/1', labels, of)).toMatchObject({ code, data });
});

test('what members own are plots, and each plot is of one', () => {
  const members = [member('a', { labels: ['gpu', 'ssd'] }), member('b', { labels: ['gpu', 'ssd'] }), member('c')];
  const of = view(...members);
  const holdings = members.map((each) => [...needs.holdings(each, of)]);
  const all = holdings.flat();
  expect(new Set(all).size).toBe(2 * SHARDS);
  expect(all).toHaveLength(2 * SHARDS);
  expect(holdings[2]?.some((plot) => plot.endsWith('.trainer'))).toBe(false);
});

test.each<[EntityId]>([[{ type: 'cart', key: 'a.b' }], [{ type: 'trainer', key: '7' }]])(
  'the plot of %j has its owner, and its subjects are of that plot',
  (entity) => {
    const of = view(member('a', { labels: ['gpu', 'ssd'] }), member('b'), member('c'));
    const plot = needs.plotOf(entity);
    expect(needs.ownerOfPlot(plot, of)).toBe(needs.ownerOf(entity, of));
    for (const subject of [turnSubject('c', entity), inboxSubject('c', entity)]) {
      expect(needs.plotOfSubject(subject)).toBe(plot);
      expect(entityOfSubject(subject)).toEqual(entity);
    }
  },
);

test.each([
  [[], []],
  [['3'], ['jaegis.c.inbox.3.>']],
  [['3', '3.trainer'], ['jaegis.c.inbox.3.>']],
  [
    ['3', '4.trainer'],
    ['jaegis.c.inbox.3.>', 'jaegis.c.inbox.4.trainer.>'],
  ],
  [[...Array(SHARDS).keys(), '4.trainer'].map(String), ['jaegis.c.inbox.>']],
])('the inboxes of the plots %j are %j', (plots, filters) => {
  expect(inboxFilters('c', new Set(plots))).toEqual(filters);
});

test('a node that does not know a type learns what it needs, and one that does is not told otherwise', () => {
  const client = new Needs();
  client.learn('trainer', ['gpu']);
  expect(client.of('trainer')).toEqual(['gpu']);
  needs.learn('trainer', ['other']);
  expect(needs.of('trainer')).toEqual(['gpu', 'ssd']);
});
