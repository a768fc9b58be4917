import {
  type ActorDefinition,
  type Announcement,
  EdgeChaser,
  EntityHost,
  type EntityRef,
  GUESTS,
  InboxReader,
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
  type InboxMessage,
  type InboxStream,
  incarnation,
  type JaegisError,
  type Journal,
  type Load,
  type Logger,
  type Member,
  type NodeId,
  NoSuchActorError,
  type Random,
  type RestartLimit,
  type Subscription,
  shardOf,
  type Telemetry,
  type Transport,
  TransportClosedError,
  type TreeNode,
  type View,
  type Vitals,
  type WorkerPool,
} from '@jaegis/core';
import { Awakening } from './awakening.ts';
import { Events } from './events.ts';
import { InboxSender } from './inbox-sender.ts';
import { Inspector } from './inspect/inspector.ts';
import { Membership, type MembershipEvent, type Standing } from './membership.ts';
import {
  entityOfSubject,
  inboxSubject,
  inboxSubjects,
  ownInboxes,
  SHARDS,
  timerSubject,
  turnSubject,
} from './placement.ts';
import { ProbePost } from './probe-post.ts';
import { Router } from './router.ts';
import { Tenures } from './tenures.ts';

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
  /** Actors and supervisors that supervisors of other nodes may start here, each type once. Default: none. */
  readonly startables?: readonly Startable[];
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
  readonly #host: EntityHost;
  readonly #tenures = new Tenures();
  readonly #sender: InboxSender;
  readonly #reader: InboxReader;
  readonly #awakening: Awakening;
  readonly #inspector: Inspector;
  #opened: string | undefined;
  readonly #connection: Subscription[] = [];
  #stopping = false;

  constructor(options: ClusterNodeOptions) {
    this.#options = options;
    const { cluster, name, ports, role } = options;
    const { clock, random, logger, codec, transport } = ports;
    const self: Member = { id: name, incarnation: incarnation(random.id()) };
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
      ...(options.telemetry ? { telemetry: options.telemetry } : {}),
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
      startables: new Map((options.startables ?? []).map((startable) => [startable.type, startable])),
      view: () => this.membership.view,
      self: () => this.membership.self,
      standing: () => this.membership.standing,
    });
    this.system.far = this.#router.far;
    this.#host = this.#makeHost();
    this.#sender = new InboxSender({ cluster, node: name, inbox: ports.inbox, codec, clock, random });
    this.#reader = this.#makeReader();
    const wake = (entity: EntityId) => this.#host.wake(entity);
    this.#awakening = new Awakening({ cluster, journal: ports.turnJournal, clock, random, logger, wake });
    this.#inspector = this.#makeInspector();
  }

  async start(): Promise<void> {
    this.membership.onView((view) => this.#onView(view));
    this.membership.onEvent((event) => this.#publish(event));
    this.membership.onStanding((standing) => this.#onStanding(standing));
    if (this.#options.role === 'member') this.#open();
    const { transport } = this.#options.ports;
    this.#connection.push(
      transport.onStatus((status) => {
        if (status === 'closed') this.#options.onFailure(connectionEnded());
      }),
      transport.onSlow((backlog) => this.#onSlow(backlog)),
    );
    await this.membership.start();
    // Before, it knows of no cluster.
    if (!this.#stopping) this.#inspector.start();
  }

  /** Leaves the cluster so that others take over, then ends what runs here. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const subscription of this.#connection) subscription.unsubscribe();
    this.#reader.stop();
    this.#awakening.stop();
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
    const { cluster, entities, ports } = this.#options;
    return new EntityHost({
      system: this.system,
      definitions: entities,
      journal: ports.turnJournal,
      codec: ports.codec,
      random: ports.random,
      inbox: ports.inbox,
      subjectOf: (entity) => turnSubject(cluster, entity),
      inboxSubjectOf: (entity) => inboxSubject(cluster, entity),
      timerSubjectOf: (entity, id) => timerSubject(cluster, entity, id),
      owns: (entity) => this.#router.owns(entity),
      serves: () => this.membership.standing === 'serving',
      tenureOf: (entity) => this.#tenures.of(shardOf(formatEntityId(entity), SHARDS)),
      deliverDurable: async (message, id) => {
        await this.#router.deliverDurable(message, id, DELIVERY_MS);
      },
    });
  }

  #makeReader(): InboxReader {
    const { inbox, clock, random, logger } = this.#options.ports;
    const deliver = (subject: string) => {
      const entity = entityOfSubject(subject);
      if (!entity) throw new Error(`${subject} is the inbox of no entity`);
      return (message: InboxMessage, previous: number) => this.#host.receiveFromInbox(entity, message, previous);
    };
    return new InboxReader({ inbox, clock, random, logger, deliver });
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
      owns: (entity) => this.#router.owns(entity),
      entity: (entity) => this.#entity(entity),
      actor: (address) => this.actor(address),
      leave,
      serve: role === 'member',
    });
  }

  /** To observers, and into the record of what happened. */
  #announce(event: Announcement): void {
    this.#inspector.incidents.note(event);
    this.events.publish(event);
  }

  #open(): void {
    const { self } = this.membership;
    if (this.#opened === self.incarnation) return;
    this.#opened = self.incarnation;
    this.#router.open(self, this.#host);
  }

  #onView(view: View): void {
    this.#tenures.onView(this.membership.self, view);
    this.#router.onView(view);
    this.#inspector.onView(view);
    if (this.#options.role === 'client') return;
    this.#open();
    void this.#host.release();
    if (!this.#stopping) this.#reader.follow(ownInboxes(this.#options.cluster, this.membership.self, view));
    if (!this.#stopping) this.#awakening.begin(this.membership.self, view);
  }

  /** What all members learn from the log alike, the leader alone says to all. */
  #publish(event: MembershipEvent): void {
    const isOfAll = event.type === 'status_changed' || event.type === 'node_down';
    const announcement = event as unknown as Announcement; // plain data
    if (!isOfAll || this.membership.isLeader) this.#announce(announcement);
    else this.#inspector.incidents.note(announcement);
  }

  #onStanding(standing: Standing): void {
    if (this.#options.role === 'client' || this.#stopping) return;
    const { self, view } = this.membership;
    if (standing === 'refusing') {
      this.#router.refuse();
      this.#awakening.lose();
      this.#host.abandon();
    } else if (standing === 'serving') {
      this.#awakening.begin(self, view);
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

function connectionEnded(): JaegisError {
  return new TransportClosedError('The connection to NATS has ended for good, so this node can reach nobody.');
}

/** Of what tells the lives of a node apart in the names of its asks. */
const LIFE_LENGTH = 8;
/** How long one attempt to hand over a durable message may take before it is repeated, in ms. */
const DELIVERY_MS = 30_000;
