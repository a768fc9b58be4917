/** The health log, applied entry by entry: pure, so that every node holds the same table and the same view. */
import { isSameLife, joining, limits, type Member, type NodeId, type View } from '@jaegis/core';
import type { Change, HealthEntry, HealthRow, HealthTable, Life, StatusChange } from './entries.ts';

export const emptyTable: HealthTable = { index: 0, term: 0, leader: undefined, epoch: 0, rows: [], departed: [] };

export function viewOf({ epoch, rows }: HealthTable): View {
  return { epoch, members: rows.map(({ member }) => member) };
}

export function rowOf({ rows }: HealthTable, life: Life): HealthRow | undefined {
  const row = rows[placeOf(life.id, rows)];
  return row && isSameLife(row.member, life) ? row : undefined;
}

/** Where the row of this name is, or would be. */
function placeOf(id: NodeId, rows: readonly HealthRow[]): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row && row.member.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
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
  const before = { ...next, term: entry.term, leader: entry.by };
  const after = entryApplied(before, entry);
  // Above all epochs that there were, also where records of them are lost: one record changes it once at most.
  return after.epoch === before.epoch ? after : { ...after, epoch: Math.max(before.epoch + 1, sequence) };
}

function entryApplied(table: HealthTable, entry: HealthEntry): HealthTable {
  if (entry.kind === 'several') return entry.changes.reduce((each, change) => asked(each, change, entry), table);
  if (entry.kind !== 'status') return asked(table, entry, entry);
  return entry.changes.reduce<HealthTable>((each, change) => changed(each, change, entry), table);
}

function asked(table: HealthTable, change: Change, entry: HealthEntry): HealthTable {
  if (change.kind === 'join') return joined(table, change, entry);
  if (change.kind === 'leave') return without(table, [change.member], (row) => ({ ...row, ...ended(entry, 'left') }));
  return change.kind === 'share' ? shared(table, change) : table;
}

function joined(table: HealthTable, change: Extract<Change, { kind: 'join' }>, entry: HealthEntry): HealthTable {
  const { protocol, version } = change;
  const isOver = table.departed.some((row) => isSameLife(row.member, change.member));
  if (isOver || rowOf(table, change.member)) return table;
  const member = joining(change.member, viewOf(table));
  const place = placeOf(member.id, table.rows);
  const former = table.rows[place]?.member;
  const isReplaced = former?.id === member.id;
  const rest = isReplaced ? without(table, [former], (row) => ({ ...row, ...ended(entry, 'replaced') })) : table;
  const fresh = { status: 'alive', sinceMs: entry.atMs, reason: 'joined', evidence: [], voters: [] } as const;
  const row: HealthRow = { member, ...fresh, protocol, version };
  return moved({ ...rest, rows: rest.rows.toSpliced(place, 0, row) });
}

function shared(table: HealthTable, { member: life, share }: Extract<Change, { kind: 'share' }>): HealthTable {
  const row = rowOf(table, life);
  if (!row || row.member.share === share) return table;
  const { share: _, ...rest } = row.member;
  return moved(withRow(table, { ...row, member: share === undefined ? rest : { ...rest, share } }));
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
  return moved(withRow(table, { ...next, member: { ...row.member, draining: true } }));
}

function withRow(table: HealthTable, row: HealthRow): HealthTable {
  return { ...table, rows: table.rows.with(placeOf(row.member.id, table.rows), row) };
}

function without(table: HealthTable, gone: readonly Life[], end: (row: HealthRow) => HealthRow): HealthTable {
  const isGone = (member: Member) => gone.some((life) => isSameLife(life, member));
  const over = table.rows.filter(({ member }) => isGone(member)).map(end);
  if (over.length === 0) return table;
  const rows = table.rows.filter(({ member }) => !isGone(member));
  const departed = [...table.departed, ...over].slice(-limits.departedLives);
  return moved({ ...table, rows, departed });
}

function ended({ atMs, by }: HealthEntry, reason: 'left' | 'replaced') {
  return { status: 'down', sinceMs: atMs, reason, evidence: [], voters: [by.id] } as const;
}

/** Another view than before. Which epoch it has, the entry says. */
function moved(table: HealthTable): HealthTable {
  return { ...table, epoch: table.epoch + 1 };
}
