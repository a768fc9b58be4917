import {
  type Answered,
  type DeadLetter,
  type EntityId,
  errorToData,
  formatEntityId,
  hasCode,
  invariant,
  isDurableMessageId,
  isLostTurn,
  NotOwnerError,
  type TreeNode,
  type TurnRecord,
  WrongSequenceError,
} from '@jaegis/core';
import type { Behavior, BehaviorHost, DeliveryInfo, InboxDelivery, MaybeOutcome, Outcome } from '../run/contract.ts';
import type { Effect } from '../run/effect.ts';
import { refused } from '../run/handler-behavior.ts';
import type { KernelOptions } from '../run/kernel-options.ts';
import { migrated } from '../run/migration.ts';
import type { Message } from '../run/protocol.ts';
import type { ReplyHandle } from '../run/reply-handle.ts';
import { notTaken } from '../run/step-errors.ts';
import { Answers, idOfSend } from './answers.ts';
import { traceOf, trailOf } from './audit.ts';
import { Commits, notCommitted, notWritten, type Step } from './commits.ts';
import { deadLetter } from './dead-letter.ts';
import { DeferredReply } from './deferred-reply.ts';
import type { Durability } from './durability.ts';
import { type Load, sendsOf, sum } from './load.ts';
import { answerOf, OwedAnswers, replyLost } from './owed-answers.ts';
import { answeredBy, type Cause, takenOver, unasked, unchanged, withoutAnswers } from './steps.ts';
import { notIn, type TimerSchedules, Timers } from './timers.ts';
import type { LoadedTurn } from './turn-log.ts';
import { afterLoss, isConsumed, isSeen, nextTurn, noTurns, outboxFull, type TurnState } from './turn-state.ts';

export interface DurableOptions {
  readonly inner: Behavior;
  readonly options: KernelOptions;
  readonly durability: (key: string) => Durability;
}

/**
 * Makes a behaviour durable: what its steps change is committed, in turns of one or more steps, before their replies
 * and messages leave. State that was not committed is forgotten at the end; the journal is the truth.
 */
export class DurableBehavior implements Behavior {
  readonly #inner: Behavior;
  readonly #options: KernelOptions;
  readonly #makeDurability: DurableOptions['durability'];
  readonly #stop = new AbortController();
  readonly #commits: Commits;
  #answers: Answers | undefined;
  #timers: Timers;
  #schedules: TimerSchedules | undefined;
  #turns: TurnState = noTurns;
  /** Sequences of inbox messages that came to this incarnation and whose turns may not be written. */
  readonly #arrived = new Set<number>();
  /** Names this activation, so that it recognises its own records. */
  #writer = '';
  /** The newest turn is of this tenure: nobody who owned the entity before can write any more. */
  #isClaimed = true;
  #durability: Durability | undefined;
  #host: BehaviorHost | undefined;
  /** The mode that the record holds was entered by the turn that wrote it, and what that did was done. */
  #isResuming = false;
  /** Steps that were begun and have not ended. */
  #underWay = 0;
  /** The message whose step was begun and is not accepted. */
  #handling: string | undefined;
  readonly #owed = new OwedAnswers();
  readonly hasModes: boolean;
  readonly enter: Behavior['enter'];
  readonly signal: Behavior['signal'];

  constructor({ inner, options, durability }: DurableOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#makeDurability = durability;
    this.#commits = new Commits({
      commit: (steps) => this.#commitTraced(steps),
      release: (steps) => this.#release(steps),
      onFailed: (error, suspects) => this.#notWritten(error, suspects),
      isAlone: () => this.#has.mishaps.isAlone,
    });
    this.#timers = new Timers([], '', () => 0);
    this.hasModes = inner.hasModes;
    const { enter, signal } = inner;
    this.enter =
      enter &&
      ((state, mode, host) => {
        const isRepeated = this.#isResuming;
        this.#isResuming = false;
        return isRepeated ? undefined : this.#entered(state, host, () => enter.call(inner, state, mode, host));
      });
    this.signal =
      signal && ((state, given, host) => this.#held(state, host, () => signal.call(inner, state, given, host)));
  }

  /** @throws MigrationRefusedError, CorruptRecordError; the record stays as it is. */
  async start(_preserved: unknown, host: BehaviorHost): Promise<unknown> {
    this.#host = host;
    this.#durability = this.#makeDurability(host.context.key);
    const { log, loads, outbox, schedules, entity, predecessor, random, tenure } = this.#durability;
    this.#schedules = schedules(this.#stop.signal);
    this.#writer = tenure + random.id().slice(0, WRITER_LENGTH);
    await predecessor;
    const loaded = await loads.run(() => log.load(this.#stop.signal));
    const record = loaded?.turn;
    const state = await this.#inner.start(record && this.#stateOf(record, entity), host);
    if (loaded) this.#turns = await this.#resume(loaded, host);
    this.#isResuming = record !== undefined;
    this.#isClaimed = record === undefined || record.writer.startsWith(tenure);
    const { clock } = host.context;
    this.#timers = new Timers(this.#turns.timers, this.#writer, () => clock.now());
    this.#answers = new Answers({
      load: () => loads.run(() => log.answered(this.#stop.signal)),
      newest: loaded?.turn,
      keptTurns: log.keptTurns,
      now: () => clock.monotonic(),
    });
    outbox.enqueue(this.#turns.outbox);
    host.context.announceNow({
      type: 'entity_started',
      entity: formatEntityId(entity),
      turn: this.#turns.turn,
      resumed: record !== undefined,
    });
    return state;
  }

  /** Where records cannot be read, their turns are lost: that is said, and kept with the entity. */
  async #resume({ turn, corrupt, lost }: LoadedTurn, host: BehaviorHost): Promise<TurnState> {
    if (corrupt.length === 0) return turn;
    const { entity } = this.#has;
    const errors = corrupt.map(errorToData);
    const name = formatEntityId(entity);
    host.context.logger.error('turns cannot be read and are lost', { entity: name, turn: turn.turn, errors });
    host.context.announceNow({ type: 'turns_quarantined', entity: name, turn: turn.turn, errors });
    await Promise.all(turn.timers.map((timer) => this.#schedules?.set(timer)));
    return afterLoss(turn, errors, lost);
  }

  receive(state: unknown, message: Message, host: BehaviorHost, delivery: DeliveryInfo): MaybeOutcome {
    const { id, isFresh = false, inbox } = delivery;
    const isDurable = isDurableMessageId(id);
    if (!isDurable && !this.#inner.takes(message.type)) return refused;
    const mayRepeat = inbox?.sent?.mayRepeat ?? !(id === undefined || isFresh || isDurable);
    const answered = inbox?.sent === undefined ? id : idOfSend(inbox.sent.id);
    const known = mayRepeat && answered !== undefined ? this.#answers?.knows(answered) : undefined;
    const ready = known ?? this.#commits.room();
    if (ready === undefined) return this.#handle(state, message, host, delivery);
    // While it waits, what is being written fails or succeeds; the state stays, since nothing else is handled.
    return ready.then(() => this.receive(state, message, host, delivery));
  }

  mode(state: unknown): unknown {
    return this.#inner.mode(state);
  }

  takes(type: string): boolean {
    return this.#inner.takes(type);
  }

  preserve(): unknown {
    return undefined;
  }

  serialize(state: unknown): unknown {
    return this.#inner.serialize(state);
  }

  isBusy(state: unknown): boolean {
    return !this.#commits.isIdle || this.#durability?.outbox.isEmpty === false || this.#inner.isBusy(state);
  }

  owed(): Promise<void> | undefined {
    return this.#owed.settled();
  }

  /** What was handled before is committed first, also where the next message has crashed; not where it is killed. */
  async stop(state: unknown, reason: unknown, host: BehaviorHost, isKilled: boolean): Promise<void> {
    if (hasCode(reason, 'handler_timeout')) this.#crashedOn(reason);
    if (isKilled) this.#commits.abandon(notCommitted(host.context.address));
    else await this.#commits.settled();
    this.#stop.abort();
    this.#durability?.outbox.stop();
    await this.#inner.stop(state, reason, host, isKilled);
  }

  aside(): Pick<TreeNode, 'deadLetters' | 'quarantined'> {
    const { deadLetters } = this.#turns;
    const quarantined = deadLetters.filter(isLostTurn).length;
    return { deadLetters: deadLetters.length - quarantined, quarantined };
  }

  children(state: unknown): readonly TreeNode[] {
    return this.#inner.children(state);
  }

  #handle(state: unknown, message: Message, host: BehaviorHost, delivery: DeliveryInfo): MaybeOutcome {
    const { id, inbox } = delivery;
    if (id !== undefined) {
      const repeated = this.#repeated(id, delivery) ?? (inbox && this.#notNow(inbox, delivery));
      if (repeated !== undefined) return repeated;
      // Its turn says that it was consumed, so that the position in the inbox goes on past it.
      if (inbox && this.#isWithoutEffect(inbox)) return this.#hold(state, {}, host, { delivery, trace: undefined });
      const poison = isDurableMessageId(id) && this.#poison(id, message, host, this.#refusal(delivery, message));
      if (poison)
        return this.#hold(state, {}, host, { delivery, trace: traceOf(message, delivery), deadLetter: poison });
    }
    this.#handling = id;
    const cause = { delivery, trace: traceOf(message, delivery) };
    return this.#held(state, host, () => this.#inner.receive(state, message, host, delivery), cause);
  }

  /** Entering a mode is part of the step that changed it: what it sends leaves with that step's turn. */
  #entered(state: unknown, host: BehaviorHost, enter: () => MaybeOutcome): MaybeOutcome {
    const outcome = this.#held(state, host, enter);
    if (outcome === undefined || outcome instanceof Promise) return outcome;
    const { effects = [], ...rest } = outcome;
    for (const effect of effects) host.context.collect(effect);
    return rest;
  }

  #held(state: unknown, host: BehaviorHost, step: () => MaybeOutcome, cause: Cause = unasked): MaybeOutcome {
    let isLater = false;
    this.#underWay += 1;
    try {
      const outcome = step();
      if (!(outcome instanceof Promise)) return this.#hold(state, outcome ?? {}, host, cause);
      isLater = true;
      return outcome.then(
        (settled) => this.#ended(() => this.#hold(state, settled ?? {}, host, cause)),
        (error) => this.#ended(() => this.#failed(error)),
      );
    } catch (error) {
      return this.#failed(error);
    } finally {
      if (!isLater) this.#underWay -= 1;
    }
  }

  #ended(finish: () => Outcome): Outcome {
    try {
      return finish();
    } finally {
      this.#underWay -= 1;
    }
  }

  deferred(ask: ReplyHandle): ReplyHandle {
    return new DeferredReply(ask, (settle, answered) => this.#onceWritten(settle, answered));
  }

  /** With the step under way; where there is none, with the steps before that wait for their turn. */
  #onceWritten(settle: () => void, answered: Answered | undefined): void {
    const answer: Effect = { kind: 'answer', run: settle, answered };
    if (this.#underWay > 0) {
      this.#host?.context.collect(answer);
    } else if (this.#commits.isIdle) {
      if (answered) this.#answers?.add([answered]);
      settle();
    } else {
      this.#commits.add({ ...unchanged, effects: [answer], reply: undefined, ask: undefined });
    }
  }

  /** An ask or durable message that was handled before: answered as then, once that turn is written. */
  #repeated(id: string, delivery: DeliveryInfo): Outcome | undefined {
    const before = this.#commits.find(id) ?? this.#answers?.get(id);
    if (before === undefined && !isSeen(this.#turns, id)) return undefined;
    if (before?.isOwed && !isDurableMessageId(id)) {
      takenOver(delivery)?.fail(replyLost(this.#has.entity, id));
      return {};
    }
    return this.#unchanged(delivery, before?.reply);
  }

  #unchanged(delivery: DeliveryInfo, reply: unknown): Outcome {
    return this.#join({ ...unchanged, reply }, {}, delivery);
  }

  /** A message of the inbox that is not to be handled yet: one before it crashed meanwhile. */
  #notNow({ sequence, previous }: InboxDelivery, delivery: DeliveryInfo): Outcome | undefined {
    if (!this.#arrived.has(previous) && !isConsumed(this.#turns.inbox, previous)) {
      takenOver(delivery)?.fail(
        new WrongSequenceError(`Message ${sequence} of the inbox came before message ${previous} was handled.`),
      );
      return {};
    }
    this.#arrived.add(sequence);
    return undefined;
  }

  /** A timer that was taken back, or a `send` that came before under its id. */
  #isWithoutEffect({ timer, sent }: InboxDelivery): boolean {
    if (timer !== undefined) return !this.#timers.has(timer);
    return sent !== undefined && this.#answers?.hasSent(sent.id) === true;
  }

  /** The step succeeded: its reply and its effects wait for the turn, where there is one to wait for. */
  #hold(before: unknown, given: Outcome, host: BehaviorHost, cause: Cause): Outcome {
    const { delivery, deadLetter } = cause;
    const outcome = withoutAnswers(given);
    const effects = [...host.takeEffects(), ...(outcome.effects ?? [])];
    const { id, inbox } = delivery;
    const sends = sendsOf(effects);
    const full = sends.messages > 0 ? outboxFull(this.#leaving, sends) : undefined; // most send nothing
    if (full !== undefined) return this.#refuse(full, host, delivery);
    const isPostponed = outcome.actions?.some(({ kind }) => kind === 'postpone') ?? false;
    const isChanged = outcome.state !== undefined && outcome.state !== before;
    this.#timers.assertRoom(effects);
    const setsTimers = effects.some(({ kind }) => kind === 'schedule' || kind === 'unschedule');
    const isConsumed = !isPostponed && isDurableMessageId(id);
    const changes = isChanged || sends.messages > 0 || setsTimers || deadLetter !== undefined || isConsumed;
    const answer = answerOf(delivery, effects, outcome.reply);
    const trace = isPostponed ? undefined : cause.trace;
    const { limitMs } = delivery;
    const step = {
      id: isPostponed ? undefined : id,
      inbox,
      limitMs,
      effects,
      sends,
      deadLetter,
      trace,
      changes,
      ...answer,
    };
    if (answer.isOwed && changes) this.#owed.add(delivery);
    return isPostponed ? this.#joinUnanswered(step, outcome) : this.#join(step, outcome, delivery);
  }

  /** Without a trace in the state: whoever sent it may send it again, and what is durable comes again by itself. */
  #refuse(error: Error, host: BehaviorHost, delivery: DeliveryInfo): Outcome {
    if (delivery === unasked.delivery) throw error;
    this.#handling = undefined;
    if (delivery.inbox) this.#arrived.delete(delivery.inbox.sequence);
    host.refuse(error);
    return {};
  }

  #join(step: Omit<Step, 'ask'>, outcome: Outcome, delivery: DeliveryInfo): Outcome {
    if (!step.changes && this.#commits.isIdle && this.#isClaimed) {
      if (!this.#has.serves()) return this.#withhold(delivery);
      return { ...outcome, effects: step.effects, reply: step.reply };
    }
    const ask = takenOver(delivery);
    const changes = step.changes || !this.#isClaimed;
    this.#isClaimed = true;
    const { reply: _, ...rest } = outcome;
    return { ...rest, effects: [{ kind: 'accepted', run: () => this.#accept({ ...step, ask, changes }) }] };
  }

  /** What changes the state is fenced by its turn; a question is not. Its asker asks again. */
  #withhold(delivery: DeliveryInfo): Outcome {
    const { entity, node } = this.#has;
    const error = new NotOwnerError(`${node} looks whether it still owns ${formatEntityId(entity)}.`);
    takenOver(delivery)?.fail(error);
    return {};
  }

  /** It is put aside and handled again later; what it changed is kept all the same. */
  #joinUnanswered(step: Omit<Step, 'ask'>, outcome: Outcome): Outcome {
    const effects: Effect[] = [{ kind: 'accepted', run: () => this.#accept({ ...step, ask: undefined }) }];
    return { ...outcome, effects };
  }

  #accept(step: Step): void {
    this.#handling = undefined;
    const timer = step.id === undefined ? undefined : step.inbox?.timer;
    const fired = timer !== undefined && this.#timers.has(timer) ? timer : undefined; // one that was replaced has not
    this.#timers.apply({ fired, effects: step.effects });
    this.#commits.add(step);
  }

  #failed(error: unknown): never {
    this.#crashedOn(error);
    throw error;
  }

  /** Also where what follows from the message fails: entering the mode that it leads to, or its time. */
  #crashedOn(error: unknown): void {
    const id = this.#handling;
    if (isDurableMessageId(id) && !hasCode(error, 'fenced')) this.#has.mishaps.crashed(id, error);
    this.#handling = undefined;
  }

  #stateOf({ state, version }: TurnRecord, { type }: EntityId): unknown {
    const now = this.#options.version ?? 1;
    return version === now ? state : migrated(type, this.#options.migrate, state, version, now);
  }

  get #has(): Durability {
    invariant(this.#durability, 'a durable behaviour receives once it has started');
    return this.#durability;
  }

  #commitTraced(steps: readonly Step[]): Promise<void> {
    const { traces, entity } = this.#has;
    if (!traces.isOn) return this.#commit(steps);
    const asks = steps.map(({ ask }) => ask);
    return traces.commit(formatEntityId(entity), asks, () => this.#commit(steps));
  }

  async #commit(steps: readonly Step[]): Promise<void> {
    const { outbox } = this.#has;
    const acknowledged = new Set(outbox.acknowledged);
    const before = this.#turns;
    const turns = nextTurn(before, { messages: steps, acknowledged, timers: this.#timers.list });
    const first = before.nextOut;
    const record = this.#record(turns, steps); // of the state as it is now: messages are handled while this is written
    const added = notIn(turns.timers, before.timers);
    if (added.length > 0) await Promise.all(added.map((timer) => this.#schedules?.set(timer)));
    await this.#append(record);
    this.#turns = turns;
    this.#forgetArrived();
    for (const timer of notIn(before.timers, turns.timers)) this.#schedules?.clear(timer);
    outbox.forget(acknowledged);
    outbox.enqueue(turns.outbox.filter(({ number }) => number >= first));
  }

  async #append(record: TurnRecord): Promise<void> {
    const { log } = this.#has;
    const replaces = log.replaces(record.turn);
    const written = (await this.#answers?.goWith(record, replaces)) ?? record;
    await log.append(written, this.#stop.signal, replaces);
    this.#answers?.wrote(written.answered, replaces);
  }

  /** Outgoing messages that are not known to be consumed. */
  get #leaving(): Load {
    return sum(this.#has.outbox.load, this.#commits.sends);
  }

  /** Goes on from the journal. Where one of several messages is to blame, they come again and have turns of their own. */
  #notWritten(error: unknown, suspects: readonly Step[]): void {
    const { mishaps } = this.#has;
    const [first, ...more] = suspects;
    if (more.length > 0) mishaps.suspect(suspects.length);
    else if (isDurableMessageId(first?.id)) mishaps.crashed(first.id, error);
    this.#host?.crash(first === undefined ? error : notWritten(error));
  }

  #forgetArrived(): void {
    const { inbox } = this.#turns;
    for (const sequence of this.#arrived) if (isConsumed(inbox, sequence)) this.#arrived.delete(sequence);
  }

  #release(steps: readonly Step[]): void {
    const { mishaps } = this.#has;
    mishaps.wrote(steps.length);
    this.#answers?.add(answeredBy(steps));
    for (const { id, ask, reply, effects } of steps) {
      if (id !== undefined) mishaps.consumed(id);
      ask?.reply(reply);
      if (effects.length > 0) this.#host?.context.performNow(effects);
    }
  }

  #record(turns: TurnState, steps: readonly Step[]): TurnRecord {
    const { node, entity } = this.#has;
    const state = this.#host?.state;
    const sender = formatEntityId(entity);
    const fresh = turns.outbox.filter(({ number }) => number >= this.#turns.nextOut);
    return {
      ...turns,
      writer: this.#writer,
      node,
      version: this.#options.version ?? 1,
      state: this.#inner.serialize(state),
      busy: this.#inner.isBusy(state),
      answered: answeredBy(steps),
      handled: trailOf(steps),
      consumed: steps.flatMap(({ id }) => (isDurableMessageId(id) ? [id] : [])),
      sent: fresh.map(({ number }) => `${sender}#${number}`),
    };
  }

  #refusal({ refusal }: DeliveryInfo, message: Message): unknown {
    if (refusal !== undefined || this.#inner.takes(message.type)) return refusal;
    return notTaken(this.#has.entity.type, message);
  }

  /** The letter of a message that is given up: it cannot be handled, or crashed the entity too often. */
  #poison(id: string, message: Message, host: BehaviorHost, refusal: unknown): DeadLetter | undefined {
    const givenUp = refusal === undefined ? this.#has.mishaps.givenUp(id) : { error: refusal };
    if (givenUp === undefined) return undefined;
    const { error } = givenUp;
    host.context.logger.error('message dead-lettered', { id, error });
    return deadLetter(id, message, error);
  }
}

const WRITER_LENGTH = 8;
