import {
  type ActorDefinition,
  type Announcement,
  EdgeChaser,
  EntityHost,
  type EntityRef,
  GUESTS,
  type MailboxMemory,
  type MakePolicy,
  type Message,
  makeEntityRef,
  makeRef,
  type Protocol,
  type Ref,
  type SendOptions,
  type SentAskOptions,
  type Services,
  type Startable,
  System,
} from '@jaegis/actors';
import {
  type Backlog,
  type Blobs,
  type Clock,
  type Codec,
  type EntityId,
  formatEntityId,
  type HealthSettings,
  type Heart,
  type InboxStream,
  type Incarnation,
  incarnation,
  type JaegisError,
  type Journal,
  type Load,
  type Logger,
  limits,
  type Member,
  type NetworkBounds,
  type NodeId,
  type NodePolicy,
  NoSuchActorError,
  type Random,
  type RestartLimit,
  type Subscription,
  type Telemetry,
  type Transport,
  TransportClosedError,
  type TreeNode,
  type View,
  type Vitals,
  type WorkerPool,
} from '@jaegis/core';
import { Domain } from './domain.ts';
import { Events } from './events.ts';
import { InboxSender } from './inbox-sender.ts';
import { Inspector } from './inspect/inspector.ts';
import { Policies } from './inspect/policies.ts';
import { Membership, type MembershipEvent, type Standing } from './membership.ts';
import { Needs } from './needs.ts';
import { ANYWHERE, type PinnedActor } from './pinned.ts';
import { inboxSubject, inboxSubjects, timerSubject, turnSubject } from './placement.ts';
import { ProbePost } from './probe-post.ts';
import { Router } from './router.ts';

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
  /** Of a member; a client has none (`noHeart`). */
  readonly heart: Heart;
  /** Holds `jaegis.<cluster>.health`. */
  readonly healthJournal: Journal;
  /** Holds `jaegis.<cluster>.turn.>`. */
  readonly turnJournal: Journal;
  /** Holds what {@link inboxSubjects} names. */
  readonly inbox: InboxStream;
  /** Default: the load of the process is not shown. */
  readonly vitals?: Vitals;
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
  /** Actors and supervisors that supervisors of other nodes may start here, each type once. Default: none. */
  readonly startables?: readonly Startable[];
  /** What messages may hold in mailboxes whose definitions have no budget of their own. Default: they are not counted. */
  readonly memory?: MailboxMemory;
  /** What it may send to each other node. Default: no bounds. */
  readonly network?: NetworkBounds;
  /** What of its policies it tells, and shows to those who inspect it. Default: none. */
  readonly policies?: readonly NodePolicy[];
  /** What is to be done once it listens to its policies, and before it is a member. It is given how to tell the cluster. */
  readonly beforeItJoins?: (announce: (event: Announcement) => void) => Promise<void>;
  /** Makes the policies of actors that are given by options. Default: none can be. */
  readonly makePolicy?: MakePolicy;
  /** How often the node's actors may crash before the node stops; see {@link System}. */
  readonly restartLimit?: RestartLimit;
  readonly ports: ClusterPorts;
  /** When nodes count as silent, stalled and so on. Those that are not given are as in `defaultHealth`. */
  readonly health?: Partial<HealthSettings>;
  /** The root supervisor gave up, or the connection ended for good; the node must stop with this reason. */
  readonly onFailure: (error: JaegisError) => void;
  /** An operator wants this node to drain and leave. Default: it stays. */
  readonly leave?: () => void;
}

/** One node of a cluster: its actors, the entities it owns by the present view, and the way to all others. */
export class ClusterNode {
  readonly system: System;
  readonly membership: Membership;
  readonly events: Events;
  readonly #options: ClusterNodeOptions;
  readonly #chaser: EdgeChaser | undefined;
  readonly #router: Router;
  readonly #needs: Needs;
  readonly #host: EntityHost;
  readonly #domain: Domain;
  readonly #sender: InboxSender;
  readonly #policies: Policies;
  readonly #inspector: Inspector;
  #opened: string | undefined;
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
      journal: ports.healthJournal,
      codec,
      clock,
      random,
      logger,
      heart: ports.heart,
      load: () => this.#load(),
      ...(options.health ? { health: options.health } : {}),
    });
    this.#chaser = role === 'member' ? this.#makeChaser() : undefined;
    this.system = new System({
      node: name,
      services: this.#services(),
      random,
      announce: (event) => this.#announce(event),
      onFailure: options.onFailure,
      makePolicy: options.makePolicy,
      ...(options.telemetry ? { telemetry: options.telemetry } : {}),
      ...(options.memory ? { memory: options.memory } : {}),
      ...(options.restartLimit ? { limit: options.restartLimit } : {}),
      ...(this.#chaser ? { waits: this.#chaser } : {}),
    });
    this.#router = new Router({
      cluster,
      transport,
      blobs: ports.blobs,
      codec,
      clock,
      random,
      system: this.system,
      chaser: this.#chaser,
      bounds: options.network ? { network: options.network } : {},
      startables: new Map((options.startables ?? []).map((startable) => [startable.type, startable])),
      needs: this.#needs,
      view: () => this.membership.view,
      self: () => this.membership.self,
      standing: () => this.membership.standing,
      release: (message) => this.#domain.answer(message),
    });
    this.system.far = this.#router.far;
    this.#host = this.#makeHost();
    this.#sender = new InboxSender({ cluster, node: name, inbox: ports.inbox, codec, clock, random });
    this.#domain = this.#makeDomain();
    const announce = (event: Announcement) => this.#announce(event);
    this.#policies = new Policies({ policies: options.policies ?? [], doors: this.system.doors, clock, announce });
    this.#inspector = this.#makeInspector();
  }

  async start(): Promise<void> {
    this.membership.onView((view, previous) => this.#onView(view, previous));
    this.membership.onEvent((event, atMs) => this.#publish(event, atMs));
    this.membership.onStanding((standing) => this.#onStanding(standing));
    if (this.#options.role === 'member') this.#open();
    const { transport } = this.#options.ports;
    this.#connection.push(
      transport.onStatus((status) => {
        if (status === 'closed') this.#options.onFailure(connectionEnded());
      }),
      transport.onSlow((backlog) => this.#onSlow(backlog)),
    );
    this.#policies.start();
    await this.#options.beforeItJoins?.((event) => this.#announce(event));
    await this.membership.start();
    if (this.#stopping) return;
    // Before, it knows of no cluster.
    this.#inspector.start();
  }

  /**
   * Hands over what it has, leaves the cluster, then ends what runs here.
   * @param drainMs How long the first may take; then it leaves anyway. Default 10,000; 0: it leaves at once.
   */
  async stop(drainMs: number = limits.drainMs): Promise<void> {
    if (drainMs > 0) await this.#domain.drain(drainMs);
    this.#stopping = true;
    for (const subscription of this.#connection) subscription.unsubscribe();
    this.#policies.stop();
    this.#domain.stop();
    // While it is a member: what its supervisors have on other nodes ends in order too.
    await this.system.stop();
    await this.membership.stop();
    await this.#host.stop();
    await this.#router.far.settled();
    this.#inspector.stop();
    this.#chaser?.stop();
    this.#router.stop();
  }

  entity<P extends Protocol>(definition: ActorDefinition<P>, key: string): EntityRef<P> {
    this.#needs.learn(definition.type, definition.options.placement?.labels);
    return this.#entity<P>({ type: definition.type, key });
  }

  #entity<P extends Protocol>(id: EntityId): EntityRef<P> {
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
    if (node === ANYWHERE) return this.#domain.pinnedRef(address, path);
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

  /** @param most Entities that are listed; the others are counted. Default: all. */
  inspect(most?: number): TreeNode {
    const { name } = this.#options;
    const children = [this.system.inspect(), this.#host.inspect(most), ...this.#guests()];
    const peers = this.#router.traffic;
    const counts = { mailbox: 0, handled: 0, restarts: 0 };
    return { id: name, kind: 'node', type: 'node', status: 'running', ...counts, children, peers };
  }

  /** What runs here for supervisors of other nodes. */
  #guests(): TreeNode[] {
    const children = this.#router.far.inspect();
    if (children.length === 0) return [];
    const counts = { mailbox: 0, handled: 0, restarts: 0 };
    return [{ id: GUESTS, kind: 'supervisor', type: 'one_for_one', status: 'running', ...counts, children }];
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

  #makeChaser(): EdgeChaser {
    const { cluster, name: node, ports } = this.#options;
    const { clock, random, transport, codec, logger } = ports;
    const probes = new ProbePost({ cluster, node, transport, codec, logger });
    // In the name of each ask that an actor waits for: short, and another one after a restart under the same name.
    const resolved = (error: JaegisError) => this.system.deadlockResolved(error);
    return new EdgeChaser({ node, incarnation: random.id().slice(0, LIFE_LENGTH), clock, probes, resolved });
  }

  #load(): Omit<Load, 'index' | 'epoch'> {
    const { transport, vitals } = this.#options.ports;
    const missing = transport.connected ? [] : ['connection'];
    return {
      waiting: this.system.waiting,
      heapBytes: vitals?.read().heapBytes ?? 0,
      ready: missing.length === 0,
      ...(missing.length === 0 ? {} : { missing }),
    };
  }

  #makeHost(): EntityHost {
    const { cluster, entities, singletons = [], ports } = this.#options;
    return new EntityHost({
      system: this.system,
      definitions: entities,
      singletons,
      handedOver: (entity) => this.#domain.handedOver(entity),
      forward: (entity, message) => this.#router.forward(entity, message),
      journal: ports.turnJournal,
      codec: ports.codec,
      random: ports.random,
      inbox: ports.inbox,
      subjectOf: (entity) => turnSubject(cluster, entity),
      inboxSubjectOf: (entity) => inboxSubject(cluster, entity),
      timerSubjectOf: (entity, id) => timerSubject(cluster, entity, id),
      owns: (entity) => this.#router.owns(entity),
      serves: () => this.membership.standing === 'serving',
      tenureOf: (entity) => this.#domain.tenureOf(entity),
      deliverDurable: async (message, id) => {
        await this.#router.deliverDurable(message, id, DELIVERY_MS);
      },
    });
  }

  #makeDomain(): Domain {
    const { cluster, ports, singletons = [], pinned = [] } = this.#options;
    return new Domain({
      cluster,
      ports,
      singletons,
      pinned,
      needs: this.#needs,
      membership: this.membership,
      system: this.system,
      host: this.#host,
      router: this.#router,
    });
  }

  #makeInspector(): Inspector {
    const { cluster, ports, role, leave = () => {} } = this.#options;
    const { clock, random, logger, codec, transport, turnJournal, vitals } = ports;
    return new Inspector({
      cluster,
      transport,
      clock,
      random,
      logger,
      turnJournal,
      codec,
      vitals,
      membership: this.membership,
      system: this.system,
      host: this.#host,
      tree: (most) => this.inspect(most),
      traffic: () => this.#router.traffic,
      policies: this.#policies,
      owns: (entity) => this.#router.owns(entity),
      labelsOf: (type) => this.#needs.of(type),
      entity: (entity) => this.#entity(entity),
      actor: (address) => this.actor(address),
      leave,
      serve: role === 'member',
    });
  }

  /** To observers, and into the record of what happened. */
  #announce(event: Announcement, atMs?: number): void {
    this.#inspector.incidents.note(event, atMs);
    this.events.publish(event);
  }

  #open(): void {
    const { self } = this.membership;
    if (this.#opened === self.incarnation) return;
    this.#opened = self.incarnation;
    this.#router.open(self, this.#host);
  }

  #onView(view: View, previous: View): void {
    this.#inspector.onView(view);
    if (this.#options.role === 'client') {
      this.#router.onView(view);
      return;
    }
    // First: what asks go on with comes after what was there.
    this.#domain.prepare(view, previous);
    this.#router.onView(view);
    this.#open();
    this.#domain.onView(view, previous);
  }

  /** What all members learn from the log alike, the leader alone says to all. */
  #publish(event: MembershipEvent, atMs: number): void {
    const isOfAll = event.type === 'status_changed' || event.type === 'node_down';
    const announcement = event as unknown as Announcement; // plain data
    if (!isOfAll || this.membership.isLeader) this.#announce(announcement, atMs);
    else this.#inspector.incidents.note(announcement, atMs);
  }

  #onStanding(standing: Standing): void {
    if (this.#options.role === 'client' || this.#stopping) return;
    if (standing === 'refusing') {
      this.#router.refuse();
      this.#domain.lose();
    } else if (standing === 'serving') {
      this.#domain.resume();
    }
  }

  #onSlow({ bytes, delayMs }: Backlog): void {
    this.#options.ports.logger.warn('this node reads more slowly than messages come; NATS will cut it off', {
      bytes,
      delayMs,
    });
    this.#announce({ type: 'node_slow', bytes, delayMs });
  }
}

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

/** Of what tells the lives of a node apart in the names of its asks. */
const LIFE_LENGTH = 8;
/** How long one attempt to hand over a durable message may take before it is repeated, in ms. */
const DELIVERY_MS = 30_000;
