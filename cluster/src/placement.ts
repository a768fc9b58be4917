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
  const shard = `shard-${shardOf(formatEntityId(entity), SHARDS)}`;
  const owner = rendezvousOwner(
    shard,
    view.members.map((member) => member.id),
  );
  return owner === undefined ? undefined : memberOf(view, owner);
}

/** The subject of an entity's turns: `jaegis.<cluster>.turn.<shard>.<type>.<key>`. */
export function turnSubject(cluster: string, entity: EntityId): string {
  const shard = shardOf(formatEntityId(entity), SHARDS);
  return `jaegis.${cluster}.turn.${shard}.${entity.type}.${keyToToken(entity.key)}`;
}

/** All turn subjects of a cluster. */
export function turnSubjects(cluster: string): string {
  return `jaegis.${cluster}.turn.>`;
}

/** The entity whose turns a subject holds; undefined for another kind of subject. */
export function entityOfSubject(subject: string): EntityId | undefined {
  const [, , kind, , type, key] = subject.split('.');
  return kind === 'turn' && type !== undefined && key !== undefined ? { type, key: tokenToKey(key) } : undefined;
}
