import {
  type Codec,
  hasCode,
  isSameLife,
  type Journal,
  type Member,
  type Observation,
  type Subscription,
  sleep,
  type Transport,
} from '@jaegis/core';
import { testify } from './agreement.ts';
import { Election } from './election.ts';
import type { Change } from './entries.ts';
import { Founding } from './founding.ts';
import type { Ground } from './ground.ts';
import { HealthLog, type ToldEntry } from './health-log.ts';
import { Leadership, type LeadershipOptions } from './leadership.ts';
import { Questions } from './questions.ts';
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
} from './words.ts';

export interface ConsensusOptions
  extends Pick<Ground, 'observer' | 'clock' | 'random' | 'logger' | 'settings' | 'self' | 'isSure' | 'sights'>,
    Pick<LeadershipOptions, 'cluster' | 'watchersOf'> {
  readonly transport: Transport;
  readonly journal: Journal;
  readonly codec: Codec;
  /** This node leads from now on. */
  readonly onElected: (term: number) => void;
}

/** How long the leader may take to answer, in ms: it may have to write first. */
const ANSWER_MS = 1_000;
/** What could not be read is read again after so long, in ms. */
const AGAIN_MS = 100;
/** A report is repeated after so long, in ms, while there is something to report. */
const REPORT_MS = 250;
/** Without a word of any leader the log is read again after so long, in ms. */
const READ_MS = 1_000;

/** One node's part in agreeing: it follows the health log, votes and testifies, reports to the leader or leads itself. */
export class Consensus {
  readonly log: HealthLog;
  readonly #options: ConsensusOptions;
  readonly #ground: Ground;
  readonly #questions: Questions;
  readonly #election: Election;
  readonly #founding: Founding;
  readonly #subscriptions: Subscription[] = [];
  #leadership: Leadership | undefined;
  #reported = { key: '', atMs: 0, term: 0 };
  #heardMs = 0;

  constructor(options: ConsensusOptions) {
    const { cluster, transport, codec, journal, logger, self } = options;
    this.#options = options;
    const words = wordsOf(cluster);
    this.log = new HealthLog({ subject: `jaegis.${cluster}.health`, journal, codec, logger });
    this.#questions = new Questions({ ...options, replySubject: words.repliesTo(self()) });
    const decode = (data: Uint8Array) => codec.decode(data);
    this.#ground = { ...options, words, log: this.log, questions: this.#questions, decode };
    this.#election = new Election({
      ...this.#ground,
      lead: (term) => this.#lead(term, transport),
      stepDown: () => this.#stepDown(),
    });
    this.log.onEntry(({ index }, _, { kind, term, by }) => {
      if (kind === 'term') this.#hear({ term, leader: by, index });
    });
    this.#founding = new Founding(this.#ground, this.#election);
  }

  get isLeader(): boolean {
    return this.#leadership !== undefined;
  }

  /** @param isMember False: a client, which only hears what was committed. */
  listen(isMember: boolean): void {
    const { transport, codec } = this.#options;
    const { words } = this.#ground;
    const hear = (subject: string, take: (word: unknown, replyTo: string | undefined) => void) =>
      this.#subscriptions.push(transport.subscribe(subject, ({ data, replyTo }) => take(codec.decode(data), replyTo)));
    hear(words.entry, (word) => this.#onTold(toldEntryFrom(word)));
    hear(words.leads, (word) => void (isLeaderWord(word) && this.#onLeads(word)));
    if (!isMember) return;
    hear(words.vote, (word, replyTo) => {
      if (replyTo === undefined || !isVoteRequest(word)) return;
      void this.#election.vote(word).then((vote) => this.#questions.say(replyTo, vote));
    });
    hear(words.agree, (word, replyTo) => {
      if (replyTo === undefined || !isAgreeRequest(word) || !this.#options.isSure()) return;
      if (word.term < this.log.table.term) return;
      void testify(this.#ground, word).then((testimony) => this.#questions.say(replyTo, testimony));
    });
  }

  /** Called often, by a member. */
  tick(nowMs: number): void {
    this.#election.tick(nowMs);
    if (this.#leadership) this.#leadership.tick(nowMs);
    else this.#report(nowMs, this.#options.sights());
    this.keepUp(nowMs);
  }

  /** Called often: reads the log where nothing was heard of it for a while. */
  keepUp(nowMs: number): void {
    if (nowMs - this.#heardMs > READ_MS) void this.catchUp();
  }

  /** The leader's answer; undefined where none leads. */
  async request(request: LeaderRequest): Promise<LeaderAnswer | undefined> {
    if (this.#leadership) return this.#leadership.handle(request);
    const { answer, ended } = await this.#questions.one(this.#ground.words.leader, request, ANSWER_MS);
    if (ended === 'nobody') this.#election.missLeader();
    return isLeaderAnswer(answer) ? answer : undefined;
  }

  /** Where nobody leads, and none of the members is left to: this node begins anew. */
  async found(join: Extract<Change, { kind: 'join' }>): Promise<void> {
    const seen = await this.#founding.attempt();
    if (seen === undefined || !this.#leadership) return;
    try {
      await this.#leadership.begin(seen, join);
    } catch (error) {
      this.#options.logger.debug('could not begin anew', { error });
    }
  }

  /** Whether this node has read all that was committed: the log says so, or a leader that knows. */
  async verify(member: Member): Promise<boolean> {
    const asLeader = this.request({ kind: 'verify', member }).then((answer) => {
      if (!answer?.ok || this.isLeader) throw new Error('no leader confirms it');
      if (answer.index > this.log.table.index) throw new Error('it has not read all');
    });
    return Promise.any([this.log.catchUp(), asLeader]).then(
      () => true,
      () => false,
    );
  }

  /** Until it is read: a node cannot begin without. */
  async read(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        return await this.log.catchUp();
      } catch (error) {
        if (!PASSING.some((code) => hasCode(error, code))) throw error;
        await sleep(this.#options.clock, AGAIN_MS, signal);
      }
    }
  }

  async catchUp(): Promise<void> {
    const { clock, logger } = this.#options;
    this.#heardMs = clock.monotonic();
    await this.log.catchUp().catch((error: unknown) => logger.debug('the health log was not read', { error }));
  }

  /** It is no member any more. */
  out(): void {
    this.#election.out();
  }

  stop(): void {
    this.#election.out();
    this.#questions.stop();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #lead(term: number, transport: Transport): void {
    const { cluster, watchersOf, clock, onElected } = this.#options;
    const onFenced = () => this.#election.fenced();
    this.#leadership = new Leadership({ ...this.#ground, cluster, watchersOf, transport, term, onFenced });
    this.#leadership.tick(clock.monotonic());
    onElected(term);
  }

  #stepDown(): void {
    this.#leadership?.stop();
    this.#leadership = undefined;
  }

  #onTold(told: ToldEntry | undefined): void {
    if (told === undefined) return;
    if (!this.log.receive(told)) void this.catchUp();
    else this.#hear({ term: told.entry.term, leader: told.entry.by, index: told.sequence });
  }

  #onLeads(word: LeaderWord): void {
    const { index, term } = this.log.table;
    if (word.index <= index && word.term <= term) this.#hear(word);
    else void this.catchUp().then(() => this.#hear(word));
    // It knows nothing yet.
    if (word.term > this.#reported.term) this.#report(this.#options.clock.monotonic(), this.#options.sights());
  }

  /** Only the log says who leads. The leader itself hears nobody: it looks there whether it was deposed. */
  #hear(word: LeaderWord): void {
    const { leader, term } = this.log.table;
    if (term !== word.term || !leader || !isSameLife(word.leader, leader)) return;
    if (isSameLife(leader, this.#options.self())) return;
    this.#heardMs = this.#options.clock.monotonic();
    this.#election.hear(word);
  }

  #report(nowMs: number, observations: readonly Observation[]): void {
    const key = observations.map(({ of, sees }) => `${of.incarnation} ${sees}`).join();
    const { term } = this.log.table;
    const isNews = key !== this.#reported.key || (key !== '' && term > this.#reported.term);
    if (!isNews && (key === '' || nowMs - this.#reported.atMs < REPORT_MS)) return;
    this.#reported = { key, atMs: nowMs, term };
    const { id, incarnation } = this.#options.self();
    void this.request({ kind: 'report', by: { id, incarnation }, observations });
  }
}

/** Of an election, and of a connection that is lost. */
const PASSING = ['storage_unavailable', 'transport_unavailable', 'outcome_unknown'] as const;
