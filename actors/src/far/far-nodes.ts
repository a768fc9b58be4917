import {
  type EntityId,
  emptyView,
  isSameLife,
  limits,
  type Member,
  memberOf,
  parseEntityId,
  type View,
} from '@jaegis/core';
import type { Far, NodeWatcher } from '../run/far.ts';
import type { Kernel } from '../run/kernel.ts';
import type { Process } from '../run/process.ts';
import { type AnyRef, isEntityRef } from '../run/ref.ts';
import { NodeSignal } from '../run/signal.ts';
import { ENTITIES, FarLife } from './far-life.ts';
import type { FarDelivery } from './far-process.ts';
import type { FarSignal } from './far-signal.ts';

/** Carries signals to other nodes. */
export interface FarPost {
  /**
   * In order with what is told and asked there, and until it has arrived, while that life of the node is in the view.
   * @param from This life of this node. @param epoch Of a view that holds both.
   * @throws NotSerializableError
   */
  send(to: Member, sent: SentSignal): void;
}

/** A signal, and who sends it. */
export interface SentSignal {
  readonly from: Member;
  /** Of the sender's view. */
  readonly epoch: number;
  readonly signal: FarSignal;
}

export interface FarNodesOptions {
  readonly kernel: Kernel;
  readonly post: FarPost;
  readonly delivery: FarDelivery;
  /** Who owns an entity now. */
  readonly ownerOf: (entity: EntityId) => Member | undefined;
}

/**
 * The bonds between processes of this node and of others: links, monitors and exit signals as within a node. They hold
 * while both nodes are in the view; when one is not any more, all that were tied to its processes get `node_down`.
 */
export class FarNodes implements Far {
  readonly #options: FarNodesOptions;
  readonly #lives = new Map<string, FarLife>();
  /** Of lives that are not in the view of this node yet. */
  #early: SentSignal[] = [];
  #view: View = emptyView;
  /** This life of this node, while it is in the view. */
  #self: Member | undefined;
  readonly #watchers = new Set<NodeWatcher>();
  #ties = 0;

  constructor(options: FarNodesOptions) {
    this.#options = options;
    options.kernel.groups.onChange(({ group, change, member }) => {
      if (member.isFar) return;
      for (const life of this.#lives.values()) life.sayGroups([[group, member.path, change === 'join' ? 1 : -1]]);
    });
  }

  watchNodes(watcher: NodeWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatchNodes(watcher: NodeWatcher): void {
    this.#watchers.delete(watcher);
  }

  process(target: AnyRef | string): Process | undefined {
    const entity = typeof target === 'string' ? undefined : isEntityRef(target) ? target.entity : undefined;
    if (entity) return this.#entity(entity);
    const address = typeof target === 'string' ? target : target.address;
    const [node = '', root] = address.split('/', 2);
    if (root === undefined) return undefined;
    if (root !== 'user') return root === '' ? undefined : this.#entity(parseEntityId(address));
    if (node === this.#options.kernel.node) return undefined;
    return this.#life(node).at(address.slice(node.length));
  }

  /** @param self This life of this node. */
  onView(view: View, self: Member): void {
    this.#view = view;
    const here = memberOf(view, self.id);
    const isIn = here !== undefined && isSameLife(here, self);
    // To the others this node was gone: what tied them to it is no more.
    const isSame = isIn && this.#self !== undefined && isSameLife(this.#self, self);
    const gone = [...this.#lives.values()].filter(({ member }) => !isSame || !isIn || !this.#isPresent(member));
    this.#self = isIn ? self : undefined;
    for (const life of gone) {
      this.#lives.delete(life.member.id);
      life.end();
      this.#tell(new NodeSignal('down', life.member.id));
    }
    if (!isIn) return;
    for (const member of view.members) if (member.id !== self.id && !this.#lives.has(member.id)) this.#begin(member);
    this.#takeEarly();
  }

  receive(sent: SentSignal): void {
    const life = this.#lives.get(sent.from.id);
    if (life !== undefined && isSameLife(life.member, sent.from)) life.receive(sent.signal);
    // Of a life that is over nothing counts any more.
    else if (sent.epoch > this.#view.epoch) this.#keepEarly(sent);
  }

  /** A signal could not be delivered, or it is not known whether it was. It is sent again where that does no harm. */
  returned(to: Member, { from, signal }: SentSignal, isUncertain: boolean): void {
    const life = this.#lives.get(to.id);
    if (life === undefined || !isSameLife(life.member, to) || !this.#isPresent(to)) return;
    if (this.#self === undefined || !isSameLife(from, this.#self)) return;
    if (signal.kind !== 'order' || !isUncertain) life.send(signal);
  }

  #begin(member: Member): void {
    const { kernel, post, delivery } = this.#options;
    const send = (to: Member, signal: FarSignal) => {
      if (this.#self !== undefined) post.send(to, { from: this.#self, epoch: this.#view.epoch, signal });
    };
    const nextTie = () => `${kernel.node}#${++this.#ties}`;
    const life = new FarLife({ kernel, member, delivery, send, nextTie });
    this.#lives.set(member.id, life);
    life.sayGroups([...kernel.groups.local()].map(({ group, member: here }) => [group, here.path, 1] as const));
    this.#tell(new NodeSignal('up', member.id));
  }

  #tell(signal: NodeSignal): void {
    for (const watcher of [...this.#watchers]) watcher.receiveNode(signal);
  }

  /** Of a node that is not there: one that is over. */
  #life(node: string): FarLife {
    const known = this.#lives.get(node);
    if (known) return known;
    const { kernel, delivery } = this.#options;
    const member = { id: node, incarnation: '' } as Member; // it is nobody
    const life = new FarLife({ kernel, member, delivery, send: () => {}, nextTie: () => '' });
    life.end();
    return life;
  }

  #entity(entity: EntityId): Process | undefined {
    const owner = this.#options.ownerOf(entity);
    if (owner === undefined || owner.id === this.#options.kernel.node) return undefined;
    return this.#life(owner.id).at(`${ENTITIES}${entity.type}/${entity.key}`);
  }

  #isPresent(member: Member): boolean {
    const present = memberOf(this.#view, member.id);
    return present !== undefined && isSameLife(present, member);
  }

  #keepEarly(sent: SentSignal): void {
    if (this.#early.length >= limits.earlySignals) {
      const { from } = sent;
      this.#options.kernel.services.logger.error('signals of a node came too long before it was seen', { from });
      return;
    }
    this.#early.push(sent);
  }

  #takeEarly(): void {
    const early = this.#early;
    this.#early = [];
    for (const sent of early) this.receive(sent);
  }
}
