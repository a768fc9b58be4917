/** What an entry of the health log is to whoever listens. */
import type { HealthStatus, NodeId, Observation } from '@jaegis/core';
import type { NodeStalled } from '../watch/stall-news.ts';
import type { HealthEntry, HealthTable, Reason, StatusChange } from './entries.ts';

export type MembershipEvent =
  /** This node misses another one, and says so to the leader. */
  | { readonly type: 'node_suspected'; readonly suspect: string; readonly silentMs: number }
  /** The cluster has agreed that a life is over. */
  | { readonly type: 'node_down'; readonly down: string; readonly silentMs: number; readonly noResponders: boolean }
  | { readonly type: 'node_joined'; readonly joined: string }
  | NodeStalled
  | { readonly type: 'view_changed'; readonly epoch: number; readonly members: readonly string[] }
  /** This node was taken out of the view although it lives; it joins again as a new incarnation. */
  | { readonly type: 'node_removed'; readonly removed: string }
  | {
      readonly type: 'status_changed';
      readonly of: string;
      readonly from: HealthStatus;
      readonly to: HealthStatus;
      readonly reason: Reason;
      readonly voters: readonly NodeId[];
      readonly evidence: readonly Observation[];
    }
  /** Told by the leader itself. */
  | { readonly type: 'leader_elected'; readonly leader: string; readonly term: number };

export function eventsOf(entry: HealthEntry, { rows }: HealthTable): MembershipEvent[] {
  if (entry.kind !== 'status') return [];
  const { voters } = entry;
  return entry.changes
    .filter(({ of }) => rows.some(({ member }) => member.incarnation === of.incarnation))
    .flatMap((change) => {
      const { of, from, to, reason, evidence } = change;
      const changed = { type: 'status_changed', of: of.id, from, to, reason, voters, evidence } as const;
      return to === 'down' ? [changed, downOf(change)] : [changed];
    });
}

function downOf({ of, evidence }: StatusChange): MembershipEvent {
  const silentMs = Math.max(0, ...evidence.map((seen) => seen.silentMs));
  return { type: 'node_down', down: of.id, silentMs, noResponders: evidence.some(({ sees }) => sees === 'gone') };
}
