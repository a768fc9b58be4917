import {
  type ActorDefinition,
  type Announcement,
  EntityHost,
  type EntityRef,
  InboxReader,
  type Message,
  makeEntityRef,
  makeRef,
  type Protocol,
  type Ref,
  type SendOptions,
  type SentAskOptions,
  type Services,
  System,
} from '@jaegis/actors';
import {
  type Backlog,
  type Blobs,
  type Clock,
  type Codec,
  type EntityId,
  formatEntityId,
  hasCode,
  type InboxMessage,
  type InboxStream,
  type Incarnation,
  incarnation,
  isSameLife,
  type JaegisError,
  type Journal,
  type Logger,
  limits,
  type Member,
  type NodeId,
  NoSuchActorError,
  presentWeight,
  type Random,
  type RestartLimit,
  type Subscription,
  sleep,
  type Telemetry,
  type Transport,
  TransportClosedError,
  type TreeNode,
  type View,
  type WorkerPool,
} from '@jaegis/core';
import { Awakening } from './awakening.ts';
import { Events } from './events.ts';
import { Handovers } from './handovers.ts';
import { inboxFilters, Needs } from './holdings.ts';
import { InboxSender } from './inbox-sender.ts';
import { Inspector } from './inspector.ts';
import { Membership } from './membership.ts';
import { type PinnedActor, PinnedActors, pinnedRef } from './pinned.ts';
import { entityOfSubject, inboxSubject, inboxSubjects, noLabels, timerSubject, turnSubject } from './placement.ts';
import { Router } from './router.ts';
import { Settling } from './settling.ts';

/** The world as one node of a cluster needs it. */
export interface ClusterPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly codec: Codec;
  readonly pool: WorkerPool;
  readonly transport: Transport;
  /** Holds messages between nodes that are larger than the transport takes, for a while. */
  readonly blobs: Blobs;
  /** Holds `jaegis.<cluster>.view`. */
  readonly viewJournal: Journal;
  /** Holds `jaegis.<cluster>.turn.>`. */
  readonly turnJournal: Journal;
  /** Holds what {@link inboxSubjects} names. */
  readonly inbox: InboxStream;
}

export interface ClusterNodeOptions {
  /** Default: nothing is traced. */
  readonly telemetry?: Telemetry;
  readonly cluster: string;
  readonly name: NodeId;
  /** A client routes and observes; it is no member and hosts no entity. */
  readonly role: 'member' | 'client';
  readonly entities: readonly ActorDefinition<Protocol>[];
  /** Entities of which the cluster has one each, always active. Default: none. */
  readonly singletons?: readonly ActorDefinition<Protocol>[];
  /** Actors of which the cluster runs one each. Default: none. */
  readonly pinned?: readonly PinnedActor[];
  /** Of the entities this node takes its part by its weight. Default 1; 0: none. */
  readonly weight?: number;
  /** What is special about this node, for what asks for it. Default: nothing. */
  readonly labels?: readonly string[];
  /** How often the node's actors may crash before the node stops; see {@link System}. */
  readonly restartLimit?: RestartLimit;
  readonly ports: ClusterPorts;
  /** The root supervisor gave up, or the connection ended for good; the node must stop with this reason. */
  readonly onFailure: (error: JaegisError) => void;
}

/** One node of a cluster: its actors, the entities it owns by the present view, and the way to all others. */
export class ClusterNode {
  readonly system: System;
  readonly membership: Membership;
  readonly events: Events;
  readonly #options: ClusterNodeOptions;
  readonly #router: Router;
  readonly #host: EntityHost;
  readonly #sender: InboxSender;
  readonly #reader: InboxReader;
  readonly #needs: Needs;
  readonly #handovers: Handovers;
  readonly #awakening: Awakening;
  readonly #settling: Settling;
  readonly #pinned: PinnedActors;
  readonly #inspector: Inspector;
  #opened: string | undefined;
  /** How long what is under way may take when it moves, in ms. */
  #releaseMs: number = limits.shutdownMs;
  readonly #connection: Subscription[] = [];
  #stopping = false;

  constructor(options: ClusterNodeOptions) {
    this.#options = options;
    const { cluster, name, ports, role } = options;
    const { clock, random, logger, codec, transport } = ports;
    const self = memberFor(options, incarnation(random.id()));
    this.#needs = new Needs([...options.entities, ...(options.singletons ?? [])]);
    this.events = new Events({ cluster, node: name, transport, clock, logger });
    this.membership = new Membership({
      cluster,
      self,
      member: role === 'member',
      transport,
      journal: ports.viewJournal,
      codec,
      clock,
      random,
      logger,
    });
    this.system = new System({
      node: name,
      services: this.#services(),
      random,
      announce: (event) => this.events.publish(event),
      onFailure: options.onFailure,
      ...(options.telemetry ? { telemetry: options.telemetry } : {}),
      ...(options.restartLimit ? { limit: options.restartLimit } : {}),
    });
    this.#router = new Router({
      cluster,
      transport,
      blobs: ports.blobs,
      codec,
      clock,
      random,
      system: this.system,
      ...this.#placed(),
      release: (message) => this.#handovers.answer(message),
    });
    this.#host = this.#makeHost();
    this.#handovers = new Handovers({
      ...this.#placed(),
      ask: (member, message) => this.#router.release(member, message),
      released: (entity) => this.#host.released(entity),
      releasedPinned: (pinned) => this.#pinned.released(pinned),
    });
    this.#sender = new InboxSender({ cluster, node: name, inbox: ports.inbox, codec, clock, random });
    this.#reader = this.#makeReader();
    this.#awakening = this.#makeAwakening();
    this.#settling = new Settling({
      clock,
      logger,
      ...this.#placed(),
      update: (change) => this.membership.update(change),
      settled: () => this.#awakening.settled(),
    });
    this.#pinned = this.#makePinned();
    this.#inspector = new Inspector({
      cluster,
      transport,
      clock,
      logger,
      membership: this.membership,
      tree: () => this.inspect(),
      find: (address) => this.#find(address),
      instance: random.id(),
      serve: role === 'member',
    });
  }

  async start(): Promise<void> {
    this.membership.onView((view, previous) => this.#onView(view, previous));
    this.membership.onEvent((event) => this.events.publish(event as unknown as Announcement)); // plain data
    if (this.#options.role === 'member') this.#open();
    this.#inspector.start();
    const { transport } = this.#options.ports;
    this.#connection.push(
      transport.onStatus((status) => {
        if (status === 'closed') this.#options.onFailure(connectionEnded());
      }),
      transport.onSlow((backlog) => this.#onSlow(backlog)),
    );
    await this.membership.start();
  }

  /**
   * Hands over what it has, leaves the cluster, then ends what runs here.
   * @param drainMs How long the first may take; then it leaves anyway. Default 10,000; 0: it leaves at once.
   */
  async stop(drainMs: number = limits.drainMs): Promise<void> {
    if (drainMs > 0 && this.#options.ports.transport.connected && this.#hasHeirs) await this.#drain(drainMs);
    this.#stopping = true;
    for (const subscription of this.#connection) subscription.unsubscribe();
    this.#reader.stop();
    this.#awakening.stop();
    this.#settling.stop();
    this.#pinned.stop();
    this.#handovers.stop();
    await this.membership.stop();
    await this.#host.stop();
    await this.system.stop();
    this.#inspector.stop();
    this.#router.stop();
  }

  /** Whether this node has a part of the entities and somebody else could take it. */
  get #hasHeirs(): boolean {
    const { view, self } = this.membership;
    const isMember = view.members.some((member) => isSameLife(member, self));
    return isMember && view.members.some((member) => !isSameLife(member, self) && presentWeight(member) > 0);
  }

  async #drain(drainMs: number): Promise<void> {
    const { clock, logger } = this.#options.ports;
    this.#releaseMs = drainMs;
    const bound = new AbortController();
    const drained = this.#handOver(bound.signal).catch((error: unknown) => logger.warn('left undrained', { error }));
    await Promise.race([drained, sleep(clock, drainMs, bound.signal)]);
    bound.abort();
  }

  /** From the view on by which others own what was its own, nothing new comes here. What has come is finished. */
  async #handOver(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.ports;
    const drained = this.membership.drain().then(() => true);
    // Where the view cannot be changed now, the others must find out by themselves.
    if (!(await Promise.race([drained, sleep(clock, ANNOUNCE_MS, signal).then(() => false)]))) return;
    await Promise.all([this.#host.released(), this.#pinned.allReleased()]);
    await this.#router.settled();
  }

  entity<P extends Protocol>(definition: ActorDefinition<P>, key: string): EntityRef<P> {
    const id: EntityId = { type: definition.type, key };
    this.#needs.learn(definition.type, definition.options.placement?.labels);
    return makeEntityRef<P>(id, formatEntityId(id), {
      tell: (message: Message) => this.#router.tellEntity(id, message),
      ask: (message: Message, options: SentAskOptions) => this.#router.askEntity(id, message, options),
      send: (message: Message, options: SendOptions) => this.#sender.send(id, message, options, this.#router.active),
    });
  }

  actor<P extends Protocol>(address: string): Ref<P> {
    const slash = address.indexOf('/');
    if (slash < 1) throw new NoSuchActorError(`${JSON.stringify(address)} is no address: expected "node/path".`);
    const [node, path] = [address.slice(0, slash), address.slice(slash)];
    if (node === ANYWHERE) return this.#pinnedRef(address, path);
    return makeRef<P>(address, {
      tell: (message) => this.#router.tellActor(node, path, message),
      ask: (message, options) => this.#router.askActor(node, path, message, options),
    });
  }

  onView(listener: (view: View) => void): Subscription {
    return this.membership.onView(listener);
  }

  turnSubject(entity: EntityId): string {
    return turnSubject(this.#options.cluster, entity);
  }

  inboxSubject(entity: EntityId): string {
    return inboxSubject(this.#options.cluster, entity);
  }

  /** All that the cluster's inbox stream holds. */
  get inboxSubjects(): readonly string[] {
    return inboxSubjects(this.#options.cluster);
  }

  inspect(): TreeNode {
    const { name } = this.#options;
    const children = [this.system.inspect(), this.#host.inspect()];
    const peers = this.#router.traffic;
    const counts = { mailbox: 0, handled: 0, restarts: 0 };
    return { id: name, kind: 'node', type: 'node', status: 'running', ...counts, children, peers };
  }

  #services(): Services {
    const { clock, logger, pool } = this.#options.ports;
    return {
      clock,
      logger,
      pool,
      entity: (definition, key) => this.entity(definition, key),
      actor: (address) => this.actor(address),
    };
  }

  /** What decides which node has what. */
  #placed() {
    return { needs: this.#needs, view: () => this.membership.view, self: () => this.membership.self };
  }

  #makeHost(): EntityHost {
    const { cluster, entities, singletons = [], ports } = this.#options;
    return new EntityHost({
      system: this.system,
      definitions: entities,
      singletons,
      handedOver: (entity) => this.#handovers.of(entity),
      forward: (entity, message) => this.#router.forward(entity, message),
      journal: ports.turnJournal,
      codec: ports.codec,
      random: ports.random,
      inbox: ports.inbox,
      subjectOf: (entity) => turnSubject(cluster, entity),
      inboxSubjectOf: (entity) => inboxSubject(cluster, entity),
      timerSubjectOf: (entity, id) => timerSubject(cluster, entity, id),
      owns: (entity) => this.#router.owns(entity),
      deliverDurable: async (message, id) => {
        await this.#router.deliverDurable(message, id, DELIVERY_MS);
      },
    });
  }

  #makeAwakening(): Awakening {
    const { cluster, ports, singletons = [] } = this.#options;
    return new Awakening({
      cluster,
      journal: ports.turnJournal,
      clock: ports.clock,
      random: ports.random,
      logger: ports.logger,
      needs: this.#needs,
      eager: singletons.map(({ type }) => ({ type, key: SINGLETON })),
      wake: (entity) => this.#host.wake(entity),
      handedOver: (plot) => this.#handovers.ofPlot(plot),
    });
  }

  #makePinned(): PinnedActors {
    const { pinned: actors = [], ports } = this.#options;
    const { clock, random, logger } = ports;
    return new PinnedActors({
      actors,
      clock,
      random,
      logger,
      self: () => this.membership.self,
      end: (name) => this.#endPinned(name),
      handedOver: (member, pinned, epoch) =>
        this.#router.release(member, { type: 'release', epoch, pinned }).catch(() => {}),
    });
  }

  async #endPinned(name: string): Promise<void> {
    try {
      await this.system.stop(`/user/${name}`, { reason: 'shutdown', timeoutMs: this.#releaseMs });
    } catch (error) {
      if (!hasCode(error, 'no_such_actor')) throw error; // it has ended by itself
    }
  }

  #pinnedRef<P extends Protocol>(address: string, path: string): Ref<P> {
    const name = path.slice('/user/'.length);
    return pinnedRef<P>(address, {
      name,
      labels: this.#options.pinned?.find((actor) => actor.name === name)?.labels ?? noLabels,
      clock: this.#options.ports.clock,
      view: () => this.membership.view,
      tell: (node, message) => this.#router.tellActor(node, path, message),
      ask: (node, message, options) => this.#router.askActor(node, path, message, options),
    });
  }

  #makeReader(): InboxReader {
    const { inbox, clock, random, logger } = this.#options.ports;
    const deliver = (subject: string) => {
      const entity = entityOfSubject(subject);
      if (!entity) throw new Error(`${subject} is the inbox of no entity`);
      return (message: InboxMessage, previous: number) => this.#host.receiveFromInbox(entity, message, previous);
    };
    // The inboxes of a shard hold also those of types that another node has.
    const isOurs = (subject: string) => {
      const entity = entityOfSubject(subject);
      return entity === undefined || this.#router.owns(entity);
    };
    return new InboxReader({ inbox, clock, random, logger, deliver, isOurs });
  }

  #open(): void {
    const { self } = this.membership;
    if (this.#opened === self.incarnation) return;
    this.#opened = self.incarnation;
    this.#router.open(self, this.#host);
  }

  #onView(view: View, previous: View): void {
    if (this.#options.role === 'client') {
      this.#router.onView(view);
      return;
    }
    const { self } = this.membership;
    const holdings = this.#needs.holdings(self, view);
    // First of all: what asks go on with comes after what was there.
    this.#handovers.onView(view, previous, holdings);
    this.#router.onView(view);
    this.#open();
    void this.#host.release(this.#releaseMs);
    this.#pinned.onView(view, previous);
    this.#settling.onView(view);
    if (this.#stopping) return;
    this.#reader.follow(inboxFilters(this.#options.cluster, holdings), [...holdings].join());
    this.#awakening.begin(holdings);
  }

  #onSlow({ bytes, delayMs }: Backlog): void {
    this.#options.ports.logger.warn('this node reads more slowly than messages come; NATS will cut it off', {
      bytes,
      delayMs,
    });
    this.events.publish({ type: 'node_slow', bytes, delayMs });
  }

  #find(address: string): TreeNode | undefined {
    return findByAddress(this.inspect(), this.#options.name, address);
  }
}

/** The key of every singleton. */
export const SINGLETON = 'singleton';
/** Stands for the node in the address of a pinned actor, wherever it runs. */
const ANYWHERE = '*';
/** How long it may take to say that this node is on its way out, in ms. */
const ANNOUNCE_MS = 2_000;

function memberFor({ name, weight = 1, labels = [] }: ClusterNodeOptions, life: Incarnation): Member {
  return {
    id: name,
    incarnation: life,
    ...(weight === 1 ? {} : { weight }),
    ...(labels.length === 0 ? {} : { labels: [...new Set(labels)].sort() }),
  };
}

function connectionEnded(): JaegisError {
  return new TransportClosedError('The connection to NATS has ended for good, so this node can reach nobody.');
}

/** How long one attempt to hand over a durable message may take before it is repeated, in ms. */
const DELIVERY_MS = 30_000;

function findByAddress(tree: TreeNode, node: string, address: string): TreeNode | undefined {
  for (const top of tree.children) {
    const found = search(top, top.id === 'entities' ? '' : `${node}/${top.id}`, address);
    if (found) return found;
  }
  return undefined;
}

function search(tree: TreeNode, path: string, address: string): TreeNode | undefined {
  if (path === address) return tree;
  for (const child of tree.children) {
    const found = search(child, path === '' ? child.id : `${path}/${child.id}`, address);
    if (found) return found;
  }
  return undefined;
}
