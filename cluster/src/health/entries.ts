/** What is written to the health log: plain data, one entry a record. */
import { CorruptRecordError, type HealthStatus, type Member, type NodeId, type Observation } from '@jaegis/core';

/** One life of one node. */
export type Life = Pick<Member, 'id' | 'incarnation'>;

/** Why a member's health changed. */
export type Reason = 'reported' | 'calm' | 'gone' | 'silent' | 'stalled' | 'cut_off' | 'not_ready' | 'draining';

export interface StatusChange {
  readonly of: Life;
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly reason: Reason;
  /** Who saw what; of many the first. */
  readonly evidence: readonly Observation[];
}

export interface HealthRow {
  readonly member: Member;
  readonly status: HealthStatus;
  /** Since when, in milliseconds since 1970 by the clock of the leader that wrote it. */
  readonly sinceMs: number;
  readonly reason: Reason | 'joined' | 'left' | 'replaced';
  readonly evidence: readonly Observation[];
  /** Who agreed to it. */
  readonly voters: readonly NodeId[];
  readonly protocol: number;
  readonly version: string;
}

/** All that the log says, as far as it was read. */
export interface HealthTable {
  /** The sequence of the newest entry in it. */
  readonly index: number;
  readonly term: number;
  readonly leader: Life | undefined;
  /** Of the view: grows with each change of the members. */
  readonly epoch: number;
  /** The members, sorted by id. */
  readonly rows: readonly HealthRow[];
  /** Lives that are over, the newest last; only so many are kept. */
  readonly departed: readonly HealthRow[];
}

/** All of one leader's writing. */
interface Written {
  readonly term: number;
  readonly by: Life;
  readonly atMs: number;
}

/** What a member asks for itself. */
export type AskedChange =
  | { readonly kind: 'join'; readonly member: Member; readonly protocol: number; readonly version: string }
  | { readonly kind: 'leave'; readonly member: Life }
  /** Of its weight; left out: all of it. */
  | { readonly kind: 'share'; readonly member: Life; readonly share?: number };

export type Change =
  | { readonly kind: 'term' }
  | AskedChange
  /** What has waited together: one change of the view. */
  | { readonly kind: 'several'; readonly changes: readonly AskedChange[] }
  | { readonly kind: 'status'; readonly changes: readonly StatusChange[]; readonly voters: readonly NodeId[] }
  | { readonly kind: 'snapshot'; readonly table: HealthTable };

export type HealthEntry = Written & Change;

/** An entry that comes from outside this process. @throws CorruptRecordError when it is none. */
export function entryFrom(value: unknown): HealthEntry {
  if (isEntry(value)) return value;
  throw new CorruptRecordError('Not an entry of the health log: expected { term, by, atMs, kind }.');
}

function isEntry(value: unknown): value is HealthEntry {
  if (!isRecord(value) || !isCount(value.term) || !isLife(value.by)) return false;
  if (typeof value.atMs !== 'number') return false;
  if (value.kind === 'status') return Array.isArray(value.changes) && value.changes.every(isChange);
  if (value.kind === 'several') return Array.isArray(value.changes) && value.changes.every(isAskedChange);
  return value.kind === 'term' || isAskedChange(value) || (value.kind === 'snapshot' && isTable(value.table));
}

function isAskedChange(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (value.kind === 'join') return isMember(value.member) && isCount(value.protocol);
  if (value.kind === 'share') return isLife(value.member) && isShare(value.share);
  return value.kind === 'leave' && isLife(value.member);
}

function isTable(value: unknown): boolean {
  if (!isRecord(value) || !isCount(value.term) || !isCount(value.epoch)) return false;
  const { rows, departed } = value;
  return [rows, departed].every(
    (list) => Array.isArray(list) && list.every((row: unknown) => isRecord(row) && isMember(row.member)),
  );
}

function isChange(value: unknown): boolean {
  return isRecord(value) && isLife(value.of) && typeof value.to === 'string';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** All of it where it is left out. */
export function isShare(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && value > 0 && value <= 1);
}

export function isLife(value: unknown): value is Life {
  return isRecord(value) && typeof value.id === 'string' && typeof value.incarnation === 'string';
}

export function isMember(value: unknown): value is Member {
  return isLife(value);
}
