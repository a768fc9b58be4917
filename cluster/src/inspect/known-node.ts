import { type Member, memberOf, type NodeId, NoSuchActorError, type View } from '@jaegis/core';

/** @throws NoSuchActorError that names those that are there. */
export function knownNode(node: string, view: View): Member {
  const member = memberOf(view, node as NodeId); // only looked up
  if (member) return member;
  const known = view.members.map(({ id }) => id).join(', ');
  throw new NoSuchActorError(`No node "${node}" is in the cluster; its nodes are ${known || 'none'}.`, {
    data: { node },
  });
}
