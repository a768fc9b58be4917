import type { NodeId } from '../values/node-id.ts';
import type { Member } from '../values/view.ts';
import { hash32 } from './rendezvous.ts';

/** Where a child may run. Without any of these: on any node of the cluster. */
export interface ChildPlace {
  /** On the node of this name alone. */
  readonly node?: string;
  /** On nodes that have all of these labels. */
  readonly labels?: readonly string[];
  /** Not on the node of its supervisor. */
  readonly other?: boolean;
}

export interface HostChoice {
  /** Those of the view. */
  readonly members: readonly Member[];
  /** The node of the supervisor. */
  readonly self: NodeId;
  /** Where the child ran last: it stays there while it may. */
  readonly present: NodeId | undefined;
  /** The child's address, so that many children spread. */
  readonly child: string;
}

/** Which member a child is started on; undefined when none is eligible. One that drains takes no child. */
export function chooseHost(place: ChildPlace, { members, self, present, child }: HostChoice): Member | undefined {
  const eligible = members.filter((member) => member.draining !== true && isPlace(place, member, self));
  return eligible.find(({ id }) => id === present) ?? highest(eligible, child);
}

function isPlace({ node, labels = [], other = false }: ChildPlace, member: Member, self: NodeId): boolean {
  if (node !== undefined && member.id !== node) return false;
  if (other && member.id === self) return false;
  return labels.every((label) => member.labels?.includes(label) ?? false);
}

/** By rendezvous: another node that comes or goes moves no child but its own. */
function highest(members: readonly Member[], child: string): Member | undefined {
  let best: Member | undefined;
  let bestScore = -1;
  for (const member of members) {
    const score = hash32(`${member.id}\u0000${child}`);
    if (score <= bestScore) continue;
    best = member;
    bestScore = score;
  }
  return best;
}
