/**
 * What a member owns by a view, in plots. A plot is a shard of all types that live on any node, named `<shard>`, or a shard
 * of one type that needs labels, named `<shard>.<type>`; so its name is also the part of the subjects that it holds.
 */
import type { ActorDefinition, Protocol } from '@jaegis/actors';
import { type EntityId, isSameLife, type Member, memberOf, presentWeight, type View } from '@jaegis/core';
import {
  inboxFilter,
  type Labels,
  noLabels,
  ownerOf,
  ownerOfShard,
  ownersOf,
  SHARDS,
  shardOfEntity,
} from './placement.ts';

/** Which labels the types of entities need, as far as this node has heard. */
export class Needs {
  readonly #byType = new Map<string, Labels>();
  /** Of these this node has the definition; it is not told otherwise. */
  readonly #known: ReadonlySet<string>;

  constructor(definitions: readonly ActorDefinition<Protocol>[] = []) {
    this.#known = new Set(definitions.map(({ type }) => type));
    for (const { type, options } of definitions) this.#set(type, options.placement?.labels);
  }

  of(type: string): Labels {
    return this.#byType.get(type) ?? noLabels;
  }

  /** Of a type that this node does not host, from whoever has its definition. */
  learn(type: string, labels: Labels = noLabels): void {
    if (!this.#known.has(type)) this.#set(type, labels);
  }

  #set(type: string, labels: Labels = noLabels): void {
    if (labels.length === 0) this.#byType.delete(type);
    else this.#byType.set(type, [...new Set(labels)].sort());
  }

  /** The types that need any. */
  get types(): readonly string[] {
    return [...this.#byType.keys()];
  }

  ownerOf(entity: EntityId, view: View): Member | undefined {
    return ownerOf(entity, view, this.of(entity.type));
  }

  plotOf(entity: EntityId): string {
    return this.#plotNamed(String(shardOfEntity(entity)), entity.type);
  }

  /** Of the entity that a subject of turns or of an inbox names; undefined for another subject. */
  plotOfSubject(subject: string): string | undefined {
    const [, , , shard, type] = subject.split('.', 5);
    return shard === undefined || type === undefined ? undefined : this.#plotNamed(shard, type);
  }

  ownerOfPlot(plot: string, view: View): Member | undefined {
    const [shard, type] = plot.split('.', 2);
    return ownerOfShard(Number(shard), view, type === undefined ? noLabels : this.of(type));
  }

  /** The plots that a member owns. */
  holdings(member: Member, view: View): ReadonlySet<string> {
    const owned = new Set<string>();
    const present = memberOf(view, member.id);
    if (present === undefined || presentWeight(present) === 0) return owned;
    for (const type of [undefined, ...this.types]) {
      const labels = type === undefined ? noLabels : this.of(type);
      for (const [shard, owner] of ownersOf(view, labels).entries()) {
        if (owner && isSameLife(owner, member)) owned.add(type === undefined ? `${shard}` : `${shard}.${type}`);
      }
    }
    return owned;
  }

  #plotNamed(shard: string, type: string): string {
    return this.#byType.has(type) ? `${shard}.${type}` : shard;
  }
}

/**
 * The inboxes of a holding, as filters of subjects, none of which another holds. The inbox of a shard holds also the types
 * that need labels: what is of a plot that is not held is to be left out.
 */
export function inboxFilters(cluster: string, holdings: ReadonlySet<string>): string[] {
  const plain = [...holdings].filter((plot) => !plot.includes('.'));
  if (plain.length === SHARDS) return [inboxFilter(cluster)];
  const apart = [...holdings].filter((plot) => plot.includes('.') && !holdings.has(plot.split('.', 1)[0] ?? ''));
  return [...plain, ...apart].map((plot) => `jaegis.${cluster}.inbox.${plot}.>`);
}
