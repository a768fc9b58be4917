import type { Incarnation, NodeId } from './node-id.ts';

/** A node as the view holds it. */
export interface Member {
  readonly id: NodeId;
  readonly incarnation: Incarnation;
}

/**
 * Who belongs to the cluster. Epochs grow by one; of one epoch there is only one view, since each is appended to the
 * view's journal with the sequence of the one before it. Members are sorted by id.
 */
export interface View {
  readonly epoch: number;
  readonly members: readonly Member[];
}

export const emptyView: View = { epoch: 0, members: [] };

export function memberOf(view: View, id: NodeId): Member | undefined {
  return view.members.find((member) => member.id === id);
}

/** The next view with this member in it; a former incarnation of the same node is replaced. */
export function viewWith(view: View, member: Member): View {
  const others = view.members.filter((other) => other.id !== member.id);
  const members = [...others, member].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { epoch: view.epoch + 1, members };
}

/** The next view without these members. Only that very incarnation goes: a node that came back stays. */
export function viewWithout(view: View, gone: readonly Member[]): View {
  const stays = (member: Member) =>
    !gone.some((other) => other.id === member.id && other.incarnation === member.incarnation);
  return { epoch: view.epoch + 1, members: view.members.filter(stays) };
}
