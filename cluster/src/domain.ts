import {
  type ActorDefinition,
  type EntityHost,
  InboxReader,
  type Protocol,
  type Ref,
  SINGLETON,
  type System,
} from '@jaegis/actors';
import {
  type Clock,
  ClusterUnavailableError,
  type EntityId,
  hasCode,
  type InboxMessage,
  type InboxStream,
  isSameLife,
  type Journal,
  type Logger,
  limits,
  presentWeight,
  type Random,
  sleep,
  type Transport,
  type View,
} from '@jaegis/core';
import { Awakening } from './awakening.ts';
import { Handovers } from './handovers.ts';
import type { Membership } from './membership.ts';
import { inboxFilters, type Needs } from './needs.ts';
import { type PinnedActor, PinnedActors, pinnedRef } from './pinned.ts';
import { entityOfSubject, noLabels } from './placement.ts';
import type { ReleaseMessage } from './release-message.ts';
import type { Router } from './router.ts';
import { Settling } from './settling.ts';
import { Tenures } from './tenures.ts';

export interface DomainOptions {
  readonly cluster: string;
  readonly ports: {
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly transport: Transport;
    readonly turnJournal: Journal;
    readonly inbox: InboxStream;
  };
  readonly singletons: readonly ActorDefinition<Protocol>[];
  readonly pinned: readonly PinnedActor[];
  readonly needs: Needs;
  readonly membership: Membership;
  readonly system: System;
  readonly host: EntityHost;
  readonly router: Router;
}

/**
 * For so long, in ms, a node that has handed over all it had stays a member. Who asks it by an older view is told at once
 * where to go, and its successors begin before all take in another view.
 */
const LINGER_MS = 250;
/** How long it may take to say that this node is on its way out, in ms. */
const ANNOUNCE_MS = 2_000;

/** What is a node's own by the view: it is taken over from whoever had it, looked after, and handed over again. */
export class Domain {
  readonly #options: DomainOptions;
  readonly #handovers: Handovers;
  readonly #tenures = new Tenures();
  readonly #reader: InboxReader;
  readonly #awakening: Awakening;
  readonly #settling: Settling;
  readonly #pinned: PinnedActors;
  #holdings: ReadonlySet<string> = new Set();
  /** How long what is under way may take when it moves, in ms. */
  #releaseMs: number = limits.shutdownMs;
  #stopping = false;

  constructor(options: DomainOptions) {
    this.#options = options;
    const { ports, membership, host, router, needs } = options;
    const { clock, logger } = ports;
    const placed = { needs, view: () => membership.view, self: () => membership.self };
    this.#handovers = new Handovers({
      ...placed,
      ask: (member, message) => router.release(member, message),
      released: (entity) => host.released(entity),
      releasedPinned: (name) => this.#pinned.released(name),
    });
    this.#reader = this.#makeReader();
    this.#awakening = this.#makeAwakening();
    this.#settling = new Settling({
      clock,
      logger,
      ...placed,
      grow: (share) => membership.grow(share),
      settled: () => this.#awakening.settled(),
    });
    this.#pinned = this.#makePinned();
  }

  /** What came with the view, and from whom: before anything is asked by it. */
  prepare(view: View, previous: View): void {
    const { self } = this.#options.membership;
    this.#holdings = this.#options.needs.holdings(self, view);
    this.#tenures.onView(self, view, this.#holdings);
    this.#handovers.onView(view, previous, this.#holdings);
  }

  /** Lets go of what went with the view, and looks after what came. */
  onView(view: View, previous: View): void {
    void this.#options.host.release(this.#releaseMs);
    this.#pinned.onView(view, previous);
    this.#settling.onView(view);
    if (this.#stopping) return;
    this.#reader.follow(inboxFilters(this.#options.cluster, this.#holdings), [...this.#holdings].join());
    this.#awakening.begin(this.#holdings);
  }

  /** What this node has may be another's by now: it ends, and all of it is looked at when the node serves again. */
  lose(): void {
    this.#awakening.lose();
    this.#options.host.abandon();
  }

  /** It serves again. */
  resume(): void {
    if (!this.#stopping) this.#awakening.begin(this.#holdings);
  }

  /** Another node asks whether this one has let go of something. Resolves when it has. */
  answer(message: ReleaseMessage): Promise<void> {
    return this.#handovers.answer(message);
  }

  /** Resolves when the former owner of the entity has let go of it. Undefined: there is none, or it has. */
  handedOver(entity: EntityId): Promise<void> | undefined {
    return this.#handovers.of(entity);
  }

  tenureOf(entity: EntityId): string {
    return this.#tenures.of(this.#options.needs.plotOf(entity));
  }

  /** A ref to a pinned actor. */
  pinnedRef<P extends Protocol>(address: string, path: string): Ref<P> {
    const { pinned, ports, membership, router } = this.#options;
    const name = path.slice('/user/'.length);
    return pinnedRef<P>(address, {
      name,
      labels: pinned.find((actor) => actor.name === name)?.labels ?? noLabels,
      clock: ports.clock,
      view: () => membership.view,
      tell: (node, message) => router.tellActor(node, path, message),
      ask: (node, message, options) => router.askActor(node, path, message, options),
    });
  }

  /** Hands over all that it has, if there is somebody who can take it. Resolves also when that has taken too long. */
  async drain(mostMs: number): Promise<void> {
    const { clock, logger, transport } = this.#options.ports;
    if (!transport.connected || !this.#hasHeirs) return;
    this.#releaseMs = mostMs;
    const bound = new AbortController();
    const drained = this.#handOver(bound.signal).catch((error: unknown) => logger.warn('left undrained', { error }));
    await Promise.race([drained, sleep(clock, mostMs, bound.signal)]);
    bound.abort();
  }

  stop(): void {
    this.#stopping = true;
    this.#reader.stop();
    this.#awakening.stop();
    this.#settling.stop();
    this.#pinned.stop();
    this.#handovers.stop();
  }

  get #hasHeirs(): boolean {
    const { view, self } = this.#options.membership;
    const isMember = view.members.some((member) => isSameLife(member, self));
    return isMember && view.members.some((member) => !isSameLife(member, self) && presentWeight(member) > 0);
  }

  /** From the view on by which others own what was its own, nothing new comes here. What has come is finished. */
  async #handOver(signal: AbortSignal): Promise<void> {
    const { ports, membership, host, router } = this.#options;
    const drained = membership.drain().then(() => true);
    // Where the view cannot be changed now, the others must find out by themselves.
    if (!(await Promise.race([drained, sleep(ports.clock, ANNOUNCE_MS, signal).then(() => false)]))) return;
    await Promise.all([host.released(), this.#pinned.allReleased()]);
    await router.settled();
    await sleep(ports.clock, LINGER_MS, signal);
  }

  #makeReader(): InboxReader {
    const { host, router, needs, ports } = this.#options;
    const { inbox, clock, random, logger } = ports;
    const deliver = (subject: string) => {
      const entity = entityOfSubject(subject);
      if (!entity) throw new Error(`${subject} is the inbox of no entity`);
      return async (message: InboxMessage, previous: number) => {
        // Which passes: the message is given again.
        if (!router.owns(entity)) throw new ClusterUnavailableError('This node serves nothing at present.');
        await host.receiveFromInbox(entity, message, previous);
      };
    };
    // The inboxes of a shard hold also those of types that another node has. By the view alone: what is left out now is
    // not read again before that changes.
    const isOurs = (subject: string) => this.#holdings.has(needs.plotOfSubject(subject) ?? '');
    return new InboxReader({ inbox, clock, random, logger, deliver, isOurs });
  }

  #makeAwakening(): Awakening {
    const { cluster, ports, singletons, needs, host } = this.#options;
    const { clock, random, logger, turnJournal: journal } = ports;
    return new Awakening({
      cluster,
      journal,
      clock,
      random,
      logger,
      needs,
      eager: singletons.map(({ type }) => ({ type, key: SINGLETON })),
      isAwake: (entity) => host.cell(entity) !== undefined,
      wake: (entity) => host.wake(entity),
      handedOver: (plot) => this.#handovers.ofPlot(plot),
    });
  }

  #makePinned(): PinnedActors {
    const { pinned: actors, ports, membership, router } = this.#options;
    const { clock, random, logger } = ports;
    return new PinnedActors({
      actors,
      clock,
      random,
      logger,
      self: () => membership.self,
      end: (name) => this.#endPinned(name),
      handedOver: (member, pinned, epoch) => router.release(member, { type: 'release', epoch, pinned }).catch(() => {}), // who is gone does not run it
    });
  }

  async #endPinned(name: string): Promise<void> {
    try {
      await this.#options.system.stop(`/user/${name}`, { reason: 'shutdown', timeoutMs: this.#releaseMs });
    } catch (error) {
      if (!hasCode(error, 'no_such_actor')) throw error; // it has ended by itself
    }
  }
}
