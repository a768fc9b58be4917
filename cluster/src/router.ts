import {
  Ask,
  askId,
  askTimeout,
  askUnderPolicy,
  type EdgeChaser,
  type EntityHost,
  FarNodes,
  type Message,
  type SentAskOptions,
  type Startable,
  type System,
} from '@jaegis/actors';
import {
  AskTimeoutError,
  type Blobs,
  type Clock,
  ClusterUnavailableError,
  type Codec,
  CorruptRecordError,
  type EntityId,
  formatEntityId,
  hasCode,
  isSameLife,
  isToken,
  type JaegisError,
  limits,
  type Member,
  memberOf,
  NodeDownError,
  type NodeId,
  NotOwnerError,
  type OutgoingMessage,
  type PeerTraffic,
  type Random,
  type TraceContext,
  type Transport,
  type View,
} from '@jaegis/core';
import { DoubtfulAsks } from './doubtful-asks.ts';
import type { ArrivedRequest, Request, Target, TellOptions } from './envelope.ts';
import type { ReturnedTells } from './given-back.ts';
import type { Standing } from './membership.ts';
import type { Needs } from './needs.ts';
import { noOwner } from './no-owner.ts';
import { isRelease, RELEASE, type ReleaseMessage } from './release-message.ts';
import { NotReachedError } from './sending.ts';
import { decodeSignal, encodeSignal, entityOfPath, receiverOf } from './signals.ts';
import { UnderWay } from './under-way.ts';
import { Wire, type WireOptions } from './wire.ts';

export interface RouterOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly blobs: Blobs;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly system: System;
  /** Finds deadlocks across nodes. Undefined on a client, whose actors nobody asks. */
  readonly chaser: EdgeChaser | undefined;
  /** Of the network. Default: there are none. */
  readonly bounds?: Pick<WireOptions, 'network'>;
  /** What supervisors of other nodes may start here, by type. */
  readonly startables: ReadonlyMap<string, Startable>;
  readonly view: () => View;
  readonly self: () => Member;
  readonly needs: Needs;
  /** Another node asks whether this one has let go of something. Resolves when it has. */
  readonly release: (message: ReleaseMessage) => Promise<void>;
  /** What this node may do at the moment. */
  readonly standing: () => Standing;
}

/** One attempt to ask an entity. */
type Asked = Pick<Request, 'message' | 'leftMs' | 'trace' | 'asker'> & {
  readonly id: string;
  readonly isFresh: boolean;
  readonly sender: string;
};

/** What ends an attempt to reach an entity without ending the ask: another node owns it, or will in a moment. */
const MOVED = [
  'not_owner',
  'node_down',
  'fenced',
  'actor_stopped',
  'cluster_unavailable',
  'transport_unavailable',
] as const;

const RETRY_MS = 20;
/** How often it is looked for a view by which an entity is here: a second in all. */
const LOOKS = 50;
/** Of the ids of asks, which an entity must tell apart among its last ones. They are in its records. */
const ID_LENGTH = 12;

/** Takes messages to where their receivers live: on this node without the network, on another one over the transport. */
export class Router {
  readonly #options: RouterOptions;
  readonly #wire: Wire;
  /** Goes on with each ask that waits for another view, or a moment. */
  readonly #paused = new Set<() => void>();
  /** What ties processes of this node to those of others. */
  readonly far: FarNodes;
  readonly #doubtful: DoubtfulAsks;
  #host: EntityHost | undefined;
  #asks = new UnderWay();
  /** Of messages between entities, which come again where they are cut off. */
  readonly #deliveries = new UnderWay();
  #stopped = false;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { transport, blobs, codec, clock, random, cluster, system, chaser } = options;
    const { logger } = system.services;
    const receive: WireOptions['receive'] = (request, ask) => this.#receive(request, ask);
    const giveBack = (returned: ReturnedTells) => this.#bury(returned);
    const same = { cluster, node: system.node, transport, blobs, codec, clock, random, logger, ...options.bounds };
    const onSignal = (body: Uint8Array) => this.far.receive(decodeSignal(codec, body));
    const signalReturned: WireOptions['signalReturned'] = (member, body, isUncertain) =>
      this.far.returned(member, decodeSignal(codec, body), isUncertain);
    const named = chaser ? { asker: chaser.asker } : {};
    this.#wire = new Wire({ ...same, receive, giveBack, onSignal, signalReturned, ...named });
    this.#doubtful = new DoubtfulAsks({
      clock,
      isInDoubt: () => this.#options.standing() === 'verifying',
      take: (entity, message, ask) => this.#receiveAsk(entity, message, ask),
      refusal: unverified,
    });
    this.far = this.#makeFar();
  }

  #makeFar(): FarNodes {
    const { codec, system } = this.#options;
    return new FarNodes({
      kernel: system,
      post: { send: (to, sent) => this.#wire.signal(to, encodeSignal(codec, sent), receiverOf(sent)) },
      delivery: {
        tell: (node, path, message) => {
          const entity = entityOfPath(path);
          if (entity) this.tellEntity(entity, message);
          else this.tellActor(node, path, message);
        },
        ask: (node, path, message, asked) => {
          const entity = entityOfPath(path);
          return entity ? this.askEntity(entity, message, asked) : this.askActor(node, path, message, asked);
        },
      },
      startables: this.#options.startables,
      ownerOf: (entity) => this.#options.needs.ownerOf(entity, this.#options.view()),
    });
  }

  /** From now on messages for this incarnation of the node are taken in. */
  open(self: Member, host: EntityHost): void {
    this.#host = host;
    this.#wire.open(self);
  }

  onView(view: View): void {
    this.#wire.onView(view);
    this.far.onView(view, this.#options.self());
    // While it is not known what this node may do, a moment is waited for all the same.
    if (this.#options.standing() === 'serving') for (const goOn of [...this.#paused]) goOn();
  }

  /** Resolves when all asks of entities that have begun here, and all asks that others have sent here, are answered. */
  async settled(): Promise<void> {
    const before = this.#asks;
    this.#asks = new UnderWay();
    await Promise.all([before.settled(), this.#wire.settled()]);
  }

  /** Resolves when the member has let go of what the message names, or is gone. */
  async release(member: Member, message: ReleaseMessage): Promise<void> {
    const request = { to: RELEASE, message, leftMs: limits.handoverMs, id: undefined };
    await this.#wire.ask(member, `${member.id}${RELEASE}`, request, undefined);
  }

  stop(): void {
    this.#stopped = true;
    this.#doubtful.stop();
    this.#wire.stop(new ClusterUnavailableError('This node is stopping.'));
  }

  get traffic(): PeerTraffic[] {
    return this.#wire.traffic;
  }

  /** Whether this node owns the entity, as far as it knows. */
  owns(entity: EntityId): boolean {
    const { needs, view, standing } = this.#options;
    return this.#isSelf(needs.ownerOf(entity, view())) && standing() !== 'refusing';
  }

  #isSelf(owner: Member | undefined): boolean {
    return owner !== undefined && isSameLife(owner, this.#options.self());
  }

  /** Entities cannot be asked from here any more: asks that wait for them end. */
  refuse(): void {
    this.#wire.giveUpEntities(noMajority());
  }

  /** Asks an entity wherever it lives, again after a move, until it answers or the time is up. */
  askEntity(entity: EntityId, message: Message, options: SentAskOptions): Promise<unknown> {
    const { clock, random } = this.#options;
    if (options.policy !== undefined) {
      const world = { clock, newKey: () => random.id() };
      return askUnderPolicy(options, world, (once) => this.askEntity(entity, message, once));
    }
    const { traces } = this.#options.system;
    if (!traces.isOn) return this.#askEntity(entity, message, options, undefined);
    return traces.ask(formatEntityId(entity), message, (trace) => this.#askEntity(entity, message, options, trace));
  }

  /** A durable message between entities: resolves when the turn that consumed it is written. */
  deliverDurable(outgoing: OutgoingMessage, id: string, timeoutMs: number): Promise<unknown> {
    const { to: entity, trace: sentIn } = outgoing;
    const message = outgoing.message as Message; // its sender's record holds nothing else
    const { traces } = this.#options.system;
    const deliver = (trace: TraceContext | undefined) =>
      this.#askEntity(entity, message, { timeoutMs }, trace, id, this.#deliveries);
    if (!traces.isOn) return deliver(undefined);
    return traces.within(sentIn, () => traces.ask(formatEntityId(entity), message, deliver));
  }

  async #askEntity(
    entity: EntityId,
    message: Message,
    options: SentAskOptions,
    trace: TraceContext | undefined,
    known = askId(options),
    underWay = this.#asks,
  ): Promise<unknown> {
    const { clock, random } = this.#options;
    underWay.begin();
    const sender = options.sender ?? this.#options.self().id;
    const timeoutMs = askTimeout(options);
    const id = known ?? random.id().slice(0, ID_LENGTH);
    let isFresh = known === undefined;
    const ends = clock.monotonic() + timeoutMs;
    let last: unknown;
    try {
      for (let left = timeoutMs; left > 0; left = ends - clock.monotonic()) {
        const { epoch } = this.#options.view();
        try {
          const asked = { message, id, leftMs: left, isFresh, sender, trace, asker: options.asker };
          return await this.#attempt(entity, asked, options.signal);
        } catch (error) {
          if (this.#stopped || !MOVED.some((code) => hasCode(error, code))) throw error;
          if (this.#options.standing() === 'refusing') throw noMajority(error);
          last = error;
          // Who is not the owner has not handled it.
          if (hasCode(error, 'not_owner')) this.#learn(entity, error);
          else if (!(error instanceof NotReachedError)) isFresh = false;
          if (this.#options.view().epoch === epoch || this.#options.standing() !== 'serving') await this.#pause();
        }
      }
      throw timedOut(formatEntityId(entity), message, timeoutMs, last);
    } finally {
      underWay.end();
    }
  }

  /** Until another view may say otherwise. */
  #pause(): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const goOn = () => {
        clock.clearTimer(timer);
        this.#paused.delete(goOn);
        resolve();
      };
      const timer = clock.setTimer(RETRY_MS, goOn);
      this.#paused.add(goOn);
    });
  }

  #learn({ type }: EntityId, error: unknown): void {
    const labels = (error as JaegisError).data.labels; // of a not_owner
    if (Array.isArray(labels) && labels.every(isToken)) this.#options.needs.learn(type, labels);
  }

  /** @throws NoHostError, ClusterUnavailableError, OverloadedError */
  tellEntity(entity: EntityId, message: Message): void {
    const owner = this.#ownerOf(entity);
    if (this.#options.standing() === 'refusing') throw noMajority();
    // What it does without knowing whether it may is refused when its turn is written.
    if (this.#host && this.#isSelf(owner)) this.#host.deliver(entity, message);
    else this.#wire.tell(owner, [entity.type, entity.key], message, { trace: this.active });
  }

  /**
   * A message that this node had for an entity which lives elsewhere now: once, so that no two nodes pass it to and fro.
   * @throws NotOwnerError where it lives nowhere else.
   */
  forward(entity: EntityId, message: Message, trace = this.active): void {
    const owner = this.#ownerOf(entity);
    if (this.#isSelf(owner)) throw this.#notOwner(entity);
    this.#wire.tell(owner, [entity.type, entity.key], message, { trace, isForwarded: true });
  }

  /** @throws NodeDownError, InvalidConfigError */
  askActor(node: string, path: string, message: Message, options: SentAskOptions): Promise<unknown> {
    if (options.policy !== undefined)
      return askUnderPolicy(options, this.#options, (once) => this.askActor(node, path, message, once));
    const member = this.#member(node);
    if (!member) return this.#options.system.ask(path, message, options);
    const leftMs = askTimeout(options);
    const request = { to: path, message, leftMs, id: askId(options), asker: options.asker };
    const target = `${member.id}${path}`;
    const { traces } = this.#options.system;
    if (!traces.isOn) return this.#wire.ask(member, target, request, options.signal);
    return traces.ask(target, message, (trace) =>
      this.#wire.ask(member, target, { ...request, trace }, options.signal),
    );
  }

  tellActor(node: string, path: string, message: Message): void {
    const member = this.#member(node);
    if (member) this.#wire.tell(member, path, message, { trace: this.active });
    else this.#options.system.tell(path, message);
  }

  async #attempt(entity: EntityId, asked: Asked, signal: AbortSignal | undefined): Promise<unknown> {
    const owner = this.#ownerOf(entity);
    const standing = this.#options.standing();
    if (standing === 'refusing') throw noMajority();
    if (this.#host && this.#isSelf(owner)) {
      if (standing === 'verifying') throw unverified(entity);
      return this.#local(this.#host, entity, asked, signal);
    }
    const request = { to: [entity.type, entity.key] as const, ...asked };
    return this.#wire.ask(owner, formatEntityId(entity), request, signal);
  }

  #local(host: EntityHost, entity: EntityId, asked: Asked, signal: AbortSignal | undefined): Promise<unknown> {
    const { system } = this.#options;
    const { message, id, leftMs, isFresh, sender, trace, asker } = asked;
    return new Promise((resolve, reject) => {
      const ask = new Ask(message, { resolve, reject }, id);
      ask.limitMs = leftMs;
      ask.isFresh = isFresh;
      ask.sender = sender;
      if (asker !== undefined) {
        ask.from = asker.waiter;
        ask.cause = asker.cause as Ask | undefined; // the asks of this node's actors are of no other kind
      }
      if (trace !== undefined) system.traces.carry(ask, trace);
      if (signal) ask.cancelWith(signal);
      try {
        host.deliver(entity, message, ask);
      } catch (error) {
        ask.fail(error);
      }
      ask.startTime(system.deadlines, { address: formatEntityId(entity) });
      asker?.waitFor(ask);
    });
  }

  /** The trace that what runs now belongs to. */
  get active(): TraceContext | undefined {
    const { traces } = this.#options.system;
    return traces.isOn ? traces.active() : undefined;
  }

  #receive(request: ArrivedRequest, ask: Ask | undefined): void {
    const { system } = this.#options;
    const { to, message, trace, wait } = request;
    if (ask !== undefined && wait !== undefined) this.#owe(ask, wait);
    if (trace !== undefined && system.traces.isOn) system.traces.carry(ask ?? message, trace);
    if (to === RELEASE) this.#onRelease(message, ask);
    else if (typeof to === 'string') system.receive(to, message, ask);
    else this.#receiveEntity(to, message, ask, request);
    ask?.startTime(system.deadlines, { address: typeof to === 'string' ? to : to.join('/') });
  }

  /** Until it is settled, an actor of another node waits for this node. */
  #owe(ask: Ask, wait: string): void {
    const { chaser } = this.#options;
    if (chaser === undefined) return;
    chaser.owe(wait, ask);
    ask.onceSettled(() => chaser.settle(wait));
  }

  #bury({ tells, moreTells }: ReturnedTells): void {
    const { system, clock } = this.#options;
    system.deadLetters.addUnkept(moreTells);
    for (const { member, to, message, isUncertain, isRefused = false, error } of tells) {
      if (!isUncertain && !isRefused && typeof to !== 'string' && this.#sentAgain(to, message)) continue;
      const address = typeof to === 'string' ? `${member.id}${to}` : to.join('/');
      const reason = isRefused ? 'refused' : isUncertain ? 'delivery_unknown' : 'undelivered';
      system.deadLetters.add({ to: address, message, reason, at: clock.now(), error });
    }
  }

  /** What surely has not reached an entity's former owner goes to the present one. */
  #sentAgain([type, key]: Exclude<Target, string>, message: Message): boolean {
    if (this.#stopped) return false;
    try {
      this.tellEntity({ type, key }, message);
      return true;
    } catch {
      return false; // it is a dead letter, for the reason that it came back with
    }
  }

  #onRelease(message: Message, ask: Ask | undefined): void {
    if (!isRelease(message)) throw new CorruptRecordError('Not a question of another node: expected { epoch }.');
    this.#options.release(message).then(
      () => ask?.reply(true),
      (error: unknown) => ask?.fail(error),
    );
  }

  #receiveEntity(
    [type, key]: Exclude<Target, string>,
    message: Message,
    ask: Ask | undefined,
    more: TellOptions,
  ): void {
    const entity: EntityId = { type, key };
    if (ask !== undefined) this.#doubtful.add(entity, message, ask);
    else if (this.#host && this.owns(entity)) this.#host.receive(entity, message);
    else if (more.isForwarded) void this.#held(entity, message);
    else this.forward(entity, message, more.trace);
  }

  #receiveAsk(entity: EntityId, message: Message, ask: Ask): void {
    if (!this.#host || !this.owns(entity)) throw this.#notOwner(entity);
    this.#host.receive(entity, message, ask);
  }

  /** Whoever passed it on knows a newer view: it is delivered when this node has heard of that too. */
  async #held(entity: EntityId, message: Message): Promise<void> {
    let error: unknown = this.#notOwner(entity);
    for (let look = 0; look < LOOKS && !this.#stopped; look++) {
      await this.#pause();
      if (!this.#host || !this.owns(entity)) continue;
      try {
        this.#host.receive(entity, message);
        return;
      } catch (refusal) {
        error = refusal;
        break;
      }
    }
    const { deadLetters } = this.#options.system;
    deadLetters.add({ to: formatEntityId(entity), message, reason: 'refused', at: this.#options.clock.now(), error });
  }

  #notOwner(entity: EntityId): Error {
    const { self, needs } = this.#options;
    const labels = needs.of(entity.type);
    return new NotOwnerError(`${formatEntityId(entity)} is not on node "${self().id}".`, {
      ...(labels.length === 0 ? {} : { data: { labels } }),
    });
  }

  #ownerOf(entity: EntityId): Member {
    const { needs, view } = this.#options;
    const owner = needs.ownerOf(entity, view());
    if (owner === undefined) throw noOwner(formatEntityId(entity), needs.of(entity.type), view());
    return owner;
  }

  /** The member of that name; undefined for this node itself. @throws NodeDownError when the view has none. */
  #member(node: string): Member | undefined {
    if (node === this.#options.self().id) return undefined;
    const member = memberOf(this.#options.view(), node as NodeId); // only looked up
    if (!member) throw new NodeDownError(`No node "${node}" is in the cluster.`, { data: { node } });
    return member;
  }
}

function noMajority(cause?: unknown): Error {
  const message = 'This node is no member of the cluster at the moment, or sees no majority of it.';
  return new ClusterUnavailableError(message, cause === undefined ? {} : { cause });
}

function unverified(entity: EntityId): Error {
  return new NotOwnerError(`This node was away, and looks whether it still owns ${formatEntityId(entity)}.`);
}

function timedOut(target: string, message: Message, timeoutMs: number, cause: unknown): Error {
  return new AskTimeoutError(`${target} did not answer "${message.type}" in ${Math.round(timeoutMs)} ms.`, { cause });
}
