/** What the leader makes of the watchers' reports: pure. */
import {
  condemns,
  type HealthSettings,
  type HealthStatus,
  isSameLife,
  limits,
  type NodeId,
  type Observation,
  watermarksOf,
  worstOf,
} from '@jaegis/core';
import type { HealthRow, HealthTable, Reason, StatusChange } from './entries.ts';

export interface AssessmentInput {
  readonly table: HealthTable;
  /** The leader, which cannot judge itself: the others elect another one. */
  readonly self: NodeId;
  /** What each watcher sees at the moment. */
  readonly reports: ReadonlyMap<NodeId, readonly Observation[]>;
  /** Who watches a member. */
  readonly watchersOf: (id: NodeId) => readonly NodeId[];
  /** Whether nothing has been reported of a member for long enough. */
  readonly isCalm: (id: NodeId) => boolean;
  readonly settings: HealthSettings;
}

export interface Assessment {
  /** To be written as they are: they move nothing. */
  readonly records: readonly StatusChange[];
  /** Those that the view should lose, for which the members are to be asked. */
  readonly proposed: readonly StatusChange[];
}

export function assess(input: AssessmentInput): Assessment {
  const heard = soundReports(input);
  const accused = accusedIn(heard, input);
  const byLife = Map.groupBy(heard, ({ of }) => of.incarnation);
  const records: StatusChange[] = [];
  const proposed: StatusChange[] = [];
  for (const row of input.table.rows) {
    const change = changeOf(row, byLife.get(row.member.incarnation) ?? [], accused, input);
    if (change !== undefined) (change.to === 'down' ? proposed : records).push(change);
  }
  return { records, proposed };
}

/** Without those of watchers that are deaf themselves, and of those that are no members. */
function soundReports({ table, reports, settings }: AssessmentInput): Observation[] {
  const members = new Set(table.rows.map(({ member }) => member.id));
  const present = [...reports].filter(([by]) => members.has(by));
  const silent = present.map(([by, seen]) => ({
    by,
    ids: seen.filter(({ sees, of }) => sees === 'silent' && members.has(of.id)).map(({ of }) => of.id),
  }));
  const saidBy = new Map<NodeId, number>();
  for (const { ids } of silent) for (const id of new Set(ids)) saidBy.set(id, (saidBy.get(id) ?? 0) + 1);
  const isDeaf = (ids: readonly NodeId[]) => {
    const alone = ids.filter((id) => saidBy.get(id) === 1);
    return ids.length >= 2 && ids.length * 2 >= members.size && alone.length * 2 > ids.length;
  };
  const deaf = new Set(silent.filter(({ ids }) => isDeaf(ids)).map(({ by }) => by));
  // Where nobody else reports anything, nobody else may be left.
  const isAnybodyWell = present.some(([by, seen]) => !deaf.has(by) && !seen.some((each) => condemns(each, settings)));
  return present.filter(([by]) => !isAnybodyWell || !deaf.has(by)).flatMap(([, seen]) => seen);
}

function accusedIn(heard: readonly Observation[], { self, settings }: AssessmentInput): ReadonlySet<NodeId> {
  return new Set(heard.filter((seen) => seen.of.id !== self && condemns(seen, settings)).map(({ of }) => of.id));
}

function changeOf(
  row: HealthRow,
  said: readonly Observation[],
  accused: ReadonlySet<NodeId>,
  { self, watchersOf, isCalm, settings }: AssessmentInput,
): StatusChange | undefined {
  const { member, status } = row;
  const isOver = status === 'suspect' || status === 'unreachable' || status === 'degraded';
  if (said.length === 0 && !isOver) return undefined;
  // Who is accused itself is no witness.
  const seen = said.filter(({ of, by }) => isSameLife(of, member) && !accused.has(by.id));
  const { low, high } = watermarksOf(watchersOf(member.id).filter((id) => !accused.has(id)).length);
  const grave = seen.filter((each) => condemns(each, settings));
  const to = (status: HealthStatus, evidence: readonly Observation[]) => change(row, status, evidence);
  if (member.id !== self && grave.length >= high) return to('down', grave);
  if (member.id !== self && grave.length >= low) return isBetter(status, 'suspect') ? to('suspect', grave) : undefined;
  const slight = seen.filter(({ sees }) => sees === 'stalled' || sees === 'not_ready' || sees === 'cut_off');
  if (slight.length >= high) return isBetter(status, 'degraded') ? to('degraded', slight) : undefined;
  return isOver && seen.length === 0 && isCalm(member.id) ? to(member.draining ? 'draining' : 'alive', []) : undefined;
}

const ORDER: Readonly<Record<HealthStatus, number>> = {
  alive: 0,
  draining: 0,
  degraded: 1,
  suspect: 2,
  unreachable: 3,
  down: 4,
};

function isBetter(status: HealthStatus, than: HealthStatus): boolean {
  return ORDER[status] < ORDER[than];
}

function change(row: HealthRow, to: HealthStatus, evidence: readonly Observation[]): StatusChange {
  const { member, status: from } = row;
  const { id, incarnation } = member;
  const worst = worstOf(evidence)?.sees;
  const reason: Reason = worst === undefined || worst === 'alive' ? 'calm' : worst;
  return { of: { id, incarnation }, from, to, reason, evidence: evidence.slice(0, limits.evidence) };
}
