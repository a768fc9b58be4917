import {
  type ChildPlace,
  chooseHost,
  type EntityId,
  emptyView,
  isSameLife,
  limits,
  type Member,
  memberOf,
  type NodeId,
  parseEntityId,
  type TreeNode,
  type View,
} from '@jaegis/core';
import type { Far, NodeWatcher } from '../run/far.ts';
import type { Kernel } from '../run/kernel.ts';
import type { Process, Root } from '../run/process.ts';
import { type AnyRef, isEntityRef } from '../run/ref.ts';
import { NodeSignal } from '../run/signal.ts';
import { ENTITIES, FarLife } from './far-life.ts';
import type { FarSignal } from './far-signal.ts';
import { GUESTS, type Startables } from './guests.ts';
import type { FarDelivery, Host } from './host.ts';

const soon = Promise.resolve();

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
  readonly kernel: Kernel & { addRoot(name: string, root: Root): void };
  readonly post: FarPost;
  readonly delivery: FarDelivery;
  /** What supervisors of other nodes may start here. */
  readonly startables: Startables;
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
  readonly #listeners = new Set<() => void>();
  readonly #ending = new Set<Promise<void>>();
  /** This node as a host of its own children. */
  #own: FarLife | undefined;
  #ties = 0;

  constructor(options: FarNodesOptions) {
    this.#options = options;
    options.kernel.addRoot(GUESTS, { find: (path) => this.#guest(path) });
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
    if (root !== 'user' && root !== GUESTS) return root === '' ? undefined : this.#entity(parseEntityId(address));
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
    const present = new Map(view.members.map((member) => [member.id, member.incarnation]));
    const stays = ({ id, incarnation }: Member) => isSame && present.get(id) === incarnation;
    const gone = [...this.#lives.values()].filter(({ member }) => !stays(member));
    this.#self = isIn ? self : undefined;
    for (const life of gone) {
      this.#lives.delete(life.member.id);
      life.end();
      this.#follow(life.ended);
      this.#tell(new NodeSignal('down', life.member.id));
    }
    if (!isIn) return;
    for (const member of view.members) if (member.id !== self.id && !this.#lives.has(member.id)) this.#begin(member);
    this.#own ??= this.#makeOwn(self);
    for (const { id, draining = false } of view.members) if (draining) this.#lifeOf(id)?.drain();
    this.#takeEarly();
    for (const listener of [...this.#listeners]) listener();
  }

  choose(
    place: ChildPlace,
    child: string,
    present: Host | undefined,
    strangers: ReadonlySet<string>,
  ): Host | undefined {
    const { node } = this.#options.kernel;
    const members = this.#view.members.filter(
      ({ id, incarnation }) => this.#lifeOf(id) !== undefined && !strangers.has(incarnation),
    );
    const self = node as NodeId; // its own name
    const member = chooseHost(place, { members, self, present: present?.member.id, child });
    return member && this.#lifeOf(member.id);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  guestPath(path: string): string {
    return `/${GUESTS}/${this.#options.kernel.node}${path}`;
  }

  /** Resolves when what ran here for nodes that are gone has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending);
  }

  /** What runs here for supervisors of all nodes. */
  inspect(): TreeNode[] {
    const lives = [...(this.#own ? [this.#own] : []), ...this.#lives.values()];
    return lives.flatMap(({ guests }) => guests.processes.map((process) => process.inspect()));
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
    const mayRepeat = signal.kind !== 'order' && signal.kind !== 'guestExit';
    if (mayRepeat || !isUncertain) life.send(signal);
  }

  #begin(member: Member): void {
    const { kernel, post } = this.#options;
    const send = (to: Member, signal: FarSignal) => {
      if (this.#self !== undefined) post.send(to, { from: this.#self, epoch: this.#view.epoch, signal });
    };
    const life = this.#makeLife(member, send);
    this.#lives.set(member.id, life);
    life.sayGroups([...kernel.groups.local()].map(({ group, member: here }) => [group, here.path, 1] as const));
    this.#tell(new NodeSignal('up', member.id));
  }

  #follow(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }

  #tell(signal: NodeSignal): void {
    for (const watcher of [...this.#watchers]) watcher.receiveNode(signal);
  }

  /** Of a node that is not there: one that is over. */
  #life(node: string): FarLife {
    const known = this.#lives.get(node);
    if (known) return known;
    const life = this.#makeLife({ id: node, incarnation: '' } as Member, () => {}); // it is nobody
    life.end();
    return life;
  }

  #makeLife(member: Member, send: (to: Member, signal: FarSignal) => void): FarLife {
    const { kernel, delivery, startables } = this.#options;
    const nextTie = () => `${kernel.node}#${++this.#ties}`;
    return new FarLife({ kernel, member, delivery, startables, send, nextTie });
  }

  /** What it says to itself it hears when what runs now is done, as others do. */
  #makeOwn(self: Member): FarLife {
    const own = this.#makeLife(self, (_to, signal) => void soon.then(() => own.receive(signal)));
    return own;
  }

  #lifeOf(node: string): FarLife | undefined {
    return node === this.#options.kernel.node ? this.#own : this.#lives.get(node);
  }

  /** The id of a guest is the node and the path of its place under its supervisor; its own children come after that. */
  #guest(path: readonly string[]): { readonly process: Process | undefined; readonly rest: readonly string[] } {
    const guests = this.#lifeOf(path[0] ?? '')?.guests;
    for (let end = path.length; end > 1; end--) {
      const process = guests?.process(path.slice(0, end).join('/'));
      if (process) return { process, rest: path.slice(end) };
    }
    return { process: undefined, rest: [] };
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
