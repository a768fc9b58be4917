import { type ExitReason, isCleanExit, isReentrantCall, limits, removeWaits, type TreeNode } from '@jaegis/core';
import { trackWait } from '../deadlock/edge-sink.ts';
import type { OpenWait } from '../deadlock/far-wait.ts';
import type { Action } from './action.ts';
import { Ask, type Item } from './ask.ts';
import { AsyncStep } from './async-step.ts';
import { cellNode } from './cell-node.ts';
import { Posted } from './cold-fields.ts';
import type { Behavior, DeliveryInfo, MaybeOutcome, Outcome } from './contract.ts';
import { crashedError, crashReport, retryOrBury } from './crash.ts';
import { type FlightEntry, FlightRecorder, modeForRecord } from './flight-recorder.ts';
import { refused } from './handler-behavior.ts';
import { Idle } from './idle.ts';
import { Lifecycle } from './lifecycle.ts';
import { ActorMonitor } from './process.ts';
import type { Message } from './protocol.ts';
import { handleInside } from './reentrance.ts';
import type { Runnable, Scheduler } from './scheduler.ts';
import { isSignal, type Signal } from './signal.ts';
import { enterMode } from './state-enter.ts';
import { deathPact, handlerTimeout, notTaken } from './step-errors.ts';

/** How long one actor may handle messages in a row, in ms. */
const BATCH_MS = 1;
/** Handled messages that stay in the mailbox's slots before an actor gets a flight recorder: most have few. */
const FEW = 4;
/** One of so many messages, less one, that are handled on the spot is measured. A power of two, less one. */
const SAMPLE = 15;
const tell: DeliveryInfo = { id: undefined };
const soon = Promise.resolve();
const none: readonly Action[] = [];

/**
 * One actor: its messages are handled one at a time, in order; what a handler wants done happens once it has succeeded;
 * a crash leaves the state as it was before the message, and those behind it wait for the restart.
 */
export class ActorCell extends Lifecycle implements Runnable {
  #current: Item | undefined = undefined;
  #step: AsyncStep | undefined = undefined;
  #isScheduled = false;
  #recorder: FlightRecorder | undefined = undefined;
  #idle: Idle | undefined = undefined;
  handled = 0;
  busyMs = 0;

  protected get isBusy(): boolean {
    return this.#current !== undefined;
  }

  get currentAsk(): Ask | undefined {
    return this.#current instanceof Ask ? this.#current : undefined;
  }

  /** What its handler is busy with. */
  get underWay(): Item | undefined {
    return this.#current;
  }

  historyBefore(message: Message | undefined): readonly FlightEntry[] {
    this.#note();
    const entries = this.#recorder?.entriesBefore(message) ?? [];
    return entries.map((entry) => ({ ...entry, message: this.kind.redact(entry.message) as Message }));
  }

  wake(): void {
    if (this.#isScheduled || this.#current !== undefined) return;
    if (this.phase === 'running') {
      this.#isScheduled = true;
      if (this.#idle) this.kernel.deadlines.remove(this.#idle);
      this.kernel.scheduler.schedule(this);
    } else if (this.phase === 'passive') {
      this.awake();
    }
  }

  run(scheduler: Scheduler): boolean {
    const began = scheduler.now;
    const mayGoOn = this.#runBatch(scheduler, began);
    if (this.#recorder !== undefined || this.taken >= FEW) this.#note();
    if (this.kernel.watch) this.busyMs += scheduler.now - began;
    if (mayGoOn) return true;
    this.#isScheduled = false;
    this.#rest();
    return false;
  }

  /** Nothing is left to do: from now on it is idle. */
  #rest(): void {
    if (this.#idle === undefined || this.phase !== 'running' || this.#current !== undefined) return;
    this.kernel.deadlines.remove(this.#idle);
    this.kernel.deadlines.add(this.#idle, this.#idle.afterMs);
  }

  protected handleNow(ask: Ask): boolean {
    if (this.#isScheduled || this.#current !== undefined || this.phase !== 'running') return false;
    const { scheduler } = this.kernel;
    if (this.kind.memory !== undefined || !ask.isOpen || !scheduler.enter(this)) return false;
    this.#isScheduled = true;
    // Its time is measured every so often and counted that many times: the clock costs as much as a handler.
    const isMeasured = this.kernel.watch && (this.handled & SAMPLE) === SAMPLE;
    const began = isMeasured ? scheduler.readClock() : 0;
    if (this.kind.recordLimit > 0) this.#record(ask);
    this.transitions?.messageTaken();
    try {
      this.#handle(ask);
    } catch (error) {
      this.crash(error);
    }
    if (isMeasured) this.busyMs += (scheduler.readClock() - began) * (SAMPLE + 1);
    this.#isScheduled = false;
    scheduler.leave();
    if (this.hasNext) this.wake();
    else this.#rest();
    return true;
  }

  broke(error: unknown): void {
    this.#isScheduled = false;
    this.crash(error);
  }

  /** Puts what was taken from the mailbox into the flight recorder. */
  #note(): void {
    const { recordLimit } = this.kind;
    if (recordLimit > 0) this.#recorder ??= new FlightRecorder(recordLimit);
    this.forgetTaken(recordLimit, this.#recorder);
  }

  /** For what does not come through the mailbox. */
  #record(item: Item): void {
    this.#note();
    this.#recorder?.record(item);
  }

  /** Whether messages are left that may be handled at once. */
  #runBatch(scheduler: Scheduler, began: number): boolean {
    let count = 0;
    let readAt = 1;
    while (this.phase === 'running') {
      if (this.cold?.hasDue(this.length === 0)) {
        this.#handleUrgent();
      } else {
        const item = this.#next();
        if (item === undefined) break;
        this.#handle(item);
      }
      if (this.#current !== undefined) break;
      if (++count < readAt) continue;
      readAt = count * 2;
      if (scheduler.readClock() - began > BATCH_MS || count >= limits.batch) return this.hasNext;
    }
    if (count * 2 !== readAt) scheduler.readClock();
    return false;
  }

  protected get hasNext(): boolean {
    if (this.phase !== 'running') return false;
    return this.length > 0 || (this.cold?.hasDue(true) ?? false) || (this.transitions?.hasNext ?? false);
  }

  #next(): Item | undefined {
    const { transitions } = this;
    if (transitions === undefined) return this.#take();
    const first = transitions.take();
    if (first !== undefined) {
      this.#record(first);
      return first;
    }
    const item = this.#take();
    if (item !== undefined) transitions.messageTaken();
    return item;
  }

  #take(): Item | undefined {
    if (this.cold !== undefined && this.cold.behind.length > 0) this.cold.passed(1);
    return this.take();
  }

  #handle(item: Item): void {
    let outcome: Outcome | undefined | Promise<Outcome | undefined>;
    this.#current = item;
    try {
      const behavior = this.behavior as Behavior; // it runs
      if (item instanceof Ask) {
        if (!item.isOpen) {
          this.#endStep();
          return;
        }
        outcome = this.kernel.traces.isOn
          ? this.#traced(behavior, item.message, item, item)
          : behavior.receive(this.state, item.message, this, item);
      } else if (this.kernel.traces.isOn) {
        outcome = this.#traced(behavior, item, item, tell);
      } else {
        outcome = behavior.receive(this.state, item, this, tell);
      }
    } catch (error) {
      this.#fail(error, item);
      return;
    }
    if (outcome instanceof Promise) this.#await(outcome, item);
    else this.#succeed(outcome, item);
  }

  #traced(behavior: Behavior, message: Message, item: Item, delivery: DeliveryInfo): MaybeOutcome {
    const receive = () => behavior.receive(this.state, message, this, delivery);
    return this.kernel.traces.turn(this.address, item, message.type, receive);
  }

  #handleUrgent(): void {
    const next = this.coldFields.takeDue();
    if (next instanceof Posted) {
      this.#handle(next.message);
      return;
    }
    const signal = next instanceof ActorMonitor ? next.signal : next;
    if (next instanceof ActorMonitor) next.signal = undefined;
    if (!signal) return; // its monitor was taken back
    this.#current = signal;
    this.#record(signal);
    try {
      const { behavior } = this;
      const outcome = behavior?.signal ? behavior.signal(this.state, signal, this) : refused;
      if (outcome instanceof Promise) this.#await(outcome, signal);
      else this.#succeed(outcome, signal);
    } catch (error) {
      this.#fail(error, signal);
    }
  }

  #await(promise: Promise<Outcome | undefined>, item: Item): void {
    if (this.#current !== item) {
      promise.catch(() => {}); // it ended meanwhile, and its ask was told
      return;
    }
    const step = new AsyncStep(item, () => this.#fail(handlerTimeout(this, item), item));
    this.#step = step;
    if (this.kind.handlerTimeoutMs !== Number.POSITIVE_INFINITY) {
      this.kernel.deadlines.add(step, this.kind.handlerTimeoutMs);
    }
    for (const ask of this.context.takeWaits()) this.waitFor(ask);
    promise.then(
      (outcome) => {
        if (!step.isOver) step.settle(() => this.#settled(() => this.#succeed(outcome, item)));
      },
      (error: unknown) => {
        if (step.isOver) this.kernel.services.logger.debug('failed after its end', { address: this.address, error });
        else this.#settled(() => this.#fail(error, item));
      },
    );
  }

  #settled(finish: () => void): void {
    finish();
    const { pendingStop } = this.cold ?? {};
    if (this.phase === 'stopping' && pendingStop && this.#current === undefined) this.terminate(pendingStop.reason);
    else if (this.hasNext) this.wake();
    else this.#rest();
  }

  /** The handler under way waits for this ask from now on, or once it turns out to wait at all. */
  waitFor(ask: OpenWait, isInner = false): void {
    if (!ask.isOpen) return;
    if (this.#step || isInner) trackWait(ask, this.kernel.waits, this.kernel.deadlockResolved);
    else this.context.addWait(ask);
  }

  get step(): () => boolean {
    const item = this.#current;
    const { handled, incarnation } = this;
    return () =>
      item !== undefined && this.#current === item && this.handled === handled && this.incarnation === incarnation;
  }

  /** @param isKept The message waits for another turn. */
  #endStep(isKept = false): void {
    if (!isKept && this.#current !== undefined) this.letGo(this.#current);
    this.#current = undefined;
    const step = this.#step;
    if (!step) return;
    this.#step = undefined;
    step.isOver = true;
    this.kernel.deadlines.remove(step);
    removeWaits(this);
  }

  #succeed(outcome: Outcome | undefined, item: Item): void {
    if (this.#current !== item) return;
    if (outcome === refused) {
      this.#refuse(item);
      return;
    }
    if (outcome !== undefined) {
      if (outcome.actions !== undefined || this.transitions !== undefined || this.behavior?.enter !== undefined) {
        this.#transition(outcome, item);
        return;
      }
      if (outcome.state !== undefined) this.state = outcome.state;
    }
    this.#endStep();
    this.handledOne(item);
    if (item instanceof Ask && !item.isDeferred) item.reply(outcome?.reply);
    if (this.hasEffects || outcome?.effects !== undefined) this.#perform(outcome?.effects);
  }

  #perform(effects: Outcome['effects']): void {
    this.hasEffects = false;
    this.context.perform(effects);
  }

  handledOne(item: Item, isPostponed = false): void {
    this.handled++;
    if (this.cold?.tries !== undefined && !isPostponed) this.cold.tries.delete(item);
    const { behavior } = this;
    if (behavior === undefined || !behavior.hasModes) return;
    this.#note();
    this.#recorder?.recordMode(modeForRecord(behavior, this.state));
  }

  /** A step with actions, or of an actor that has modes: in the order of gen_statem. */
  #transition(outcome: Outcome, item: Item): void {
    const actions: Action[] = [...(outcome.actions ?? none)];
    const { incarnation } = this;
    let isChanged = false;
    try {
      isChanged = this.#change(outcome, actions, item);
    } catch (error) {
      this.#fail(error, item);
      return;
    }
    if (this.#current !== item) return; // `enter` has ended it
    const stop = actions.find((action) => action.kind === 'stop');
    const isPostponed = actions.some(({ kind }) => kind === 'postpone');
    this.#endStep(isPostponed);
    this.handledOne(item, isPostponed);
    if (item instanceof Ask && !item.isDeferred && !isPostponed) {
      if (stop && !('reply' in outcome)) item.fail(this.endedError(stop.reason));
      else item.reply(outcome.reply);
    }
    this.#carryOut(actions, outcome.effects, isSignal(item) ? undefined : item, isChanged);
    if (stop && this.isStill(incarnation)) this.terminate(stop.reason);
  }

  /** Takes over the new state, and enters its mode if that is another. The actions of `enter` join the others. */
  #change(outcome: Outcome, actions: Action[], item: Item): boolean {
    const { behavior } = this;
    if (!behavior) return false;
    const previousMode = behavior.mode(this.state);
    let { state } = this;
    if (outcome.state !== undefined) state = outcome.state;
    const isChanged = !Object.is(behavior.mode(state), previousMode);
    if (behavior.enter && (isChanged || actions.some(({ kind }) => kind === 'again'))) {
      state = enterMode(this.kind.type, behavior, this, { state, previousMode }, actions);
    }
    if (this.#current === item) this.state = state;
    return isChanged;
  }

  #carryOut(actions: readonly Action[], effects: Outcome['effects'], item: Item | undefined, isChanged: boolean): void {
    for (const action of actions) if (action.kind === 'reply') action.to.reply(action.value);
    if (actions.length > 0 || this.transitions) this.needsTransitions.apply(actions, item, isChanged);
    // Last: what these bring about may end it.
    if (this.hasEffects || effects !== undefined) this.#perform(effects);
  }

  protected entered(): void {
    this.#startIdle();
    const { behavior, incarnation, state } = this;
    if (!behavior?.enter) return;
    const actions: Action[] = [];
    try {
      const previousMode = behavior.mode(state);
      const entered = enterMode(this.kind.type, behavior, this, { state, previousMode }, actions);
      if (!this.isStill(incarnation)) return;
      this.state = entered;
    } catch (error) {
      if (this.isStill(incarnation)) this.#crashed(error, undefined);
      return;
    }
    this.#carryOut(actions, undefined, undefined, false);
    const stop = actions.find((action) => action.kind === 'stop');
    if (stop && this.isStill(incarnation)) this.terminate(stop.reason);
  }

  #refuse(item: Item): void {
    this.#endStep();
    if (isSignal(item)) {
      this.#unhandled(item);
      return;
    }
    const error = notTaken(this.kind.type, item instanceof Ask ? item.message : item);
    if (item instanceof Ask) item.fail(error);
    else this.kernel.services.logger.warn('message refused', { address: this.address, error });
  }

  refuse(error: Error): void {
    const item = this.#current;
    if (item instanceof Ask) {
      item.isDeferred = true; // answered here, not by what the step returns
      item.fail(error);
    } else if (item !== undefined && !isSignal(item)) {
      this.kernel.services.logger.warn('message refused', { address: this.address, error });
      this.bury(item, 'dropped');
    }
  }

  #unhandled(signal: Signal): void {
    if (signal.type === 'down') this.#crashed(deathPact(this.address, signal), signal);
    else if (signal.type === 'exit' && !isCleanExit(signal.reason)) this.#crashed(signal.reason, signal);
  }

  crash(error: unknown): void {
    if (!this.isAlive || (this.phase === 'stopping' && this.#current === undefined)) return;
    if (this.phase === 'starting') this.abortStart(error);
    else if (this.#current !== undefined) this.#fail(error, this.#current);
    else this.#crashed(error, undefined);
  }

  #fail(error: unknown, item: Item): void {
    if (this.#current !== item) return;
    const step = this.#step;
    this.#endStep(!isCleanExit(error));
    step?.abandonInner((ask) => crashedError(this.address, error, ask));
    if (!isCleanExit(error)) {
      this.#crashed(error, item);
      return;
    }
    if (item instanceof Ask) item.fail(this.endedError(error));
    this.terminate(error);
  }

  #crashed(error: unknown, item: Item | undefined): void {
    const cold = this.coldFields;
    cold.lastError = error;
    cold.failures++;
    this.kernel.reportCrash(crashReport(this, error, item));
    if (item && !isSignal(item)) retryOrBury(this, error, item);
    this.terminate(error);
  }

  protected abandonStep(reason: ExitReason): void {
    const item = this.#current;
    const step = this.#step;
    this.#endStep();
    step?.abandonInner(() => this.endedError(reason));
    if (item instanceof Ask) item.fail(this.endedError(reason));
  }

  protected interleave(ask: Ask): boolean {
    // Also when it is to stop: what is under way is done first.
    if (!this.kind.isReentrant || this.#current === undefined || !isReentrantCall(ask)) return false;
    // While the first part of the handler is on the stack, it has the word.
    if (this.#step) handleInside(this, ask, this.#step);
    else this.#interleaveSoon(ask, this.#current, this.handled);
    return true;
  }

  /** Once the handler that asked waits; if it has ended instead, the ask waits its turn as any other. */
  #interleaveSoon(ask: Ask, asker: Item, handled: number): void {
    void soon.then(() => {
      if (!ask.isOpen) return;
      const step = this.#current === asker && this.handled === handled ? this.#step : undefined;
      try {
        if (step) handleInside(this, ask, step);
        else this.admit(ask);
      } catch (error) {
        ask.fail(error);
      }
    });
  }

  #startIdle(): void {
    const { passivateAfterMs } = this.kind.options;
    if (passivateAfterMs === undefined || passivateAfterMs === Number.POSITIVE_INFINITY) return;
    this.#idle ??= new Idle(passivateAfterMs, () => this.#sleep());
    this.kernel.deadlines.remove(this.#idle);
    this.kernel.deadlines.add(this.#idle, passivateAfterMs);
  }

  #sleep(): void {
    if (this.phase !== 'running' || !this.#idle) return;
    if (this.#isIdle) this.passivate();
    else this.#startIdle();
  }

  /** Nothing of it is under way that a sleep would lose. */
  get #isIdle(): boolean {
    if (this.#current !== undefined || this.hasNext || this.transitions?.isBusy) return false;
    if (this.behavior?.isBusy(this.state) || (this.bonds?.timers.size ?? 0) > 0) return false;
    const { cold } = this;
    return (
      !cold || ((cold.deferred?.size ?? 0) === 0 && (cold.children?.size ?? 0) === 0 && (cold.retries?.size ?? 0) === 0)
    );
  }

  inspect(): TreeNode {
    return cellNode(this);
  }
}
