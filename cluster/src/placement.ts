import {
  type EntityId,
  formatEntityId,
  keyToToken,
  type Member,
  memberOf,
  rendezvousOwner,
  shardOf,
  tokenToKey,
  type View,
} from '@jaegis/core';

/** The fixed number of shards of a cluster. All its nodes must agree on it. */
export const SHARDS = 256;

/** Which member owns an entity: the view alone decides. Undefined when the view is empty. */
export function ownerOf(entity: EntityId, view: View): Member | undefined {
  return ownerOfShard(shardOfEntity(entity), view);
}

export function shardOfEntity(entity: EntityId): number {
  return shardOf(formatEntityId(entity), SHARDS);
}

function ownerOfShard(shard: number, view: View): Member | undefined {
  const owner = rendezvousOwner(
    `shard-${shard}`,
    view.members.filter(({ draining = false }) => !draining).map(({ id }) => id),
  );
  return owner === undefined ? undefined : memberOf(view, owner);
}

/** The subject of an entity's turns: `jaegis.<cluster>.turn.<shard>.<type>.<key>`. */
export function turnSubject(cluster: string, entity: EntityId): string {
  const shard = shardOf(formatEntityId(entity), SHARDS);
  return `jaegis.${cluster}.turn.${shard}.${entity.type}.${keyToToken(entity.key)}`;
}

/** Where messages for an entity are kept: `jaegis.<cluster>.inbox.<shard>.<type>.<key>`. */
export function inboxSubject(cluster: string, entity: EntityId): string {
  const shard = shardOf(formatEntityId(entity), SHARDS);
  return `jaegis.${cluster}.inbox.${shard}.${entity.type}.${keyToToken(entity.key)}`;
}

/** Where a timer of an entity is scheduled; what fires goes to its {@link inboxSubject}. */
export function timerSubject(cluster: string, entity: EntityId, id: string): string {
  const shard = shardOf(formatEntityId(entity), SHARDS);
  return `jaegis.${cluster}.timer.${shard}.${entity.type}.${keyToToken(entity.key)}.${id}`;
}

/** All that the inbox stream of a cluster holds. */
export function inboxSubjects(cluster: string): string[] {
  return [inboxFilter(cluster), `jaegis.${cluster}.timer.>`];
}

/** The shards that a member owns. */
export function shardsOf(member: Member, view: View): ReadonlySet<number> {
  const owned = Array.from({ length: SHARDS }, (_, shard) => shard).filter((shard) => {
    const owner = ownerOfShard(shard, view);
    return owner !== undefined && owner.id === member.id && owner.incarnation === member.incarnation;
  });
  return new Set(owned);
}

/** The inboxes of all entities that a member owns, as filters of subjects. */
export function ownInboxes(cluster: string, member: Member, view: View): string[] {
  const owned = shardsOf(member, view);
  if (owned.size === SHARDS) return [inboxFilter(cluster)];
  return [...owned].map((shard) => `jaegis.${cluster}.inbox.${shard}.>`);
}

/** The inboxes of all entities of a cluster. */
export function inboxFilter(cluster: string): string {
  return `jaegis.${cluster}.inbox.>`;
}

/** All turn subjects of a cluster. */
export function turnSubjects(cluster: string): string {
  return `jaegis.${cluster}.turn.>`;
}

/** The shard of the entity whose turns or inbox a subject holds; NaN for another kind of subject. */
export function shardOfSubject(subject: string): number {
  return Number.parseInt(subject.split('.', 4)[3] ?? '', 10);
}

/** The entity whose turns or inbox a subject holds; undefined for another kind of subject. Throws for a key that is none. */
export function entityOfSubject(subject: string): EntityId | undefined {
  const [, , kind, , type, key] = subject.split('.');
  return (kind === 'turn' || kind === 'inbox') && type !== undefined && key !== undefined
    ? { type, key: tokenToKey(key) }
    : undefined;
}
