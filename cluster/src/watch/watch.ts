/**
 * Keeps an eye on the members that fall to this node (`overlay.ts` in core), by their beats and by direct questions.
 * It decides nothing: it says what it sees, and answers when others ask what it sees.
 */
import {
  type Beat,
  type Clock,
  CorruptRecordError,
  decodeBeat,
  defaultHealth,
  type HealthSettings,
  invariant,
  isSameLife,
  type Logger,
  type Member,
  type Observation,
  type Sight,
  type Subscription,
  sightOf,
  subjectsOf,
  type Transport,
  type View,
  watchRings,
} from '@jaegis/core';
import { Ears } from './ears.ts';
import { type Answer, beatSubject, loopSubject, Questions } from './questions.ts';
import { type Moment, observed, Watched } from './watched.ts';

export interface WatchOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Those that are not given are as in `defaultHealth`. */
  readonly health?: Partial<HealthSettings>;
  /** Hears every beat of those that are watched: how far the others have applied the health log. */
  readonly onBeat?: (beat: Beat) => void;
  /** One of the subjects is gone since just now: a look says so at once. */
  readonly onGone?: () => void;
}

interface Subject {
  readonly watched: Watched;
  readonly beats: Subscription;
}

/** For so long after its own connection has come back, in ms, "nobody listens" may mean: not yet back either. */
const RETURN_MS = 1_000;

export class Watch {
  readonly #options: WatchOptions;
  readonly #settings: HealthSettings;
  readonly #ears: Ears;
  readonly #questions: Questions;
  readonly #subjects = new Map<string, Subject>();
  readonly #status: Subscription;
  #self: Member | undefined;
  #echoes: readonly Subscription[] = [];
  #backMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    const { clock, transport } = options;
    this.#options = options;
    this.#settings = { ...defaultHealth, ...options.health };
    this.#ears = new Ears(this.#settings.beatMs, clock.monotonic());
    const onAnswer = (member: Member, answer: Answer) => this.#onAnswer(member, answer);
    this.#questions = new Questions({ ...options, answerMs: this.#settings.answerMs, onAnswer });
    this.#status = transport.onStatus((status) => {
      if (status === 'connected') this.#backMs = clock.monotonic();
    });
  }

  /**
   * From now on it watches those that fall to this node in this view; who is not in the view (a client, a node that
   * joins) those that would. Those that are new to it count as seen at this moment.
   */
  follow(view: View, self: Member): void {
    this.#be(self, isMember(self, view));
    const subjects = subjectsOf(self.id, view, watchRings);
    for (const [id, { watched, beats }] of this.#subjects) {
      if (subjects.some((member) => isSameLife(member, watched.member))) continue;
      beats.unsubscribe();
      this.#subjects.delete(id);
    }
    for (const member of subjects) if (!this.#subjects.has(member.id)) this.#begin(member);
  }

  /**
   * What is to be said at this moment: of each subject that is called something else than alive, and of those that are
   * called alive again. Trouble is told at once, its end once it has lasted; so who is to be taken out of the view for
   * it must be asked for first ({@link observe}).
   *
   * @param ownLatenessMs How late this look is, for a node that does not hear its own words.
   */
  look(nowMs: number, ownLatenessMs: number): Observation[] {
    const { transport } = this.#options;
    this.#ears.look(nowMs, transport.connected, ownLatenessMs);
    const now = this.#at(nowMs);
    const said: Observation[] = [];
    for (const { watched } of this.#subjects.values()) {
      if (transport.connected && watched.isToBeAsked(now)) void this.#questions.ask(watched.member);
      const { sees, changed } = watched.call(now);
      if (sees !== 'alive' || changed) said.push(watched.observation(this.#by, sees, now));
    }
    return said;
  }

  /** How soon a subject is to be asked directly if it stays silent, in ms: the next look should be no later. */
  untilNextMs(nowMs: number): number {
    const now = this.#at(nowMs);
    return Math.min(...[...this.#subjects.values()].map(({ watched }) => watched.untilAskedMs(now)));
  }

  /** What it sees of any member now. Who was not heard of just now is asked, which takes `answerMs` at most. */
  async observe(member: Member): Promise<Observation> {
    const now = this.#now();
    const subject = this.#subjectOf(member);
    if (this.#self && isSameLife(member, this.#self)) return observed(member, this.#by, 'alive', undefined);
    if (subject) {
      const { watched } = subject;
      const sees = watched.sees(now);
      const isKnown = watched.unheardMs(now.nowMs) < this.#settings.askAfterMs;
      const isSilent = sees === 'silent' && watched.hasNotAnswered(now);
      if (isKnown || isSilent) return watched.observation(this.#by, sees, now);
    }
    return this.#conclude(member, await this.#questions.ask(member));
  }

  /** Whether it hears enough of its subjects to take it that most of the view is there; itself included. */
  hearsMajority(nowMs: number): boolean {
    const all = [...this.#subjects.values()];
    const heard = all.filter(({ watched }) => watched.unheardMs(nowMs) < this.#settings.silentAfterMs);
    return (heard.length + 1) * 2 > all.length + 1;
  }

  /** What a member is called here; undefined for one that is not watched. */
  sightOf(member: Member): Sight | undefined {
    return this.#subjectOf(member)?.watched.called;
  }

  close(): void {
    for (const { beats } of this.#subjects.values()) beats.unsubscribe();
    this.#subjects.clear();
    for (const echo of this.#echoes) echo.unsubscribe();
    this.#status.unsubscribe();
    this.#questions.close();
  }

  /** Who is no member says nothing that could come back. */
  #be(self: Member, isMember: boolean): void {
    const isSame = this.#self !== undefined && isSameLife(this.#self, self);
    const { transport, cluster, clock } = this.#options;
    this.#self = self;
    this.#questions.open(self.incarnation);
    if (isSame && isMember === this.#echoes.length > 0) return;
    for (const echo of this.#echoes) echo.unsubscribe();
    this.#echoes = [];
    this.#ears.deafen(clock.monotonic());
    if (!isMember) return;
    const own = [loopSubject(cluster, self), beatSubject(cluster, self.id)];
    this.#echoes = own.map((subject) => transport.subscribe(subject, () => this.#ears.echo(clock.monotonic())));
  }

  #begin(member: Member): void {
    const { transport, cluster } = this.#options;
    const watched = new Watched(member, this.#settings, this.#now());
    const beats = transport.subscribe(beatSubject(cluster, member.id), ({ data }) => this.#onBeat(watched, data));
    this.#subjects.set(member.id, { watched, beats });
  }

  #onBeat(watched: Watched, data: Uint8Array): void {
    const beat = decodeBeat(data);
    if (beat?.id !== watched.member.id) {
      throw new CorruptRecordError(`Not a beat of ${watched.member.id}.`);
    }
    if (!isSameLife(beat as Beat & Member, watched.member)) return;
    watched.beat(beat, this.#now());
    this.#options.onBeat?.(beat);
  }

  #onAnswer(member: Member, answer: Answer): void {
    const watched = this.#subjectOf(member)?.watched;
    if (watched === undefined) return;
    if (answer.is === 'beat') watched.answered(answer.beat, this.#now());
    else if (answer.is === 'word') watched.said(this.#now());
    else if (answer.is === 'nobody' && this.#isSettled) {
      const wasGone = watched.isGone;
      watched.nobody(this.#now());
      if (watched.isGone && !wasGone) this.#options.onGone?.();
    }
  }

  #conclude(member: Member, answer: Answer): Observation {
    const now = this.#now();
    const watched = this.#subjectOf(member)?.watched;
    const isGone = answer.is === 'nobody' && this.#isSettled;
    if (watched && isGone) return watched.observation(this.#by, 'gone', now);
    // Its watcher has taken the answer into account, with all that it knew before.
    if (watched && answer.is !== 'silence') return watched.observation(this.#by, watched.sees(now), now);
    if (watched) return watched.observation(this.#by, 'silent', now);
    if (answer.is === 'word') return observed(member, this.#by, 'alive', undefined);
    if (answer.is === 'beat') {
      const signs = { silentMs: 0, phi: 0, isGone: false, beat: answer.beat };
      return observed(member, this.#by, sightOf(signs, this.#settings), answer.beat);
    }
    return { ...observed(member, this.#by, isGone ? 'gone' : 'silent', undefined), silentMs: this.#settings.answerMs };
  }

  /** Whether its own connection has stood long enough for the others' to be back too. */
  get #isSettled(): boolean {
    return this.#options.clock.monotonic() - this.#backMs >= RETURN_MS;
  }

  get #by(): Member {
    invariant(this.#self !== undefined, 'A watch looks once it follows a view.');
    return this.#self;
  }

  #subjectOf(member: Member): Subject | undefined {
    const subject = this.#subjects.get(member.id);
    return subject && isSameLife(subject.watched.member, member) ? subject : undefined;
  }

  #now(): Moment {
    return this.#at(this.#options.clock.monotonic());
  }

  #at(nowMs: number): Moment {
    return { nowMs, heardMs: this.#ears.at(nowMs) };
  }
}

function isMember(self: Member, { members }: View): boolean {
  return members.some((member) => isSameLife(member, self));
}
