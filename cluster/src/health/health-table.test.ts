import { incarnation, limits, nodeId } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import {
  type AskedChange,
  type Change,
  entryFrom,
  type HealthEntry,
  type HealthTable,
  type StatusChange,
} from './entries.ts';
import { applied, emptyTable, viewOf } from './health-table.ts';

const life = (name: string, of = '1') => ({ id: nodeId(name), incarnation: incarnation(`${name}-${of}`) });
const [a, b] = [life('a'), life('b')];
const term = (number: number, by = a): HealthEntry => ({ term: number, by, atMs: number, kind: 'term' });
const of = (number: number, change: Change, by = a): HealthEntry => ({ term: number, by, atMs: number, ...change });
const join = (member = a): AskedChange => ({ kind: 'join', member, protocol: 1, version: '1' });
const status = (to: StatusChange['to'], member = a): Change => ({
  kind: 'status',
  changes: [{ of: member, from: 'alive', to, reason: 'gone', evidence: [] }],
  voters: [],
});

function after(entries: readonly HealthEntry[], from: HealthTable = emptyTable): HealthTable {
  return entries.reduce((table, entry) => applied(table, entry, table.index + 1), from);
}

const both = [term(1), of(1, join(b)), of(1, join(a))];
const ids = (table: HealthTable) => viewOf(table).members.map(({ incarnation }) => String(incarnation));

describe('the health table', () => {
  it('holds members by name, who leads, and an epoch that grows with each change of the members only', () => {
    const table = after(both);
    expect(viewOf(table)).toEqual({
      epoch: 3,
      members: [
        { ...a, share: 1 },
        { ...b, share: 1 },
      ],
    });
    expect(table).toMatchObject({ index: 3, term: 1, leader: a });
    expect(after([of(1, status('suspect'))], table)).toMatchObject({
      epoch: 3,
      index: 4,
      rows: [{ status: 'suspect' }, {}],
    });
    expect(ids(after([of(1, status('down', b))], table))).toEqual(['a-1']);
  });

  it.each([
    ['of a term that is over', of(1, status('down')), term(2, b)],
    ['that takes a term which was taken', term(2, a), term(2, b)],
    ['about a life that it does not hold', of(1, status('down', life('a', '0'))), undefined],
    ['that lets in whoever is in', of(1, join(a)), undefined],
    ['that gives a life the share that it has', of(1, { kind: 'share', member: a, share: 1 }), undefined],
    ['that gives a share to who is not there', of(1, { kind: 'share', member: life('c'), share: 0.5 }), undefined],
    ['that has one leave who is not there', of(1, { kind: 'leave', member: life('c') }), undefined],
  ])('passes over an entry %s', (_, entry, before) => {
    const table = after(before ? [...both, before] : both);
    const next = after([entry], table);
    expect(next).toEqual({ ...table, index: table.index + 1 });
  });

  it('does not change by an entry that it holds already', () => {
    const table = after(both);
    expect(applied(table, of(1, status('down')), 3)).toBe(table);
  });

  it('replaces a former life, and never takes one back that is over', () => {
    const next = after([...both, of(1, join(life('a', '2')))]);
    expect(ids(next)).toEqual(['a-2', 'b-1']);
    expect(next.departed).toMatchObject([{ member: a, status: 'down', reason: 'replaced' }]);
    expect(ids(after([of(1, join(a))], next))).toEqual(['a-2', 'b-1']);
  });

  it('has a member drain for the rest of its life, whatever is said of its health', () => {
    const draining = after([...both, of(1, status('draining'))]);
    expect(viewOf(draining).members[0]).toEqual({ ...a, share: 1, draining: true });
    const again = after([of(1, status('suspect')), of(1, status('draining'))], draining);
    expect(again.epoch).toBe(draining.epoch);
  });

  it('has a newcomer begin with a part of its share beside one that has settled, and grow as the log says', () => {
    const settled = after([term(1), of(1, join(a)), of(1, { kind: 'share', member: a })]);
    const half = of(1, { kind: 'share', member: b, share: 0.5 });
    const shares = [of(1, join(b)), half, of(1, { kind: 'share', member: b })].map((_, index, all) => {
      const { rows, epoch } = after(all.slice(0, index + 1), settled);
      return [rows[1]?.member.share, epoch - settled.epoch];
    });
    expect(shares).toEqual([
      [0.25, 1],
      [0.5, 2],
      [undefined, 3],
    ]);
  });

  it('takes what several asked for at once as one change of the view, in the order in which they asked', () => {
    const [c, d] = [life('c'), life('d')];
    const changes: AskedChange[] = [
      join(d),
      { kind: 'share', member: a },
      join(c),
      { kind: 'leave', member: b },
      join(d),
    ];
    const table = after([...both, of(1, { kind: 'several', changes })]);
    expect(table).toMatchObject({ epoch: 4, index: 4 });
    expect(viewOf(table).members).toEqual([a, { ...c, share: 0.25 }, { ...d, share: 1 }]);
    expect(table.departed).toMatchObject([{ member: b, reason: 'left' }]);
  });

  it('has one epoch more however many lives an entry ends', () => {
    const changes = [a, b].map(
      (each): StatusChange => ({ of: each, from: 'alive', to: 'down', reason: 'gone', evidence: [] }),
    );
    const table = after([...both, of(1, { kind: 'status', changes, voters: [] })]);
    expect([table.epoch, table.index, ids(table)]).toEqual([4, 4, []]);
  });

  it('is the same from a snapshot as from all entries', () => {
    const table = after([...both, of(1, status('down', b))]);
    const fromSnapshot = applied(emptyTable, of(1, { kind: 'snapshot', table }), 5);
    expect(fromSnapshot).toEqual({ ...table, index: 5 });
    const next = of(1, join(b));
    expect(ids(applied(fromSnapshot, of(1, join(life('b', '2'))), 6))).toEqual(['a-1', 'b-2']);
    expect(ids(applied(fromSnapshot, next, 6))).toEqual(['a-1']);
  });

  it('remembers only so many lives that are over', () => {
    const lives = Array.from({ length: limits.departedLives + 5 }, (_, number) =>
      of(1, join(life('a', String(number)))),
    );
    expect(after([term(1), ...lives]).departed).toHaveLength(limits.departedLives);
  });
});

describe('an entry', () => {
  it.each([
    [undefined],
    [{}],
    [{ term: 1, by: a, atMs: 1, kind: 'other' }],
    [{ term: -1, by: a, atMs: 1, kind: 'term' }],
    [{ term: 1, by: 'a', atMs: 1, kind: 'term' }],
    [{ term: 1, by: a, atMs: 1, kind: 'join', member: { id: 'a' } }],
    [{ term: 1, by: a, atMs: 1, kind: 'share', member: a, share: 2 }],
    [{ term: 1, by: a, atMs: 1, kind: 'several' }],
    [{ term: 1, by: a, atMs: 1, kind: 'several', changes: [{ kind: 'term' }] }],
    [{ term: 1, by: a, atMs: 1, kind: 'status', changes: [{}] }],
    [{ term: 1, by: a, atMs: 1, kind: 'snapshot', table: {} }],
  ])('%j is none', (value) => {
    expect(() => entryFrom(value)).toThrow(expect.objectContaining({ code: 'corrupt_record' }));
  });

  it('is what was written', () => {
    for (const entry of both) expect(entryFrom(entry)).toBe(entry);
  });
});
