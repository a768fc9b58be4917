import type { Incarnation, NodeId } from './node-id.ts';

/** A node as the view holds it. */
export interface Member {
  readonly id: NodeId;
  readonly incarnation: Incarnation;
  /** Of the shards it takes its part by weight. Default 1; 0: it takes none. */
  readonly weight?: number;
  /** What is special about it; types of entities may ask for it. Sorted. Default: nothing. */
  readonly labels?: readonly string[];
  /** Of its weight: a newcomer's grows in steps, see `joining`. Default: all of it. */
  readonly share?: number;
  /** It hands over what it has and leaves: it owns nothing any more, but is still there to be asked. */
  readonly draining?: boolean;
}

/**
 * Who belongs to the cluster. Epochs grow; of one epoch there is only one view, since it comes from a log that each
 * node applies in order. Members are sorted by id.
 */
export interface View {
  readonly epoch: number;
  readonly members: readonly Member[];
}

export const emptyView: View = { epoch: 0, members: [] };

export function memberOf(view: View, id: NodeId): Member | undefined {
  return view.members.find((member) => member.id === id);
}

/** Whether they are one life of one node. */
export function isSameLife(a: Pick<Member, 'id' | 'incarnation'>, b: Pick<Member, 'id' | 'incarnation'>): boolean {
  return a.id === b.id && a.incarnation === b.incarnation;
}

/** The next view with this member in it; a former incarnation of the same node is replaced. */
export function viewWith(view: View, member: Member): View {
  const others = view.members.filter((other) => other.id !== member.id);
  const members = [...others, member].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { epoch: view.epoch + 1, members };
}

/** The next view without these members. Only that very incarnation goes: a node that came back stays. */
export function viewWithout(view: View, gone: readonly Member[]): View {
  const stays = (member: Member) => !gone.some((other) => isSameLife(other, member));
  return { epoch: view.epoch + 1, members: view.members.filter(stays) };
}
