/** Which node owns what: the view alone decides, so that all nodes agree without asking. */
import {
  type EntityId,
  formatEntityId,
  isSameLife,
  keyToToken,
  type Member,
  presentWeight,
  rendezvousDraw,
  rendezvousOwners,
  shardOf,
  tokenToKey,
  type View,
} from '@jaegis/core';

/** The fixed number of shards of a cluster. All its nodes must agree on it. */
export const SHARDS = 256;

/** What a type of entities, or a pinned actor, needs its node to have. Sorted. */
export type Labels = readonly string[];
export const noLabels: Labels = [];

/** Which member owns an entity: the view alone decides. Undefined when no member may. */
export function ownerOf(entity: EntityId, view: View, labels = noLabels): Member | undefined {
  return ownerOfShard(shardOfEntity(entity), view, labels);
}

export function shardOfEntity(entity: EntityId): number {
  return shardOf(formatEntityId(entity), SHARDS);
}

export function ownerOfShard(shard: number, view: View, labels: Labels): Member | undefined {
  return ownersOf(view, labels)[shard];
}

/** By shard. */
type Owners = readonly (Member | undefined)[];

const plainOwners = new WeakMap<View, Owners>();
const labelledOwners = new WeakMap<View, Map<string, Owners>>();

/** The owners by one view, found when they are first asked for. */
export function ownersOf(view: View, labels: Labels): Owners {
  if (labels.length === 0) return kept(plainOwners, view, () => makeOwners(view, labels));
  const byLabels = kept(labelledOwners, view, () => new Map<string, Owners>());
  return kept(byLabels, labels.join(), () => makeOwners(view, labels));
}

function kept<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function makeOwners({ members }: View, labels: Labels): Owners {
  const contenders = members.flatMap((member) => {
    const weight = hasLabels(member, labels) ? presentWeight(member) : 0;
    return weight > 0 ? [{ id: member.id, weight, member }] : [];
  });
  return rendezvousOwners(SHARDS, contenders, ({ id }) => drawsOf(id)).map((owner) => owner?.member);
}

export function hasLabels(member: Member, labels: Labels): boolean {
  return labels.every((label) => member.labels?.includes(label));
}

/** The shards that a member owns, of types that live on any node. */
export function shardsOf(member: Member, view: View): ReadonlySet<number> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  return new Set(shards.filter((shard) => isSame(ownerOfShard(shard, view, noLabels), member)));
}

function isSame(owner: Member | undefined, member: Member): boolean {
  return owner !== undefined && isSameLife(owner, member);
}

/** The draws of a name are the same in every view. */
const draws = new Map<string, Float64Array>();
/** Names whose draws are kept; names by chance come without end. */
const MOST_NAMES = 4_096;

function drawsOf(id: string): Float64Array {
  let known = draws.get(id);
  if (known === undefined) {
    if (draws.size >= MOST_NAMES) draws.clear();
    known = Float64Array.from({ length: SHARDS }, (_, each) => rendezvousDraw(id, `shard-${each}`));
    draws.set(id, known);
  }
  return known;
}

/** The subject of an entity's turns: `jaegis.<cluster>.turn.<shard>.<type>.<key>`. */
export function turnSubject(cluster: string, entity: EntityId): string {
  return `jaegis.${cluster}.turn.${placeOf(entity)}`;
}

/** Where messages for an entity are kept: `jaegis.<cluster>.inbox.<shard>.<type>.<key>`. */
export function inboxSubject(cluster: string, entity: EntityId): string {
  return `jaegis.${cluster}.inbox.${placeOf(entity)}`;
}

/** Where a timer of an entity is scheduled; what fires goes to its {@link inboxSubject}. */
export function timerSubject(cluster: string, entity: EntityId, id: string): string {
  return `jaegis.${cluster}.timer.${placeOf(entity)}.${id}`;
}

function placeOf(entity: EntityId): string {
  return `${shardOfEntity(entity)}.${entity.type}.${keyToToken(entity.key)}`;
}

/** All that the inbox stream of a cluster holds. */
export function inboxSubjects(cluster: string): string[] {
  return [inboxFilter(cluster), `jaegis.${cluster}.timer.>`];
}

/** The inboxes of all entities of a cluster. */
export function inboxFilter(cluster: string): string {
  return `jaegis.${cluster}.inbox.>`;
}

/** All turn subjects of a cluster. */
export function turnSubjects(cluster: string): string {
  return `jaegis.${cluster}.turn.>`;
}

/** The entity whose turns or inbox a subject holds; undefined for another kind of subject. Throws for a key that is none. */
export function entityOfSubject(subject: string): EntityId | undefined {
  const [, , kind, , type, key] = subject.split('.');
  return (kind === 'turn' || kind === 'inbox') && type !== undefined && key !== undefined
    ? { type, key: tokenToKey(key) }
    : undefined;
}
