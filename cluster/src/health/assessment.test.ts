import { defaultHealth, incarnation, nodeId, type Observation, type Sight } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { assess } from './assessment.ts';
import type { HealthRow, HealthTable } from './entries.ts';
import { emptyTable } from './health-table.ts';

const life = (name: string) => ({ id: nodeId(name), incarnation: incarnation('1') });

function tableOf(statuses: Readonly<Record<string, HealthRow['status']>>): HealthTable {
  const rows = Object.entries(statuses).map(([name, status]): HealthRow => {
    const member = status === 'draining' ? { ...life(name), draining: true } : life(name);
    return { member, status, sinceMs: 0, reason: 'joined', evidence: [], voters: [], protocol: 1, version: '1' };
  });
  return { ...emptyTable, rows };
}

const five = { a: 'alive', b: 'alive', c: 'alive', d: 'alive', e: 'alive' } as const;

/** "a sees b silent": what each reports, of the leader a too. */
function assessed(
  statuses: Readonly<Record<string, HealthRow['status']>>,
  said: readonly [by: string, of: string, sees: Sight, more?: Partial<Observation>][],
  isCalm = true,
) {
  const table = tableOf(statuses);
  const reports = new Map([[nodeId('a'), [] as Observation[]]]);
  for (const [by, of, sees, more] of said) {
    const observation = { by: life(by), of: life(of), sees, silentMs: 700, phi: 9, ...more };
    reports.set(nodeId(by), [...(reports.get(nodeId(by)) ?? []), observation]);
  }
  const watchersOf = (id: string) => table.rows.map(({ member }) => member.id).filter((each) => each !== id);
  const { records, proposed } = assess({
    table,
    self: nodeId('a'),
    reports,
    watchersOf,
    isCalm: () => isCalm,
    settings: defaultHealth,
  });
  const told = (changes: typeof records) => changes.map(({ of, to, reason }) => `${of.id} ${to} ${reason}`);
  return { records: told(records), proposed: told(proposed) };
}

describe('of watchers', () => {
  it('one that misses a member makes it suspect, and a majority of them has it proposed', () => {
    expect(assessed(five, [['b', 'c', 'silent']])).toEqual({ records: ['c suspect silent'], proposed: [] });
    const most = assessed(five, [
      ['a', 'c', 'gone'],
      ['b', 'c', 'silent'],
      ['d', 'c', 'gone'],
    ]);
    expect(most).toEqual({ records: [], proposed: ['c down gone'] });
  });

  it('those that are accused themselves do not count: of two dead both are proposed', () => {
    const both = ['a', 'b', 'c'].flatMap((by): [string, string, Sight][] => [
      [by, 'd', 'gone'],
      [by, 'e', 'gone'],
    ]);
    expect(assessed(five, both).proposed).toEqual(['d down gone', 'e down gone']);
    expect(assessed({ a: 'alive', b: 'alive' }, [['a', 'b', 'gone']]).proposed).toEqual(['b down gone']);
  });

  it('one that misses most of the others, whom they do not miss, is deaf and heard about nothing', () => {
    const deaf = ['a', 'c', 'd', 'e'].map((of): [string, string, Sight] => ['b', of, 'silent']);
    expect(assessed(five, deaf)).toEqual({ records: [], proposed: [] });
  });

  it('what they say of a life that is over is nothing', () => {
    const past = { of: { id: nodeId('c'), incarnation: incarnation('0') } };
    expect(assessed(five, [['b', 'c', 'gone', past]])).toEqual({ records: [], proposed: [] });
  });

  it('the leader cannot judge itself', () => {
    const all = ['b', 'c', 'd', 'e'].map((by): [string, string, Sight] => [by, 'a', 'gone']);
    expect(assessed(five, all)).toEqual({ records: [], proposed: [] });
  });
});

describe('a member', () => {
  const by = (sees: Sight, more: Partial<Observation> = {}) =>
    ['a', 'b', 'd'].map((name): [string, string, Sight, Partial<Observation>] => [name, 'c', sees, more]);

  it.each([
    ['that is stalled is degraded', five, by('stalled', { loopMs: 5_000 }), ['c degraded stalled'], []],
    ['that is stalled for too long is proposed', five, by('stalled', { loopMs: 10_000 }), [], ['c down stalled']],
    ['whose actors are cut off is proposed', five, by('cut_off', { pathMs: 1_600 }), [], ['c down cut_off']],
    ['that lacks what it needs is degraded', five, by('not_ready'), ['c degraded not_ready'], []],
    [
      'that is suspect already is not made so again',
      { ...five, c: 'suspect' as const },
      by('stalled', { loopMs: 1 }),
      [],
      [],
    ],
    ['of which nothing is reported is alive again', { ...five, c: 'suspect' as const }, [], ['c alive calm'], []],
    ['that drained before drains again', { ...five, c: 'draining' as const }, [], [], []],
  ])('%s', (_, statuses, said, records, proposed) => {
    expect(assessed(statuses, said)).toEqual({ records, proposed });
  });

  it('is alive again only once it has been calm', () => {
    expect(assessed({ ...five, c: 'suspect' }, [], false)).toEqual({ records: [], proposed: [] });
  });
});
