/** What members say to each other about health, over core NATS. All of it is said again; nothing here is kept. */
import type { ErrorData, Member, NodeId, Observation } from '@jaegis/core';
import { entryFrom, isCount, isLife, isMember, isRecord, isShare, type Life } from './entries.ts';
import type { ToldEntry } from './health-log.ts';

/** Subjects below `jaegis.<cluster>.consensus`. */
export function wordsOf(cluster: string) {
  const base = `jaegis.${cluster}.consensus`;
  return {
    /** The leader's sign of life. */
    leads: `${base}.leads`,
    /** What was committed. */
    entry: `${base}.entry`,
    vote: `${base}.vote`,
    /** Only the leader listens here. */
    leader: `${base}.leader`,
    agree: `${base}.agree`,
    repliesTo: (life: Life) => `${base}.reply.${life.id}.${life.incarnation}`,
  };
}

export interface LeaderWord {
  readonly term: number;
  readonly leader: Life;
  /** The sequence of the newest entry. */
  readonly index: number;
}

export interface VoteRequest {
  /** Whether it would be elected, if it tried. */
  readonly pre: boolean;
  readonly term: number;
  readonly candidate: Life;
}

export interface Vote {
  readonly by: NodeId;
  readonly yes: boolean;
}

/** The leader asks who sees the same. */
export interface AgreeRequest {
  readonly term: number;
  readonly of: readonly Life[];
}

export interface Testimony {
  readonly by: NodeId;
  readonly observations: readonly Observation[];
}

export type LeaderRequest =
  | { readonly kind: 'report'; readonly by: Life; readonly observations: readonly Observation[] }
  | { readonly kind: 'join'; readonly member: Member; readonly protocol: number; readonly version: string }
  | { readonly kind: 'share'; readonly member: Life; readonly share?: number }
  | { readonly kind: 'drain' | 'leave' | 'verify'; readonly member: Life };

export type LeaderAnswer =
  | { readonly ok: true; readonly index: number }
  /** Not yet. */
  | { readonly ok: false; readonly error?: ErrorData };

export function isLeaderWord(value: unknown): value is LeaderWord {
  return isRecord(value) && isCount(value.term) && isLife(value.leader) && isCount(value.index);
}

/** @throws CorruptRecordError */
export function toldEntryFrom(value: unknown): ToldEntry | undefined {
  if (!isRecord(value) || !isCount(value.sequence) || !isCount(value.previous)) return undefined;
  return { sequence: value.sequence, previous: value.previous, entry: entryFrom(value.entry) };
}

export function isVoteRequest(value: unknown): value is VoteRequest {
  return isRecord(value) && typeof value.pre === 'boolean' && isCount(value.term) && isLife(value.candidate);
}

export function isVote(value: unknown): value is Vote {
  return isRecord(value) && typeof value.by === 'string' && typeof value.yes === 'boolean';
}

export function isAgreeRequest(value: unknown): value is AgreeRequest {
  return isRecord(value) && isCount(value.term) && Array.isArray(value.of) && value.of.every(isLife);
}

export function isTestimony(value: unknown): value is Testimony {
  return isRecord(value) && typeof value.by === 'string' && areObservations(value.observations);
}

export function isLeaderRequest(value: unknown): value is LeaderRequest {
  if (!isRecord(value)) return false;
  if (value.kind === 'report') return isLife(value.by) && areObservations(value.observations);
  if (value.kind === 'join') return isMember(value.member) && isCount(value.protocol);
  if (value.kind === 'share') return isLife(value.member) && isShare(value.share);
  return (value.kind === 'drain' || value.kind === 'leave' || value.kind === 'verify') && isLife(value.member);
}

export function isLeaderAnswer(value: unknown): value is LeaderAnswer {
  return isRecord(value) && (value.ok === false || (value.ok === true && isCount(value.index)));
}

function areObservations(value: unknown): value is readonly Observation[] {
  return Array.isArray(value) && value.every(isObservation);
}

function isObservation(value: unknown): value is Observation {
  if (!isRecord(value) || !isLife(value.of) || !isLife(value.by)) return false;
  return typeof value.sees === 'string' && typeof value.silentMs === 'number';
}
