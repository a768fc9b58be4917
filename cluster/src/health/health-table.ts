/** The health log, applied entry by entry: pure, so that every node holds the same table and the same view. */
import { isSameLife, joining, limits, type Member, type View } from '@jaegis/core';
import type { HealthEntry, HealthRow, HealthTable, Life, StatusChange } from './entries.ts';

export const emptyTable: HealthTable = { index: 0, term: 0, leader: undefined, epoch: 0, rows: [], departed: [] };

export function viewOf({ epoch, rows }: HealthTable): View {
  return { epoch, members: rows.map(({ member }) => member) };
}

export function rowOf(table: HealthTable, life: Life): HealthRow | undefined {
  return table.rows.find(({ member }) => isSameLife(member, life));
}

/**
 * The table with one entry more. An entry that a leader of the past wrote, or that says what cannot be, changes nothing:
 * all who read the log pass it over alike.
 *
 * @param sequence Of the entry's record. Those that are in the table already change nothing.
 */
export function applied(table: HealthTable, entry: HealthEntry, sequence: number): HealthTable {
  if (sequence <= table.index) return table;
  const next = { ...table, index: sequence };
  if (entry.kind === 'snapshot') return entry.table.epoch < table.epoch ? next : { ...entry.table, index: sequence };
  const isOfThePast = entry.kind === 'term' ? entry.term <= table.term : entry.term < table.term;
  if (isOfThePast) return next;
  const now = { ...next, term: entry.term, leader: entry.by };
  if (entry.kind === 'join') return joined(now, entry);
  if (entry.kind === 'leave') return without(now, [entry.member], (row) => ({ ...row, ...ended(entry, 'left') }));
  if (entry.kind === 'share') return shared(now, entry);
  if (entry.kind === 'status')
    return entry.changes.reduce<HealthTable>((each, change) => changed(each, change, entry), now);
  return now;
}

function joined(table: HealthTable, entry: Extract<HealthEntry, { kind: 'join' }>): HealthTable {
  const { protocol, version, atMs } = entry;
  const member = joining(entry.member, viewOf(table));
  const isOver = table.departed.some((row) => isSameLife(row.member, member));
  if (isOver || rowOf(table, member)) return table;
  const former = table.rows.filter((row) => row.member.id === member.id).map((row) => row.member);
  const rest = without(table, former, (row) => ({ ...row, ...ended(entry, 'replaced') }));
  const fresh = { status: 'alive', sinceMs: atMs, reason: 'joined', evidence: [], voters: [] } as const;
  const row: HealthRow = { member, ...fresh, protocol, version };
  const rows = [...rest.rows, row].sort((a, b) => (a.member.id < b.member.id ? -1 : 1));
  return withEpoch({ ...rest, rows }, table);
}

function shared(table: HealthTable, { member: life, share }: Extract<HealthEntry, { kind: 'share' }>): HealthTable {
  const row = rowOf(table, life);
  if (!row || row.member.share === share) return table;
  const { share: _, ...rest } = row.member;
  return withEpoch(withRow(table, { ...row, member: share === undefined ? rest : { ...rest, share } }), table);
}

function changed(
  table: HealthTable,
  change: StatusChange,
  entry: Extract<HealthEntry, { kind: 'status' }>,
): HealthTable {
  const { of, to, reason, evidence } = change;
  const row = rowOf(table, of);
  if (!row) return table;
  const { voters, atMs: sinceMs } = entry;
  const next = { ...row, status: to, sinceMs, reason, evidence, voters };
  if (to === 'down') return without(table, [of], () => next);
  if (to !== 'draining' || row.member.draining) return withRow(table, next);
  return withEpoch(withRow(table, { ...next, member: { ...row.member, draining: true } }), table);
}

function withRow(table: HealthTable, row: HealthRow): HealthTable {
  return { ...table, rows: table.rows.map((each) => (isSameLife(each.member, row.member) ? row : each)) };
}

function without(table: HealthTable, gone: readonly Life[], end: (row: HealthRow) => HealthRow): HealthTable {
  const isGone = (member: Member) => gone.some((life) => isSameLife(life, member));
  const over = table.rows.filter(({ member }) => isGone(member)).map(end);
  if (over.length === 0) return table;
  const rows = table.rows.filter(({ member }) => !isGone(member));
  const departed = [...table.departed, ...over].slice(-limits.departedLives);
  return withEpoch({ ...table, rows, departed }, table);
}

function ended({ atMs, by }: HealthEntry, reason: 'left' | 'replaced') {
  return { status: 'down', sinceMs: atMs, reason, evidence: [], voters: [by.id] } as const;
}

/** Above all epochs that there were, also where records of them are lost: each changed by one record at most. */
function withEpoch(table: HealthTable, before: HealthTable): HealthTable {
  return { ...table, epoch: Math.max(before.epoch + 1, table.index) };
}
