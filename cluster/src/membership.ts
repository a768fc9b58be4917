import {
  type Beat,
  type Clock,
  type Codec,
  defaultHealth,
  emptyView,
  errorFromData,
  type HealthSettings,
  type HealthStatus,
  type Heart,
  incarnation,
  isSameLife,
  type Journal,
  type Load,
  type Logger,
  type Member,
  type NodeId,
  type Observation,
  observersOf,
  type Random,
  type Subscription,
  sleep,
  type Transport,
  type View,
} from '@jaegis/core';
import { nodeMachine } from '@jaegis/machines';
import { type EventFrom, initialTransition, type SnapshotFrom, transition } from 'xstate';
import { Consensus } from './health/consensus.ts';
import type { HealthEntry, HealthRow, HealthTable } from './health/entries.ts';
import { type AgreeingSettings, defaultAgreeing } from './health/ground.ts';
import { rowOf } from './health/health-table.ts';
import { eventsOf, type MembershipEvent } from './health/news.ts';
import { PROTOCOL, VERSION } from './health/protocol.ts';
import { type Standing, StandingRule } from './health/standing.ts';
import { Listeners } from './listeners.ts';
import { Pulse } from './watch/pulse.ts';
import { StallNews } from './watch/stall-news.ts';
import { Watch } from './watch/watch.ts';

export type { MembershipEvent } from './health/news.ts';
export type { Standing } from './health/standing.ts';

export interface MembershipOptions {
  readonly cluster: string;
  readonly self: Member;
  /** False: a client, which follows the view but neither joins nor votes. */
  readonly member: boolean;
  readonly transport: Transport;
  readonly journal: Journal;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly heart: Heart;
  /** How this node is. */
  readonly load: () => Omit<Load, 'index' | 'epoch'>;
  /** Those that are not given are as in `defaultHealth` and `defaultAgreeing`. */
  readonly health?: Partial<HealthSettings & AgreeingSettings>;
  /** Of what this node says. Default: as this software speaks. */
  readonly protocol?: number;
}

/** A member looks at the others this often at least, and at most, in ms. */
const LOOK_MS = 50;
const LEAST_LOOK_MS = 5;
/** What was not granted is asked for again after so long, in ms. */
const AGAIN_MS = 100;
/** How long leaving may take before the others have to find out by themselves, in ms. */
const LEAVE_MS = 2_000;

/**
 * Who belongs to the cluster, as this node knows it: what the health log says. Members watch each other and report to a
 * leader, which writes what a majority of them agrees on; the view is what comes out. What a node may do while it cannot
 * know, its {@link standing} says.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #consensus: Consensus;
  readonly #watch: Watch;
  readonly #pulse: Pulse;
  readonly #stalls: StallNews;
  readonly #standing: StandingRule;
  readonly #views = new Listeners<[view: View, previous: View]>();
  readonly #events = new Listeners<[event: MembershipEvent, atMs: number]>();
  readonly #standings = new Listeners<[standing: Standing]>();
  readonly #stop = new AbortController();
  #self: Member;
  #view: View = emptyView;
  #node: SnapshotFrom<typeof nodeMachine>;
  #sights: readonly Observation[] = [];
  #said: Standing = 'refusing';

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#self = options.self;
    const settings = { ...defaultHealth, ...defaultAgreeing, ...options.health };
    const onBeat = ({ index }: Beat) => {
      if (index > this.table.index) void this.#consensus.catchUp();
    };
    this.#stalls = new StallNews(settings);
    this.#watch = new Watch({ ...options, onBeat, onGone: () => this.#lookNow(0) });
    const load = () => ({ ...options.load(), index: this.table.index, epoch: this.#view.epoch });
    this.#pulse = new Pulse({ ...options, load, everyMs: settings.beatMs });
    this.#consensus = new Consensus({
      ...options,
      settings,
      observer: this.#watch,
      self: () => this.#self,
      isSure: () => this.#isIn && this.#standing.isSure(this.#now()),
      sights: () => this.#sights,
      watchersOf: (id) => observersOf(id, this.#view).map((member) => member.id),
      onElected: (term) => this.#emit({ type: 'leader_elected', leader: this.#self.id, term }),
    });
    this.#standing = new StandingRule(settings, options.clock.monotonic());
    [this.#node] = initialTransition(nodeMachine);
    this.#consensus.log.onEntry((table, previous, entry) => this.#onEntry(table, previous, entry));
  }

  get view(): View {
    return this.#view;
  }

  get self(): Member {
    return this.#self;
  }

  /** All that the cluster has agreed on, with its evidence. */
  get table(): HealthTable {
    return this.#consensus.log.table;
  }

  get isLeader(): boolean {
    return this.#consensus.isLeader;
  }

  /**
   * What this node may do. `serving`: all that the view says. `verifying`: it was away for a moment and looks whether
   * anything changed; what it owns answers nothing until then. `refusing`: it is no member, or sees no majority of the
   * members; entities can be neither served nor asked from here. A client is always `serving`: it owns nothing.
   */
  get standing(): Standing {
    if (!this.#options.member) return 'serving';
    return this.#isIn ? this.#standing.at(this.#now()) : 'refusing';
  }

  onView(listener: (view: View, previous: View) => void): Subscription {
    return this.#views.add(listener);
  }

  /** With when it happened, wall-clock time, ms since 1970: what is of the log when it was written, not when it was read. */
  onEvent(listener: (event: MembershipEvent, atMs: number) => void): Subscription {
    return this.#events.add(listener);
  }

  /** Calls back when {@link standing} has changed; it may have done so a moment before. */
  onStanding(listener: (standing: Standing) => void): Subscription {
    return this.#standings.add(listener);
  }

  /** What the cluster has agreed on for each member, for inspection. */
  health(): (Pick<HealthRow, 'sinceMs' | 'reason' | 'evidence' | 'voters' | 'protocol' | 'version'> & {
    node: NodeId;
    incarnation: string;
    status: HealthStatus;
  })[] {
    return this.table.rows.map(({ member, ...row }) => ({
      node: member.id,
      incarnation: member.incarnation,
      ...row,
    }));
  }

  /**
   * Resolves once this node is in the view; for a client, once the view is known.
   *
   * @throws NameTakenError while a node of the same name lives, ClusterMismatchError where the cluster speaks another
   * protocol.
   */
  async start(): Promise<void> {
    const { member } = this.#options;
    this.#move('start');
    this.#consensus.listen(member);
    await this.#consensus.read(this.#stop.signal);
    if (member) await this.#join(true);
    void this.#look();
  }

  /** Leaves the view, so that the others need not find out; then goes silent. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const joined = this.#node.value === 'up';
    this.#move('leave');
    if (this.#options.member && joined) await this.#leave();
    this.#stop.abort();
    this.#move('left');
    this.#consensus.stop();
    await this.#pulse.stop();
    this.#watch.close();
  }

  /** From the view on that this resolves with, this node owns nothing; it stays a member until it stops. */
  async drain(): Promise<void> {
    const isDraining = () => rowOf(this.table, this.#self)?.member.draining ?? false;
    while (!this.#stop.signal.aborted && !isDraining()) {
      await this.#consensus.request({ kind: 'drain', member: this.#self });
      if (!isDraining()) await this.#pause(AGAIN_MS);
    }
  }

  /** Asks for this share of its weight for this node, undefined: for all of it. The view says whether it was granted. */
  async grow(share: number | undefined): Promise<void> {
    const { id, incarnation } = this.#self;
    const member = { id, incarnation };
    await this.#consensus.request({ kind: 'share', member, ...(share === undefined ? {} : { share }) });
  }

  /** @throws NameTakenError, ClusterMismatchError where `isFirst`; in a later life they may pass. */
  async #join(isFirst: boolean): Promise<void> {
    this.#watch.follow(this.#view, this.#self);
    await this.#pulse.start(this.#self);
    const { logger, protocol = PROTOCOL } = this.#options;
    const request = { kind: 'join', member: this.#self, protocol, version: VERSION } as const;
    while (!this.#stop.signal.aborted) {
      const answer = await this.#consensus.request(request);
      if (answer?.ok) await this.#consensus.catchUp();
      if (rowOf(this.table, this.#self)) break;
      if (answer?.ok === false && answer.error) {
        const error = errorFromData(answer.error);
        if (isFirst) throw error;
        logger.warn('could not join again', { error });
      }
      if (answer === undefined) await this.#consensus.found(request);
      if (rowOf(this.table, this.#self)) break;
      await this.#pause(AGAIN_MS * (0.5 + this.#options.random.next()));
    }
    if (this.#stop.signal.aborted) return;
    this.#standing.joined(this.#now());
    this.#move('joined');
    this.#emit({ type: 'node_joined', joined: this.#self.id });
    this.#tellStanding();
  }

  async #rejoin(): Promise<void> {
    this.#move('removed');
    this.#emit({ type: 'node_removed', removed: this.#self.id });
    this.#consensus.out();
    const { id: _, incarnation: __, draining: ___, ...rest } = this.#self;
    this.#self = { id: this.#self.id, incarnation: incarnation(this.#options.random.id()), ...rest };
    this.#tellStanding();
    await this.#join(false).catch((error: unknown) => this.#options.logger.error('could not join again', { error }));
  }

  async #leave(): Promise<void> {
    const { clock } = this.#options;
    const { id, incarnation } = this.#self;
    const until = clock.monotonic() + LEAVE_MS;
    while (rowOf(this.table, this.#self) && clock.monotonic() < until) {
      const answer = await this.#consensus.request({ kind: 'leave', member: { id, incarnation } });
      if (answer?.ok) return;
      await this.#pause(AGAIN_MS);
    }
  }

  #onEntry(table: HealthTable, previous: HealthTable, entry: HealthEntry): void {
    const before = this.#view;
    const { atMs } = entry;
    this.#view = this.#consensus.log.view;
    if (table.epoch !== previous.epoch) {
      if (this.#options.member) this.#watch.follow(this.#view, this.#self);
      this.#views.call(this.#view, before);
      const members = this.#view.members.map(({ id }) => id);
      if (this.#isIn) this.#emit({ type: 'view_changed', epoch: table.epoch, members }, atMs);
    }
    if (this.#isIn) for (const event of eventsOf(entry, previous)) this.#emit(event, atMs);
    if (this.#node.value === 'up' && !rowOf(table, this.#self)) void this.#rejoin();
  }

  async #look(): Promise<void> {
    const { clock } = this.#options;
    let due = this.#now();
    while (!this.#stop.signal.aborted) {
      this.#lookNow(Math.max(0, this.#now() - due));
      const restMs = Math.min(LOOK_MS, Math.max(LEAST_LOOK_MS, this.#watch.untilNextMs(this.#now())));
      due = this.#now() + restMs;
      await sleep(clock, restMs, this.#stop.signal);
    }
  }

  #lookNow(latenessMs: number): void {
    try {
      this.#lookOnce(latenessMs);
    } catch (error) {
      this.#options.logger.error('a look at the other members failed', { error });
    }
  }

  #lookOnce(latenessMs: number): void {
    const nowMs = this.#now();
    const isConnected = this.#options.transport.connected;
    if (!this.#options.member) this.#consensus.keepUp(nowMs);
    if (!this.#isIn) return;
    const before = this.#sights;
    const seen = this.#watch.look(nowMs, latenessMs);
    this.#sights = seen.filter(({ sees }) => sees !== 'alive');
    this.#tellSuspects(before);
    const sightOf = (member: Member) => this.#watch.sightOf(member);
    for (const event of this.#stalls.take(seen, this.#view, this.#self, sightOf)) this.#emit(event);
    const hearsMajority = isConnected && this.#watch.hearsMajority(nowMs);
    this.#standing.look({ nowMs, isConnected, hearsMajority });
    if (!this.#standing.isSure(nowMs)) void this.#verify();
    this.#tellStanding();
    this.#consensus.tick(nowMs);
  }

  #tellSuspects(before: readonly Observation[]): void {
    for (const { of, sees, silentMs } of this.#sights) {
      const isKnown = before.some((seen) => isSameLife(seen.of, of));
      if (!isKnown && (sees === 'silent' || sees === 'gone')) {
        this.#emit({ type: 'node_suspected', suspect: of.id, silentMs });
      }
    }
  }

  /** Looks whether this node is a member still. */
  async #verify(): Promise<void> {
    if (!this.#standing.beginVerifying()) return;
    const began = this.#now();
    this.#standing.endVerifying(await this.#consensus.verify(this.#self), began);
    this.#tellStanding();
  }

  /** It may leave already: until it has, it is a member. */
  get #isIn(): boolean {
    return this.#node.value === 'up' || this.#node.value === 'leaving';
  }

  #tellStanding(): void {
    const { standing } = this;
    if (standing === this.#said) return;
    this.#said = standing;
    this.#standings.call(standing);
  }

  #pause(ms: number): Promise<void> {
    return sleep(this.#options.clock, ms, this.#stop.signal);
  }

  #move(type: EventFrom<typeof nodeMachine>['type']): void {
    [this.#node] = transition(nodeMachine, this.#node, { type });
  }

  #emit(event: MembershipEvent, atMs = this.#options.clock.now()): void {
    this.#events.call(event, atMs);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
