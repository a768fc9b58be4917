import { type ActorReport, type Depth, decodeTurn, glance, plain } from '@jaegis/actors';
import {
  AskTimeoutError,
  type Codec,
  type EntityId,
  errorFromData,
  formatEntityId,
  hasCode,
  type Journal,
  limits,
  type Member,
  memberOf,
  type NodeId,
  NoSuchActorError,
  type PolicyView,
  type TreeNode,
} from '@jaegis/core';
import type { Membership } from '../membership.ts';
import { type Labels, ownerOf, SHARDS, shardOfEntity, shardsOf, turnSubject } from '../placement.ts';
import type {
  ActorAnswer,
  EntityPlacement,
  HealthAnswer,
  Incident,
  IncidentsAnswer,
  LettersAnswer,
  LoadAnswer,
  MissingNode,
  NodeLetter,
  NodeLoad,
  NodeStanding,
  PassiveEntity,
  PlacementAnswer,
  PoliciesAnswer,
  TreeAnswer,
  ViewAnswer,
} from './answers.ts';
import type { Gather } from './gather.ts';
import { merged } from './incidents.ts';
import { knownNode } from './known-node.ts';
import { targetOf } from './operations.ts';
import { listed, stretch } from './own-answers.ts';
import { countIn, type Fields, textIfAny, textIn } from './request.ts';

export interface ClusterAnswersOptions {
  readonly cluster: string;
  readonly membership: Membership;
  /** Which labels a type needs. */
  readonly labelsOf: (type: string) => Labels;
  readonly gather: Gather;
  readonly turnJournal: Journal;
  readonly codec: Codec;
}

/** How much longer than its stretch a node may take to say what its load was, in ms. */
const LATE_MS = 1_000;

/** What any node says of the whole cluster, by what it knows and what the others answer it. */
export class ClusterAnswers {
  readonly #options: ClusterAnswersOptions;

  constructor(options: ClusterAnswersOptions) {
    this.#options = options;
  }

  async tree(fields: Fields): Promise<TreeAnswer> {
    const members = this.#asked(fields);
    const most = countIn(fields, 'limit', { most: 1_000_000, otherwise: listed.places });
    const limit = Math.max(1, Math.floor(most / Math.max(1, members.length)));
    const { answers, missing } = await this.#options.gather.all<TreeNode>({
      word: 'inspect',
      what: 'tree',
      body: { limit },
      members,
    });
    const nodes = [...answers.map(({ answer }) => answer), ...missing.map(silentNode)];
    const { cluster, epoch } = this.#now;
    return { cluster, epoch, nodes: nodes.sort((a, b) => (a.id < b.id ? -1 : 1)) };
  }

  /** @throws NoSuchActorError; AskTimeoutError or what else kept the node from answering that would have it. */
  async actor(fields: Fields, depth: Depth): Promise<ActorAnswer> {
    const address = textIn(fields, 'address', 'node/path or type/key');
    const { membership, gather } = this.#options;
    const target = targetOf(address, membership.view);
    const at = address.slice(0, address.indexOf('/'));
    const members = 'entity' in target ? undefined : membership.view.members.filter(({ id }) => id === at);
    const word = depth === 'contents' ? 'reveal' : 'inspect';
    const asked = { word, what: 'actor', body: { address }, ...(members ? { members } : {}) } as const;
    const { answers, missing } = await gather.all<ActorReport | null>(asked);
    for (const { node, answer } of answers) if (answer) return { node, ...answer };
    const passive = 'entity' in target ? await this.#passive(target.entity, depth) : undefined;
    // What a node had that has left the view since is another's by now.
    const silent = missing.filter(({ node }) => memberOf(membership.view, node as NodeId)); // only looked up
    if (passive) return silent.length > 0 ? { ...passive, missing: silent } : passive;
    const home = 'entity' in target ? this.#ownerOf(target.entity)?.id : at;
    const unknown = silent.find(({ node }) => node === home);
    if (unknown) throw unknownAt(address, unknown);
    const unsure = missing.length > 0 ? ` ${missing.map(({ node }) => node).join(', ')} did not answer.` : '';
    throw new NoSuchActorError(`No actor "${address}" is in the cluster.${unsure}`, { data: { address } });
  }

  async #passive(entity: EntityId, depth: Depth): Promise<PassiveEntity | undefined> {
    const { cluster, turnJournal, codec } = this.#options;
    const record = await turnJournal.last(turnSubject(cluster, entity));
    if (!record) return undefined;
    const { turn, node, deadLetters, state } = decodeTurn(codec, record);
    const address = formatEntityId(entity);
    return {
      node: this.#ownerOf(entity)?.id ?? '',
      address,
      id: address,
      kind: 'entity',
      type: entity.type,
      status: 'passive',
      turn,
      writtenMs: record.timeMs,
      writtenBy: node,
      deadLetters: deadLetters.length,
      ...(depth === 'contents' ? { state: plain(state, glance) } : {}),
    };
  }

  async health(): Promise<HealthAnswer> {
    const { membership, gather } = this.#options;
    const { answers, missing } = await gather.all<Omit<NodeStanding, 'node'>>({ word: 'inspect', what: 'standing' });
    const { index, departed } = membership.table;
    return {
      ...this.#now,
      ...this.#led,
      index,
      members: membership.health(),
      departed: departed.map(({ member: { id: node, incarnation }, ...row }) => ({ node, incarnation, ...row })),
      nodes: answers.map(({ node, answer }) => ({ node, ...answer })),
      missing,
    };
  }

  view(): ViewAnswer {
    return { ...this.#now, ...this.#led, members: this.#options.membership.view.members };
  }

  async placement(fields: Fields): Promise<PlacementAnswer | EntityPlacement> {
    const entity = textIfAny(fields, 'entity');
    if (entity !== undefined) return this.#placementOf(entity);
    const { membership, gather } = this.#options;
    const { view } = membership;
    const { answers, missing } = await gather.all<Readonly<Record<string, number>>>({
      word: 'inspect',
      what: 'entities',
    });
    const counts = new Map(answers.map(({ node, answer }) => [node, answer]));
    const nodes = view.members.map((member) => {
      const entities = counts.get(member.id);
      const { draining = false } = member;
      return { node: member.id, shards: shardsOf(member, view).size, draining, ...(entities ? { entities } : {}) };
    });
    return { ...this.#now, shards: SHARDS, nodes, missing };
  }

  #placementOf(address: string): EntityPlacement {
    const { view } = this.#options.membership;
    const target = targetOf(address, view);
    if (!('entity' in target))
      throw new NoSuchActorError(`"${address}" is an actor: it lives on the node of its address.`);
    const owner = this.#ownerOf(target.entity);
    const shard = shardOfEntity(target.entity);
    return { ...this.#now, entity: address, shard, ...(owner ? { owner: owner.id } : {}) };
  }

  #ownerOf(entity: EntityId): Member | undefined {
    const { membership, labelsOf } = this.#options;
    return ownerOf(entity, membership.view, labelsOf(entity.type));
  }

  async load(fields: Fields): Promise<LoadAnswer> {
    const overMs = countIn(fields, 'overMs', { most: stretch.most, otherwise: stretch.otherwise });
    const busiest = countIn(fields, 'busiest', { most: 1_000, otherwise: listed.busiest });
    const { answers, missing } = await this.#options.gather.all<Omit<NodeLoad, 'node'>>({
      word: 'inspect',
      what: 'load',
      body: { overMs, busiest },
      timeoutMs: overMs + LATE_MS,
      members: this.#asked(fields),
    });
    return { ...this.#now, nodes: answers.map(({ node, answer }) => ({ node, ...answer })), missing };
  }

  async policies(fields: Fields): Promise<PoliciesAnswer> {
    const { answers, missing } = await this.#options.gather.all<readonly PolicyView[]>({
      word: 'inspect',
      what: 'policies',
      members: this.#asked(fields),
    });
    return { ...this.#now, nodes: answers.map(({ node, answer }) => ({ node, policies: answer })), missing };
  }

  async incidents(fields: Fields): Promise<IncidentsAnswer> {
    const limit = countIn(fields, 'limit', { most: 10_000, otherwise: listed.incidents });
    const type = textIfAny(fields, 'type');
    const { answers, missing } = await this.#options.gather.all<readonly Incident[]>({
      word: 'inspect',
      what: 'incidents',
      body: { limit: Math.min(limit, limits.incidents), ...(type === undefined ? {} : { type }) },
      members: this.#asked(fields),
    });
    const incidents = merged(
      answers.map(({ answer }) => answer),
      limit,
    );
    return { ...this.#now, incidents, missing };
  }

  async letters(fields: Fields, depth: Depth): Promise<LettersAnswer> {
    const limit = countIn(fields, 'limit', { most: 1_000, otherwise: listed.letters });
    const { answers, missing } = await this.#options.gather.all<OwnLetters>({
      word: depth === 'contents' ? 'reveal' : 'inspect',
      what: 'letters',
      body: { limit },
      members: this.#asked(fields),
    });
    const letters = answers.flatMap(({ answer }) => answer.letters).sort((a, b) => a.at - b.at);
    const counts = Object.fromEntries(answers.map(({ node, answer }) => [node, answer.count]));
    return { ...this.#now, letters: letters.slice(-limit), counts, missing };
  }

  /** One node, where it is named; else all. */
  #asked(fields: Fields): readonly Member[] {
    const node = textIfAny(fields, 'node');
    const { view } = this.#options.membership;
    return node === undefined ? view.members : [knownNode(node, view)];
  }

  get #led(): Pick<ViewAnswer, 'answeredBy' | 'term' | 'leader'> {
    const { self, table } = this.#options.membership;
    const { term, leader } = table;
    return { answeredBy: self.id, term, ...(leader ? { leader: leader.id } : {}) };
  }

  get #now(): { cluster: string; epoch: number } {
    const { cluster, membership } = this.#options;
    return { cluster, epoch: membership.view.epoch };
  }
}

interface OwnLetters {
  readonly count: number;
  readonly letters: readonly NodeLetter[];
}

/** Whether it is there is not known, which must not read as its absence: who believes that makes a second one. */
function unknownAt(address: string, { node, error }: MissingNode): Error {
  const cause = errorFromData(error);
  if (!hasCode(cause, 'ask_timeout')) return cause;
  return new AskTimeoutError(`What "${address}" does is not known. ${cause.message}`, { data: { address, node } });
}

function silentNode({ node, error }: MissingNode): TreeNode {
  const nothing = { mailbox: 0, handled: 0, restarts: 0, children: [] };
  return { id: node, kind: 'node', type: 'node', status: 'silent', ...nothing, lastError: error };
}
