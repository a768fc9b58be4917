import {
  ClusterMismatchError,
  ClusterUnavailableError,
  errorToData,
  hasCode,
  isAgreed,
  isSameLife,
  limits,
  type Member,
  memberOf,
  NameTakenError,
  type NodeId,
  type Observation,
  OverloadedError,
  type Subscription,
  sleep,
  type Transport,
} from '@jaegis/core';
import { type Agreed, agreedTo } from './agreement.ts';
import type { AskedChange, Change, Life, StatusChange } from './entries.ts';
import type { Ground } from './ground.ts';
import { rowOf } from './health-table.ts';
import { PROTOCOL } from './protocol.ts';
import { Reports } from './reports.ts';
import { isLeaderRequest, type LeaderAnswer, type LeaderRequest, type LeaderWord } from './words.ts';

export interface LeadershipOptions extends Ground {
  readonly cluster: string;
  readonly transport: Transport;
  readonly term: number;
  readonly watchersOf: (id: NodeId) => readonly NodeId[];
  /** Somebody else wrote to the log. */
  readonly onFenced: () => void;
}

interface Asked {
  readonly key: string;
  readonly ids: ReadonlySet<string>;
  readonly abort: AbortController;
  /** In place of how many questions it was asked. */
  readonly replaced: number;
  /** Before that it is not replaced itself. */
  readonly standsUntilMs: number;
}

/** What was not agreed on is not asked about again for so long, in ms, unless more is reported. */
const AGAIN_MS = 250;
/** A question that took the place of another one stands so long at least, in ms, and twice as long each time again. */
const STANDS_MS = 10;
/** After so long, in ms, a life that was heard is one that lives. */
const TWICE_MS = 250;

/** What the leader of a term does: says that it leads, hears reports and requests, and writes what was agreed on. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #reports: Reports;
  readonly #subscription: Subscription;
  readonly #end = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** What members have asked for themselves and is not written yet. */
  readonly #wanted = new Set<AskedChange>();
  #saidMs = Number.NEGATIVE_INFINITY;
  /** Those that the members are asked about, and what ends that. */
  #asked: Asked | undefined;
  #refused = { key: '', untilMs: 0 };

  constructor(options: LeadershipOptions) {
    this.#options = options;
    const { clock, transport, words, settings, watchersOf } = options;
    this.#reports = new Reports({ settings, watchersOf }, clock.monotonic());
    this.#subscription = transport.subscribe(words.leader, ({ data, replyTo }) => {
      const request = options.decode(data);
      if (replyTo !== undefined && isLeaderRequest(request)) void this.#reply(request, replyTo);
    });
  }

  /** Called often. */
  tick(nowMs: number): void {
    const { log, self, sights, settings } = this.#options;
    if (nowMs - this.#saidMs >= settings.leadsMs) this.#say(nowMs);
    this.#reports.take(self(), sights(), nowMs);
    this.#judge(nowMs);
    if (log.sinceSnapshot >= limits.healthEntries) this.#compact();
  }

  stop(): void {
    this.#end.abort();
    this.#asked?.abort.abort();
    this.#subscription.unsubscribe();
  }

  /** A request of this node itself, or of another one. Never rejects. */
  async handle(request: LeaderRequest): Promise<LeaderAnswer> {
    const { log, logger } = this.#options;
    try {
      if (request.kind === 'report') this.#report(request.by, request.observations);
      else if (request.kind === 'join') {
        if (!(await this.#admit(request))) return { ok: false };
      } else if (request.kind === 'drain') await this.#drain(request.member);
      else if (request.kind === 'share') await this.#want(request);
      else if (request.kind === 'leave') await this.#want(request as Extract<AskedChange, { kind: 'leave' }>);
      else if (!(await this.#isCurrent())) return { ok: false };
      return { ok: true, index: log.table.index };
    } catch (error) {
      logger.debug('a request to the leader was not granted', { kind: request.kind, error });
      const isFinal = hasCode(error, 'name_taken') || hasCode(error, 'cluster_mismatch');
      return { ok: false, ...(isFinal ? { error: errorToData(error) } : {}) };
    }
  }

  /** Begins anew: the lives of which nobody is left to be asked are over, and this node is the first member. */
  async begin(seen: readonly Observation[], join: Extract<Change, { kind: 'join' }>): Promise<void> {
    const { log, self } = this.#options;
    const voters = [self().id];
    await this.#write(() => {
      const changes = seen.flatMap((each) => {
        const from = rowOf(log.table, each.of)?.status;
        const reason = each.sees === 'gone' ? ('gone' as const) : ('silent' as const);
        return from === undefined ? [] : [{ of: each.of, from, to: 'down' as const, reason, evidence: [each] }];
      });
      return changes.length === 0 ? undefined : { kind: 'status', changes, voters };
    });
    await this.#write(() => join);
  }

  /** While nothing can be read nothing can have been written either, as far as this node can know. */
  async #isCurrent(): Promise<boolean> {
    await this.#options.log.catchUp().catch(() => {});
    return this.#options.isSure() && !this.#end.signal.aborted;
  }

  #say(nowMs: number): void {
    const { questions, words, term, self, log } = this.#options;
    this.#saidMs = nowMs;
    const { id, incarnation } = self();
    const word: LeaderWord = { term, leader: { id, incarnation }, index: log.table.index };
    questions.say(words.leads, word);
  }

  async #reply(request: LeaderRequest, replyTo: string): Promise<void> {
    this.#options.questions.say(replyTo, await this.handle(request));
  }

  #report(by: Life, observations: readonly Observation[]): void {
    const nowMs = this.#options.clock.monotonic();
    this.#reports.take(by, observations, nowMs);
    this.#judge(nowMs);
  }

  #judge(nowMs: number): void {
    const { log, self, isSure } = this.#options;
    if (!isSure()) return;
    const { records, proposed } = this.#reports.assess(log.table, self().id, nowMs);
    if (records.length > 0) this.#record(records);
    if (proposed.length === 0) this.#asked?.abort.abort();
    else this.#propose(proposed, nowMs);
  }

  #record(changes: readonly StatusChange[]): void {
    const { log } = this.#options;
    const voters = [...new Set(changes.flatMap(({ evidence }) => evidence.map(({ by }) => by.id)))].toSorted();
    this.#writeAside(() => {
      const present = changes.filter(({ of, from }) => rowOf(log.table, of)?.status === from);
      return present.length === 0 ? undefined : { kind: 'status', changes: present, voters };
    });
  }

  #propose(proposed: readonly StatusChange[], nowMs: number): void {
    const key = proposed.map(({ of, reason }) => `${of.incarnation} ${reason}`).join();
    const ids = new Set(proposed.map(({ of }) => of.incarnation as string));
    if (this.#asked?.key === key || (this.#refused.key === key && nowMs < this.#refused.untilMs)) return;
    // More are accused than those that are asked about: they would be waited for in vain.
    if (this.#asked && [...ids].every((id) => this.#asked?.ids.has(id))) return;
    if (this.#asked && nowMs < this.#asked.standsUntilMs) return;
    this.#asked?.abort.abort();
    const replaced = this.#asked === undefined ? 0 : this.#asked.replaced + 1;
    // Where many fail, watchers report them one after the other: each question is to have more of them than the one before.
    const standsMs = replaced === 0 ? 0 : Math.min(AGAIN_MS, STANDS_MS * 2 ** replaced);
    const asked: Asked = { key, ids, abort: new AbortController(), replaced, standsUntilMs: nowMs + standsMs };
    this.#asked = asked;
    void this.#decide(proposed, asked.abort.signal).then((isDone) => {
      if (this.#asked === asked) this.#asked = undefined;
      if (!isDone) this.#refused = { key, untilMs: this.#options.clock.monotonic() + AGAIN_MS };
    });
  }

  /** False where it is to be asked again later. */
  async #decide(proposed: readonly StatusChange[], signal: AbortSignal): Promise<boolean> {
    const { logger } = this.#options;
    try {
      const agreed = await agreedTo(this.#options, proposed, (life) => this.#reports.of(life), signal);
      if (signal.aborted) return true;
      let isWritten = true;
      await this.#write(() => {
        isWritten = !signal.aborted && this.#isStillAgreed(agreed);
        const changes = isWritten ? this.#changing(agreed.changes) : [];
        return changes.length === 0 ? undefined : { kind: 'status', changes, voters: agreed.voters };
      });
      const isWhole = agreed.changes.length === proposed.length && agreed.changes.every(({ to }) => to === 'down');
      return isWritten && isWhole;
    } catch (error) {
      // Where it could not be written, an election of JetStream may be why all are missed: it is asked anew then.
      logger.warn('a change of health was agreed on and not written', { error });
      return false;
    }
  }

  /** Members that have joined since the question was asked have a vote too. */
  #isStillAgreed({ changes, voters }: Agreed): boolean {
    const accused = new Set(changes.map(({ of }) => of.id));
    return isAgreed(this.#options.log.view, accused, new Set(voters));
  }

  /** Those that change what the table says by now: it may have become suspect meanwhile. */
  #changing(changes: readonly StatusChange[]): StatusChange[] {
    return changes.flatMap((change) => {
      const from = rowOf(this.#options.log.table, change.of)?.status;
      return from === undefined || from === change.to ? [] : [{ ...change, from }];
    });
  }

  /** False where it cannot be said yet. @throws NameTakenError, ClusterMismatchError */
  async #admit({ member, protocol, version }: Extract<LeaderRequest, { kind: 'join' }>): Promise<boolean> {
    const { log, observer, clock, isSure } = this.#options;
    if (!isSure()) return false;
    if (protocol !== PROTOCOL) throw otherProtocol(this.#options.cluster, protocol);
    if (rowOf(log.table, member)) return true;
    if (log.table.departed.some((row) => isSameLife(row.member, member))) return false;
    const former = memberOf(log.view, member.id);
    if (former) {
      let { sees } = await observer.observe(former);
      // It may have beaten just before it died, and be started again already.
      if (sees === 'alive') await sleep(clock, TWICE_MS, this.#end.signal);
      if (sees === 'alive') ({ sees } = await observer.observe(former));
      // Neither alive nor known to be dead: whether it is, the members find out together.
      if (sees === 'silent') return false;
      if (sees !== 'gone') throw nameTaken(this.#options.cluster, member);
    }
    await this.#want({ kind: 'join', member, protocol, version });
    return true;
  }

  /** Asked for alone or with others: what waits is written together, so that many that come at once are one view. */
  async #want(change: AskedChange): Promise<void> {
    this.#wanted.add(change);
    try {
      await this.#write(() => this.#allWanted());
    } finally {
      this.#wanted.delete(change);
    }
  }

  #allWanted(): Change | undefined {
    const changes = [...this.#wanted].filter((change) => this.#isNews(change)).slice(0, limits.healthChanges);
    return changes.length > 1 ? { kind: 'several', changes } : changes[0];
  }

  #isNews(change: AskedChange): boolean {
    const row = rowOf(this.#options.log.table, change.member);
    if (change.kind === 'share') return row !== undefined && row.member.share !== change.share;
    return (row === undefined) === (change.kind === 'join');
  }

  #drain(life: Life): Promise<void> {
    return this.#write(() => {
      const row = rowOf(this.#options.log.table, life);
      if (!row || row.member.draining) return undefined;
      const change = { of: life, from: row.status, to: 'draining', reason: 'draining', evidence: [] } as const;
      return { kind: 'status', changes: [change], voters: [life.id] };
    });
  }

  #compact(): void {
    const { log } = this.#options;
    this.#writeAside(() =>
      log.sinceSnapshot < limits.healthEntries ? undefined : { kind: 'snapshot', table: log.table },
    );
  }

  /** What is found again at the next look, if it cannot be written now. */
  #writeAside(decide: () => Change | undefined): void {
    if (this.#waiting > 0) return;
    this.#write(decide).catch((error: unknown) =>
      this.#options.logger.debug('not written to the health log', { error }),
    );
  }

  /** One after the other: each is decided by what the one before has left. @throws as HealthLog.append, OverloadedError */
  #write(decide: () => Change | undefined): Promise<void> {
    if (this.#waiting >= limits.healthRequests) throw tooMany();
    this.#waiting++;
    const writing = this.#writing
      .then(() => this.#writeNow(decide))
      .finally(() => {
        this.#waiting--;
      });
    this.#writing = writing.catch(() => {});
    return writing;
  }

  async #writeNow(decide: () => Change | undefined): Promise<void> {
    const { log, self, term, clock, questions, words, onFenced } = this.#options;
    if (this.#end.signal.aborted) throw new ClusterUnavailableError('This node does not lead any more.');
    const change = decide();
    if (change === undefined) return;
    const { id, incarnation } = self();
    try {
      const told = await log.append(change, { term, by: { id, incarnation }, atMs: clock.now() });
      questions.say(words.entry, told);
    } catch (error) {
      if (hasCode(error, 'wrong_sequence')) onFenced();
      throw error;
    }
  }
}

function tooMany(): Error {
  return new OverloadedError(`${limits.healthRequests} changes wait to be written to the health log.`, {
    data: { limit: limits.healthRequests, option: 'healthRequests' },
  });
}

function nameTaken(cluster: string, { id }: Member): Error {
  return new NameTakenError(`A node named "${id}" is in the cluster "${cluster}", and lives.`, { data: { node: id } });
}

function otherProtocol(cluster: string, protocol: number): Error {
  return new ClusterMismatchError(
    `This node speaks protocol ${protocol}, and the cluster "${cluster}" speaks protocol ${PROTOCOL}.`,
    { data: { cluster, protocol, spoken: PROTOCOL } },
  );
}
