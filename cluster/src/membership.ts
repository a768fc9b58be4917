import {
  type Clock,
  type Codec,
  emptyView,
  errorFromData,
  hasCode,
  type HealthStatus,
  incarnation,
  isSameLife,
  type Journal,
  type Logger,
  type Member,
  type NodeId,
  type Observation,
  type Random,
  type Subscription,
  sleep,
  type Transport,
  type View,
} from '@jaegis/core';
import { nodeMachine } from '@jaegis/machines';
import { type EventFrom, initialTransition, type SnapshotFrom, transition } from 'xstate';
import { testify } from './health/agreement.ts';
import { Beats } from './health/beats.ts';
import { Election } from './health/election.ts';
import type { HealthEntry, HealthRow, HealthTable } from './health/entries.ts';
import { Founding } from './health/founding.ts';
import { type AgreeingSettings, defaultAgreeing, type Ground } from './health/ground.ts';
import { HealthLog, type ToldEntry } from './health/health-log.ts';
import { emptyTable, rowOf } from './health/health-table.ts';
import { Leadership } from './health/leadership.ts';
import { eventsOf, type MembershipEvent } from './health/news.ts';
import { PROTOCOL, VERSION } from './health/protocol.ts';
import { Questions } from './health/questions.ts';
import { type Standing, StandingRule } from './health/standing.ts';
import {
  isAgreeRequest,
  isLeaderAnswer,
  isLeaderWord,
  isVoteRequest,
  type LeaderAnswer,
  type LeaderRequest,
  type LeaderWord,
  toldEntryFrom,
  wordsOf,
} from './health/words.ts';
import { Listeners } from './listeners.ts';

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
  /** Those that are not given are as in `defaultAgreeing`. */
  readonly agreeing?: Partial<AgreeingSettings>;
  /** Of what this node says. Default: as this software speaks. */
  readonly protocol?: number;
}

/** A member looks at the others this often, in ms. */
const LOOK_MS = 50;
/** How long the leader may take to answer, in ms: it may have to write first. */
const ANSWER_MS = 1_000;
/** What was not granted is asked for again after so long, in ms. */
const AGAIN_MS = 100;
/** A report is repeated after so long, in ms, while there is something to report. */
const REPORT_MS = 250;
/** How long leaving may take before the others have to find out by themselves, in ms. */
const LEAVE_MS = 2_000;
/** Without a word of any leader the log is read again after so long, in ms. */
const READ_MS = 1_000;

/**
 * Who belongs to the cluster, as this node knows it: what the health log says. Members watch each other and report to a
 * leader, which writes what a majority of them agrees on; the view is what comes out. What a node may do while it cannot
 * know, its {@link standing} says.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #ground: Ground;
  readonly #log: HealthLog;
  readonly #questions: Questions;
  readonly #beats: Beats;
  readonly #election: Election;
  readonly #founding: Founding;
  readonly #standing: StandingRule;
  readonly #views = new Listeners<[view: View, previous: View]>();
  readonly #events = new Listeners<[event: MembershipEvent]>();
  readonly #standings = new Listeners<[standing: Standing]>();
  readonly #stop = new AbortController();
  readonly #subscriptions: Subscription[] = [];
  #leadership: Leadership | undefined;
  #self: Member;
  #view: View = emptyView;
  #node: SnapshotFrom<typeof nodeMachine>;
  #sights: readonly Observation[] = [];
  #reported = { key: '', atMs: 0 };
  #readMs = 0;
  #said: Standing = 'refusing';

  constructor(options: MembershipOptions) {
    const { cluster, transport, codec, clock, random, journal, logger, self } = options;
    this.#options = options;
    this.#self = self;
    const words = wordsOf(cluster);
    this.#log = new HealthLog({ subject: `jaegis.${cluster}.health`, journal, codec, logger });
    const questions = new Questions({ transport, codec, clock, logger, replySubject: words.repliesTo(self) });
    this.#questions = questions;
    const settings = { ...defaultAgreeing, ...options.agreeing };
    this.#beats = new Beats({
      cluster,
      transport,
      codec,
      clock,
      questions,
      index: () => this.#log.table.index,
      onBehind: () => this.#catchUp(),
    });
    this.#ground = {
      words,
      log: this.#log,
      questions,
      observer: this.#beats,
      clock,
      random,
      logger,
      settings,
      decode: (data) => codec.decode(data),
      self: () => this.#self,
      isServing: () => this.standing === 'serving',
      sights: () => this.#sights,
    };
    this.#election = new Election({
      ...this.#ground,
      lead: (term) => this.#lead(term),
      stepDown: () => this.#stepDown(),
    });
    this.#founding = new Founding(this.#ground, this.#election);
    this.#standing = new StandingRule(settings, clock.monotonic());
    [this.#node] = initialTransition(nodeMachine);
    this.#log.onEntry((table, previous, entry) => this.#onEntry(table, previous, entry));
  }

  get view(): View {
    return this.#view;
  }

  get self(): Member {
    return this.#self;
  }

  /** All that the cluster has agreed on, with its evidence. */
  get table(): HealthTable {
    return this.#log.table;
  }

  get isLeader(): boolean {
    return this.#leadership !== undefined;
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

  onEvent(listener: (event: MembershipEvent) => void): Subscription {
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
    return this.#log.table.rows.map(({ member, ...row }) => ({
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
    this.#listen();
    await this.#read();
    if (member) {
      await this.#join(true);
      void this.#look();
    } else {
      void this.#follow();
    }
  }

  /** Leaves the view, so that the others need not find out; then goes silent. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const joined = this.#node.value === 'up';
    this.#move('leave');
    if (this.#options.member && joined) await this.#leave();
    this.#stop.abort();
    this.#move('left');
    this.#election.out();
    this.#beats.stop();
    this.#questions.stop();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** From the view on that this resolves with, this node owns nothing; it stays a member until it stops. */
  async drain(): Promise<void> {
    const isDraining = () => rowOf(this.#log.table, this.#self)?.member.draining ?? false;
    while (!this.#stop.signal.aborted && !isDraining()) {
      await this.#request({ kind: 'drain', member: this.#self });
      if (!isDraining()) await this.#pause(AGAIN_MS);
    }
  }

  #listen(): void {
    const { transport, codec, member } = this.#options;
    const { words } = this.#ground;
    const hear = (subject: string, take: (word: unknown, replyTo: string | undefined) => void) =>
      this.#subscriptions.push(
        transport.subscribe(subject, ({ data, replyTo }) => take(codec.decode(data), replyTo)),
      );
    hear(words.entry, (word) => this.#onTold(toldEntryFrom(word)));
    hear(words.leads, (word) => void (isLeaderWord(word) && this.#onLeads(word)));
    if (!member) return;
    hear(words.vote, (word, replyTo) => {
      if (replyTo === undefined || !isVoteRequest(word)) return;
      void this.#election.vote(word).then((vote) => this.#questions.say(replyTo, vote));
    });
    hear(words.agree, (word, replyTo) => {
      if (replyTo === undefined || !isAgreeRequest(word) || this.standing !== 'serving') return;
      if (word.term < this.#log.table.term) return;
      void testify(this.#ground, word).then((testimony) => this.#questions.say(replyTo, testimony));
    });
  }

  /** @throws NameTakenError, ClusterMismatchError where `isFirst`; in a later life they may pass. */
  async #join(isFirst: boolean): Promise<void> {
    await this.#beats.start(this.#self);
    const { logger, protocol = PROTOCOL } = this.#options;
    const request = { kind: 'join', member: this.#self, protocol, version: VERSION } as const;
    while (!this.#stop.signal.aborted) {
      const answer = await this.#request(request);
      if (answer?.ok) await this.#catchUp();
      if (rowOf(this.#log.table, this.#self)) break;
      if (answer?.ok === false && answer.error) {
        const error = errorFromData(answer.error);
        if (isFirst) throw error;
        logger.warn('could not join again', { error });
      }
      if (answer === undefined) await this.#found();
      if (rowOf(this.#log.table, this.#self)) break;
      await this.#pause(AGAIN_MS * (0.5 + this.#options.random.next()));
    }
    if (this.#stop.signal.aborted) return;
    this.#standing.joined(this.#now());
    this.#move('joined');
    this.#emit({ type: 'node_joined', joined: this.#self.id });
    this.#tellStanding();
  }

  /** Where nobody leads, and none of the members is left to: this node begins anew. */
  async #found(): Promise<void> {
    const seen = await this.#founding.attempt();
    if (seen === undefined || !this.#leadership) return;
    try {
      const { protocol = PROTOCOL } = this.#options;
      await this.#leadership.begin(seen, { kind: 'join', member: this.#self, protocol, version: VERSION });
    } catch (error) {
      this.#options.logger.debug('could not begin anew', { error });
    }
  }

  async #rejoin(): Promise<void> {
    this.#move('removed');
    this.#emit({ type: 'node_removed', removed: this.#self.id });
    this.#election.out();
    const { id: _, incarnation: __, draining: ___, ...rest } = this.#self;
    this.#self = { id: this.#self.id, incarnation: incarnation(this.#options.random.id()), ...rest };
    this.#tellStanding();
    await this.#join(false).catch((error: unknown) =>
      this.#options.logger.error('could not join again', { error }),
    );
  }

  async #leave(): Promise<void> {
    const { clock } = this.#options;
    const { id, incarnation } = this.#self;
    const until = clock.monotonic() + LEAVE_MS;
    while (rowOf(this.#log.table, this.#self) && clock.monotonic() < until) {
      const answer = await this.#request({ kind: 'leave', member: { id, incarnation } });
      if (answer?.ok) return;
      await this.#pause(AGAIN_MS);
    }
  }

  /** The leader's answer; undefined where none leads. */
  async #request(request: LeaderRequest): Promise<LeaderAnswer | undefined> {
    if (this.#leadership) return this.#leadership.handle(request);
    const { answer, ended } = await this.#questions.one(this.#ground.words.leader, request, ANSWER_MS);
    if (ended === 'nobody') this.#election.missLeader();
    return isLeaderAnswer(answer) ? answer : undefined;
  }

  #lead(term: number): void {
    const { cluster, transport } = this.#options;
    const others = (id: NodeId) => this.#view.members.flatMap((member) => (member.id === id ? [] : [member.id]));
    this.#leadership = new Leadership({
      ...this.#ground,
      cluster,
      transport,
      term,
      watchersOf: others,
      onFenced: () => this.#election.fenced(),
    });
    this.#leadership.tick(this.#now());
    this.#emit({ type: 'leader_elected', leader: this.#self.id, term });
  }

  #stepDown(): void {
    this.#leadership?.stop();
    this.#leadership = undefined;
  }

  #onTold(told: ToldEntry | undefined): void {
    if (told === undefined) return;
    if (!this.#log.receive(told)) void this.#catchUp();
    else this.#hear({ term: told.entry.term, leader: told.entry.by, index: told.sequence });
  }

  #onLeads(word: LeaderWord): void {
    const { index, term } = this.#log.table;
    if (word.index <= index && word.term <= term) this.#hear(word);
    else void this.#catchUp().then(() => this.#hear(word));
  }

  #hear(word: LeaderWord): void {
    this.#readMs = this.#now();
    this.#election.hear(word);
  }

  #onEntry(table: HealthTable, previous: HealthTable, entry: HealthEntry): void {
    const before = this.#view;
    this.#view = this.#log.view;
    if (table.epoch !== previous.epoch) {
      this.#beats.follow(this.#view, this.#self);
      this.#views.call(this.#view, before);
      const members = this.#view.members.map(({ id }) => id);
      if (this.#isIn) this.#emit({ type: 'view_changed', epoch: table.epoch, members });
    }
    if (this.#isIn) for (const event of eventsOf(entry, previous)) this.#emit(event);
    if (this.#node.value === 'up' && !rowOf(table, this.#self)) void this.#rejoin();
  }

  async #look(): Promise<void> {
    const { clock, logger } = this.#options;
    let due = this.#now();
    while (!this.#stop.signal.aborted) {
      try {
        this.#lookOnce(Math.max(0, this.#now() - due));
      } catch (error) {
        logger.error('a look at the other members failed', { error });
      }
      due = this.#now() + LOOK_MS;
      await sleep(clock, LOOK_MS, this.#stop.signal);
    }
  }

  #lookOnce(latenessMs: number): void {
    const nowMs = this.#now();
    const isConnected = this.#options.transport.connected;
    if (!this.#isIn) return;
    const before = this.#sights;
    this.#sights = this.#beats.look(nowMs, latenessMs).filter(({ sees }) => sees !== 'alive');
    this.#tellSuspects(before);
    const hearsMajority = isConnected && this.#beats.hearsMajority(nowMs);
    this.#standing.look({ nowMs, isConnected, hearsMajority });
    if (this.standing === 'verifying') void this.#verify();
    this.#tellStanding();
    this.#election.tick(nowMs);
    if (this.#leadership) this.#leadership.tick(nowMs);
    else this.#report(nowMs);
    if (nowMs - this.#readMs > READ_MS) void this.#catchUp();
  }

  #tellSuspects(before: readonly Observation[]): void {
    for (const { of, sees, silentMs } of this.#sights) {
      const isKnown = before.some((seen) => isSameLife(seen.of, of));
      if (!isKnown && (sees === 'silent' || sees === 'gone')) {
        this.#emit({ type: 'node_suspected', suspect: of.id, silentMs });
      }
    }
  }

  #report(nowMs: number): void {
    const key = this.#sights.map(({ of, sees }) => `${of.incarnation} ${sees}`).join();
    const isNews = key !== this.#reported.key;
    if (!isNews && (key === '' || nowMs - this.#reported.atMs < REPORT_MS)) return;
    this.#reported = { key, atMs: nowMs };
    void this.#request({ kind: 'report', by: this.#self, observations: this.#sights });
  }

  /** Looks whether this node is a member still: the log says so, or a leader that knows. */
  async #verify(): Promise<void> {
    if (!this.#standing.beginVerifying()) return;
    const began = this.#now();
    const asLeader = this.#request({ kind: 'verify', member: this.#self }).then((answer) => {
      if (!answer?.ok || this.#leadership) throw new Error('no leader confirms it');
      if (answer.index > this.#log.table.index) throw new Error('it has not read all');
    });
    const isSure = await Promise.any([this.#log.catchUp(), asLeader]).then(
      () => true,
      () => false,
    );
    this.#standing.endVerifying(isSure, began);
    this.#tellStanding();
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#pause(READ_MS);
      if (!this.#stop.signal.aborted && this.#now() - this.#readMs > READ_MS) await this.#catchUp();
    }
  }

  /** Until it is read: a node cannot begin without. */
  async #read(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        return await this.#log.catchUp();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await this.#pause(AGAIN_MS);
      }
    }
  }

  async #catchUp(): Promise<void> {
    this.#readMs = this.#now();
    await this.#log.catchUp().catch((error: unknown) => {
      this.#options.logger.debug('the health log was not read', { error });
    });
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

  #emit(event: MembershipEvent): void {
    this.#events.call(event);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}

/** Of an election, and of a connection that is lost. */
const PASSING = ['storage_unavailable', 'transport_unavailable', 'outcome_unknown'] as const;

function isPassing(error: unknown): boolean {
  return PASSING.some((code) => hasCode(error, code));
}
