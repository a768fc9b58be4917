import {
  condemns,
  hasCode,
  isAgreed,
  isLongEnough,
  isSameLife,
  memberOf,
  type NodeId,
  type Observation,
} from '@jaegis/core';
import { type ConsensusAction, consensusMachine } from '@jaegis/machines';
import { type EventFrom, initialTransition, type SnapshotFrom, transition } from 'xstate';
import type { Ground } from './ground.ts';
import { rowOf } from './health-table.ts';
import { isVote, type LeaderWord, type Vote, type VoteRequest } from './words.ts';

export interface ElectionOptions extends Ground {
  readonly lead: (term: number) => void;
  readonly stepDown: () => void;
}

/** How long votes may take, in ms: a voter may ask the leader itself first. */
const ROUND_MS = 400;
/** Members that miss the leader begin at different times within so many ms, and again after a round without result. */
const STAGGER_MS = 100;
/** The first of them begins at once, the others after this part of it at least. */
const HEAD_START = 0.4;
/** A member that heard the leader within so many ms looks whether it is there before it votes for another. */
const FRESH_MS = 500;

/** Carries out what the consensus machine decides: asks for votes, gives them, takes the term. */
export class Election {
  readonly #options: ElectionOptions;
  #machine: SnapshotFrom<typeof consensusMachine>;
  #heardMs: number;
  /** When this member is to try, where it misses the leader. */
  #dueMs: number | undefined;
  /** Nobody listens where the leader should. */
  #isNobodyThere = false;
  #voted: { readonly term: number; readonly for: string } = { term: 0, for: '' };
  /** What is held against those that have no vote in the round under way. */
  #accused: readonly Observation[] = [];
  #round: Promise<void> = Promise.resolve();

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonic();
    [this.#machine] = initialTransition(consensusMachine);
  }

  get isLeader(): boolean {
    return this.#machine.value === 'leader';
  }

  /** The term that this member leads, or tries to. */
  get term(): number {
    return this.#machine.context.term;
  }

  /** Whether it is time to do without the leader. Called often. */
  tick(nowMs: number): void {
    if (this.#machine.value !== 'follower' || !this.#options.isSure()) return;
    if (!this.#isMissed(nowMs)) this.#dueMs = undefined;
    else this.#dueMs ??= nowMs + this.#staggerMs();
    if (this.#dueMs === undefined || nowMs < this.#dueMs) return;
    this.#dueMs = undefined;
    this.#isNobodyThere = false;
    this.#accused = this.#accusations();
    this.#send({ type: 'leader missed', term: this.#options.log.table.term });
  }

  /** All know who is the first of those that may stand, so that two seldom stand against each other. */
  #staggerMs(): number {
    const { log, self, random } = this.#options;
    const accused = new Set(this.#accusations().map(({ of }) => of.incarnation));
    const first = log.view.members.find(({ incarnation }) => !accused.has(incarnation));
    return first?.incarnation === self().incarnation ? 0 : STAGGER_MS * (HEAD_START + (1 - HEAD_START) * random.next());
  }

  /** The server says that nobody listens where the leader does. */
  missLeader(): void {
    this.#isNobodyThere = true;
  }

  /** The leader's word; what it has committed is read already. */
  hear({ term, leader }: LeaderWord): void {
    const { log, clock, self } = this.#options;
    if (term < log.table.term || isSameLife(leader, self())) return;
    this.#heardMs = clock.monotonic();
    this.#isNobodyThere = false;
    this.#send({ type: 'leader known', term });
  }

  /**
   * Takes the term where none of the members is left to vote. False where somebody else did.
   * @param accused What was seen of each of them.
   */
  async claim(accused: readonly Observation[]): Promise<boolean> {
    this.#accused = accused;
    this.#send({ type: 'out' });
    this.#send({ type: 'leader missed', term: this.#options.log.table.term });
    await this.#round;
    return this.isLeader;
  }

  fenced(): void {
    this.#send({ type: 'fenced' });
  }

  out(): void {
    this.#send({ type: 'out' });
  }

  /** Whether this member gives its vote. */
  async vote(request: VoteRequest): Promise<Vote> {
    const { self } = this.#options;
    const may = this.#mayVote(request) && (await this.#isWithoutLeader(request)) && this.#mayVote(request);
    if (may && !request.pre) this.#voted = { term: request.term, for: request.candidate.incarnation };
    return { by: self().id, yes: may };
  }

  #mayVote({ pre, term, candidate }: VoteRequest): boolean {
    const { log, isSure } = this.#options;
    if (!isSure() || term <= log.table.term || !rowOf(log.table, candidate)) return false;
    return pre || term > this.#voted.term || (term === this.#voted.term && this.#voted.for === candidate.incarnation);
  }

  async #isWithoutLeader({ candidate }: VoteRequest): Promise<boolean> {
    const { log, observer, clock, self } = this.#options;
    if (isSameLife(candidate, self())) return true;
    if (this.isLeader) return false;
    const { leader } = log.table;
    const isFresh = clock.monotonic() - this.#heardMs < FRESH_MS;
    if (leader === undefined || !isFresh || !rowOf(log.table, leader)) return true;
    return (await observer.observe(leader)).sees !== 'alive';
  }

  #isMissed(nowMs: number): boolean {
    const { log, self, sights, settings } = this.#options;
    const { leader } = log.table;
    if (leader === undefined || !rowOf(log.table, leader) || isSameLife(leader, self())) return true;
    if (this.#isNobodyThere || sights().some((seen) => isSameLife(seen.of, leader) && condemns(seen, settings)))
      return true;
    return nowMs - this.#heardMs > settings.leaderMissedMs;
  }

  /** Members that this one holds something against have no vote; a leader that does not lead needs to be no more than ill. */
  #accusations(): readonly Observation[] {
    const { sights, settings, log } = this.#options;
    const { leader } = log.table;
    return sights().filter((seen) => condemns(seen, settings) || (leader && isSameLife(seen.of, leader)));
  }

  #send(event: EventFrom<typeof consensusMachine>): void {
    const [next, actions] = transition(consensusMachine, this.#machine, event);
    this.#machine = next;
    for (const { type } of actions) this.#act(type as ConsensusAction); // the machine has no others
  }

  #act(action: ConsensusAction): void {
    const { lead, stepDown } = this.#options;
    if (action === 'lead') lead(this.term);
    else if (action === 'step down') stepDown();
    else if (action === 'take the term') this.#round = this.#then(() => this.#takeTerm());
    else this.#round = this.#then(() => this.#askForVotes(action === 'ask for pre-votes'));
  }

  /** What follows from an action belongs to the same round. */
  async #then(act: () => Promise<EventFrom<typeof consensusMachine>>): Promise<void> {
    const { value } = this.#machine;
    const { term } = this;
    const event = await act();
    if (this.#machine.value !== value || this.term !== term) return;
    this.#send(event);
    const { clock, random } = this.#options;
    if (this.#machine.value === 'follower') this.#dueMs = clock.monotonic() + STAGGER_MS * (0.5 + 2 * random.next());
    else if (!this.isLeader) await this.#round;
  }

  async #askForVotes(pre: boolean): Promise<EventFrom<typeof consensusMachine>> {
    const { log, self, questions, words } = this.#options;
    const { view } = log;
    const accused = this.#accused.filter(({ of }) => rowOf(log.table, of));
    const names: ReadonlySet<NodeId> = new Set(accused.map(({ of }) => of.id));
    if (!isLongEnough(view.members.length, accused)) return { type: 'votes lost' };
    const yes = new Set<NodeId>();
    if (isAgreed(view, names, yes)) return { type: 'votes won' };
    const { id, incarnation } = self();
    const request: VoteRequest = { pre, term: this.term, candidate: { id, incarnation } };
    const ended = await questions.all(words.vote, request, ROUND_MS, (answer) => {
      if (isVote(answer) && answer.yes && memberOf(view, answer.by)) yes.add(answer.by);
      return isAgreed(view, names, yes);
    });
    return { type: ended === 'done' ? 'votes won' : 'votes lost' };
  }

  async #takeTerm(): Promise<EventFrom<typeof consensusMachine>> {
    const { log, self, clock, questions, words, logger } = this.#options;
    const { id, incarnation } = self();
    const { term } = this;
    try {
      await log.catchUp();
      if (log.table.term >= term) return { type: 'fenced' };
      const told = await log.append({ kind: 'term' }, { term, by: { id, incarnation }, atMs: clock.now() });
      questions.say(words.entry, told);
      return { type: 'term taken' };
    } catch (error) {
      if (hasCode(error, 'wrong_sequence')) return { type: 'fenced' };
      logger.debug('the term could not be taken', { term, error });
      return { type: 'not written' };
    }
  }
}
