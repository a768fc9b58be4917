import {
  type ChildPlace,
  type ExitReason,
  isCleanExit,
  limits,
  StartTimeoutError,
  type WaitEdge,
  type Waiter,
} from '@jaegis/core';
import type { OpenWait } from '../deadlock/far-wait.ts';
import { Children } from '../supervisor/children.ts';
import type { Ask, Item } from './ask.ts';
import { endBonds } from './bonds.ts';
import { CellContext } from './cell-context.ts';
import { ColdFields, type FarUrgent, Posted } from './cold-fields.ts';
import { type ActorDefinition, type Behavior, type BehaviorHost, ignore } from './contract.ts';
import { endRetries } from './crash.ts';
import type { Effect } from './effect.ts';
import { Inbox } from './inbox.ts';
import { keep, keptState } from './kept-state.ts';
import { LateStart } from './late-start.ts';
import {
  type ActorMonitor,
  ignored,
  type Process,
  refOf,
  type StartOrders,
  type StartResult,
  started,
} from './process.ts';
import type { Message, Protocol } from './protocol.ts';
import type { NodeSignal } from './signal.ts';
import { endedError } from './step-errors.ts';
import { type Final, StopHost } from './stop-host.ts';
import { Transitions } from './transitions.ts';

/** `idle`: not started, ended, or between two incarnations. `passive`: asleep, with all its bonds, until a message comes. */
export type Phase = 'idle' | 'starting' | 'running' | 'stopping' | 'passive';

/**
 * The side of an actor that lives and dies: starts, exit signals, the order of its end. What can be done at once is
 * done at once, so that a crash and the restart after it take no turn of the event loop.
 */
export abstract class Lifecycle extends Inbox implements BehaviorHost, Waiter {
  phase: Phase = 'idle';
  behavior: Behavior | undefined = undefined;
  state: unknown = undefined;
  /** What it waits for, see the wait graph. */
  waits: WaitEdge | undefined = undefined;
  cold: ColdFields | undefined = undefined;
  hasEffects = false;
  protected transitions: Transitions | undefined = undefined;
  #context: CellContext | undefined = undefined;

  /** Whether something waits that can be handled now. */
  protected abstract get hasNext(): boolean;
  /** Whether a handler is under way. */
  protected abstract get isBusy(): boolean;
  /** The handler under way is over: its result counts no more, and its ask fails. */
  protected abstract abandonStep(reason: ExitReason): void;
  /** The first state is there. Calls `enter`. */
  protected abstract entered(): void;
  /** The ask that the handler under way answers. */
  abstract get currentAsk(): Ask | undefined;
  /** The handler under way waits for this ask. */
  abstract waitFor(ask: OpenWait, isInner: boolean): void;
  abstract get step(): () => boolean;

  get isAlive(): boolean {
    return this.phase !== 'idle';
  }

  get priority(): number {
    return this.kind.options.priority ?? 0;
  }

  get reentrant(): boolean {
    return this.kind.isReentrant;
  }

  get context(): CellContext {
    this.#context ??= new CellContext(this, undefined);
    return this.#context;
  }

  get input(): unknown {
    return this.cold?.input;
  }

  /** Made when first needed. */
  get coldFields(): ColdFields {
    this.cold ??= new ColdFields();
    return this.cold;
  }

  get lifeSignal(): AbortSignal {
    return this.coldFields.lifeSignal(this.phase === 'idle');
  }

  get trapsExits(): boolean {
    return this.cold?.trapsExits ?? this.kind.options.trapExits ?? false;
  }

  protected get needsTransitions(): Transitions {
    this.transitions ??= new Transitions(this.kernel, () => this.wake());
    return this.transitions;
  }

  takeEffects(): readonly Effect[] {
    return this.#context?.takeEffects() ?? [];
  }

  post(message: Message): void {
    if (!this.isAlive) return;
    this.coldFields.urgent.push(new Posted(message));
    this.wake();
  }

  abstract crash(error: unknown): void;
  abstract refuse(error: Error): void;

  begin(orders: StartOrders): StartResult | Promise<StartResult> {
    this.incarnation++;
    this.phase = 'starting';
    this.isOpen = true;
    try {
      if (orders.register !== undefined) this.kernel.names.register(orders.register, this);
      const state = this.startBehavior();
      return state instanceof Promise ? this.#startLater(state, orders.startTimeoutMs) : this.#started(state);
    } catch (error) {
      return this.#notStarted(error);
    }
  }

  shutdown(reason: ExitReason, waitMs: number, isGentle = false): Promise<void> | undefined {
    if (this.phase === 'starting') this.abortStart(reason);
    else if (this.phase === 'passive') this.terminate(reason);
    else if (this.phase === 'running') this.stopSoon(reason, isGentle);
    if (!this.isAlive) return undefined;
    return new Promise((resolve) => {
      const { clock } = this.kernel.services;
      const end = () => this.kill(isGentle ? reason : 'killed');
      const timer = waitMs === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(waitMs, end);
      this.coldFields.onEnded.push(() => {
        clock.clearTimer(timer);
        resolve();
      });
    });
  }

  kill(reason: ExitReason): void {
    if (!this.isAlive) return;
    if (this.phase === 'starting') {
      this.abortStart(reason);
      return;
    }
    this.abandonStep(reason);
    this.#endContext();
    this.cold?.children?.kill(reason);
    this.#preserve();
    void this.#stopBehavior(reason, true); // nobody waits for it
    this.#ended(reason);
  }

  release(why?: unknown): void {
    this.isOpen = false;
    const { cold } = this;
    if (cold) cold.kept = undefined;
    if (cold?.retries) endRetries(this, cold.retries);
    this.empty(why);
  }

  adopt(startable: { readonly kind: string }, place?: ChildPlace): boolean {
    if (startable.kind !== 'actor' || place !== undefined) return false;
    this.kind = this.kernel.kindOf(startable as ActorDefinition<Protocol>); // of that kind
    return true;
  }

  child(id: string): Process | undefined {
    return this.cold?.children?.child(id);
  }

  receiveDown(monitor: ActorMonitor): void {
    if (this.isAlive) this.#signal(monitor, monitor.isInOrder);
  }

  receiveNode(signal: NodeSignal): void {
    if (this.isAlive) this.#signal(signal, true);
  }

  /** @param isInOrder Messages that are here already go before it. */
  #signal(signal: FarUrgent, isInOrder: boolean): void {
    this.coldFields.add(signal, isInOrder ? this.length : undefined);
    this.wake();
  }

  override putBack(item: Item): void {
    super.putBack(item);
    this.cold?.passed(-1);
  }

  receiveExit(from: Process | undefined, reason: ExitReason, sent: boolean): void {
    if (!this.isAlive) return;
    if (sent && reason === 'kill') {
      this.kill('killed');
      return;
    }
    if (this.phase === 'stopping') return;
    if (this.trapsExits) {
      this.#signal({ type: 'exit', from: refOf(from), reason }, from?.isFar === true);
      return;
    }
    if (reason === 'normal' && from !== this) return;
    if (this.phase === 'starting') {
      this.abortStart(reason);
      return;
    }
    this.abandonStep(reason);
    this.terminate(reason);
  }

  protected abortStart(reason: ExitReason): void {
    const cold = this.coldFields;
    if (cold.abortStart) cold.abortStart(reason);
    else cold.pendingStop = { reason }; // its start function is on the stack
  }

  /** Ends in order: after the handler under way, if there is one. */
  stopSoon(reason: ExitReason, isGentle = false): void {
    if (this.phase !== 'running') return;
    if (!this.isBusy) {
      this.terminate(reason);
      return;
    }
    this.phase = 'stopping';
    this.coldFields.pendingStop = { reason };
    if (!isGentle) this.cold?.life?.abort(reason);
  }

  /** Whether this incarnation goes on, or ends in order and is not done yet with what is under way. */
  protected isStill(incarnation: number): boolean {
    return this.incarnation === incarnation && (this.phase === 'running' || this.cold?.pendingStop !== undefined);
  }

  /** The children of this actor, which end with it. */
  get children(): Children {
    const cold = this.coldFields;
    cold.children ??= new Children(this.kernel, {
      path: () => this.path,
      kind: 'actor',
      onGiveUp: (error) => this.crash(error),
      onShutdown: () => this.stopSoon('shutdown'),
    });
    return cold.children;
  }

  /** Sleeps: leaves memory but for its bonds and its preserved state. */
  protected passivate(): void {
    this.#preserve();
    this.#endContext();
    const stopped = this.#stopBehavior({ shutdown: 'passivated' }, false);
    this.behavior = this.state = this.transitions = undefined;
    this.phase = 'passive';
    if (stopped instanceof Promise) this.#rest(stopped);
    this.home.childSleeps?.(this);
  }

  /** It neither wakes nor ends before its stop function is done, or has had its time. */
  #rest(stopped: Promise<unknown>): void {
    const cold = this.coldFields;
    const { clock } = this.kernel.services;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waitMs = this.home.stopMs?.(this) ?? limits.shutdownMs;
    const timer = waitMs === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(waitMs, resolve);
    void stopped.then(() => resolve());
    const resting = promise.then(() => {
      clock.clearTimer(timer);
      if (cold.resting !== resting) return; // it was killed
      cold.stopping?.close();
      cold.resting = cold.stopping = undefined;
    });
    cold.resting = resting;
  }

  protected awake(): void {
    const cold = this.coldFields;
    const wake = new LateStart(this.kernel.services.clock);
    const settle = (finish: () => void) =>
      wake.settle(() => {
        cold.abortStart = undefined;
        this.phase = 'running';
        finish();
      });
    const failed = (end: () => void) =>
      settle(() => {
        this.behavior = undefined;
        end();
      });
    const fail = (error: unknown) => failed(() => this.crash(error));
    const begin = () => {
      if (wake.isOver) return;
      const ms = limits.startTimeoutMs;
      wake.limit(ms, () => fail(new StartTimeoutError(`${this.address} did not wake in ${ms} ms.`)));
      try {
        const state = this.startBehavior();
        if (state instanceof Promise) state.then((first) => settle(() => this.#awoken(first)), fail);
        else settle(() => this.#awoken(state));
      } catch (error) {
        fail(error);
      }
    };
    this.phase = 'starting';
    cold.abortStart = (reason) => failed(() => this.terminate(reason));
    if (cold.resting === undefined) begin();
    else void cold.resting.then(begin);
  }

  #awoken(state: unknown): void {
    if (state === ignore) {
      this.behavior = undefined;
      this.terminate('normal');
      return;
    }
    this.state = state;
    if (this.cold) this.cold.kept = undefined;
    this.wake();
  }

  /** Ends this incarnation: children first, then the behaviour, then the bonds. */
  protected terminate(reason: ExitReason): void {
    const { incarnation, cold } = this;
    this.phase = 'stopping';
    if (cold) cold.pendingStop = undefined;
    cold?.life?.abort(reason);
    this.#endContext();
    if (!isCleanExit(reason)) this.#preserve();
    const children = cold?.children?.shutdown();
    if (children !== undefined) void children.then(() => this.#finish(reason, incarnation));
    else this.#finish(reason, incarnation);
  }

  #finish(reason: ExitReason, incarnation: number): void {
    if (this.incarnation !== incarnation || this.phase !== 'stopping') return; // it was killed meanwhile
    const { resting } = this.cold ?? {};
    if (resting !== undefined) {
      void resting.then(() => this.#finish(reason, incarnation));
      return;
    }
    const stopped = this.#stopBehavior(reason, false);
    if (stopped instanceof Promise) void stopped.then((final) => this.#endRest(final.reason, incarnation));
    else this.#endRest(stopped.reason, incarnation);
  }

  /** What the stop function has spawned ends too. */
  #endRest(reason: ExitReason, incarnation: number): void {
    const ended = () => {
      if (this.incarnation === incarnation && this.phase === 'stopping') this.#ended(reason);
    };
    if (this.cold?.children?.shutdown()?.then(ended) === undefined) ended();
  }

  /** The reason to end with: what the stop function threw, if it did. What it tells leaves when it has succeeded. */
  #stopBehavior(reason: ExitReason, isKilled: boolean): Final | Promise<Final> {
    const host = new StopHost(this);
    const failed = (error: unknown): Final => {
      this.kernel.reportEnd(this.address, 'stop failed', error);
      return { reason: error };
    };
    const succeeded = (): Final => {
      host.perform();
      return { reason };
    };
    try {
      const stopped = this.behavior?.stop(this.state, reason, host, isKilled);
      if (isKilled) host.close();
      if (!(stopped instanceof Promise)) return succeeded();
      this.coldFields.stopping = host;
      return stopped.then(succeeded, failed);
    } catch (error) {
      return failed(error);
    }
  }

  #ended(reason: ExitReason): void {
    const { cold } = this;
    this.phase = 'idle';
    this.behavior = this.state = undefined;
    this.#endContext();
    const kept = this.transitions?.reset() ?? [];
    if (cold?.again) kept.unshift(cold.again);
    for (const item of kept.reverse()) this.putBack(item);
    if (cold) this.#endCold(cold, reason);
    endBonds(this, reason, this.kernel);
    this.home.childEnded(this, reason);
    if (cold) for (const listener of cold.onEnded.splice(0)) listener();
  }

  /** Whoever still holds it belongs to an incarnation that is over. */
  #endContext(): void {
    this.#context?.close();
    this.#context = undefined;
  }

  #endCold(cold: ColdFields, reason: ExitReason): void {
    for (const ask of cold.end(reason)) ask.fail(this.endedError(reason));
    if (isCleanExit(reason)) cold.kept = undefined;
  }

  /** What an ask is told that this end has cut off. */
  protected endedError(reason: ExitReason): Error {
    return endedError(this.address, reason);
  }

  /** @throws MigrationRefusedError; the kept state then stays where it is. */
  protected startBehavior(): unknown {
    return this.kernel.scheduler.as(this, () => {
      this.behavior = this.kind.makeBehavior();
      return this.behavior.start(keptState(this.kind, this.cold?.kept), this);
    });
  }

  #preserve(): void {
    const { behavior, kind, state } = this;
    const kept = keep(kind, behavior, state, () => this.address, this.kernel.services.logger);
    if (kept) this.coldFields.kept = kept;
  }

  #started(state: unknown): StartResult | Promise<StartResult> {
    if (state === ignore) {
      const over = this.#endStart('normal');
      return over !== undefined ? over.then(() => ignored) : ignored;
    }
    const { cold } = this;
    if (cold?.pendingStop) return this.#notStarted(cold.pendingStop.reason);
    this.state = state;
    if (cold) cold.kept = undefined;
    this.phase = 'running';
    this.entered();
    if (this.hasNext) this.wake();
    return started;
  }

  #notStarted(error: unknown): StartResult | Promise<StartResult> {
    const cold = this.coldFields;
    cold.lastError = error;
    cold.failures++;
    const over = this.#endStart(error);
    const failed: StartResult = { kind: 'failed', error };
    return over !== undefined ? over.then(() => failed) : failed;
  }

  /** What the attempt has made ends before the next one begins. */
  #endStart(reason: ExitReason): Promise<void> | undefined {
    this.phase = 'stopping';
    this.cold?.life?.abort(reason);
    this.#endContext();
    const over = () => {
      this.phase = 'idle';
      this.behavior = this.state = undefined;
      this.#endContext();
      this.transitions?.reset();
      const { cold } = this;
      const { kept } = cold ?? {};
      if (cold) {
        this.#endCold(cold, reason);
        cold.kept = kept;
      }
      endBonds(this, reason, this.kernel);
      if (cold) for (const listener of cold.onEnded.splice(0)) listener();
    };
    const children = this.cold?.children?.shutdown();
    if (children !== undefined) return children.then(over);
    over();
    return undefined;
  }

  #startLater(state: Promise<unknown>, timeoutMs: number): Promise<StartResult> {
    const cold = this.coldFields;
    const start = new LateStart(this.kernel.services.clock);
    return new Promise((resolve) => {
      const settle = (result: () => StartResult | Promise<StartResult>) =>
        start.settle(() => {
          cold.abortStart = undefined;
          resolve(result());
        });
      const late = () => this.#notStarted(new StartTimeoutError(`${this.address} did not start in ${timeoutMs} ms.`));
      start.limit(timeoutMs, () => settle(late));
      cold.abortStart = (reason) => settle(() => this.#notStarted(reason));
      state.then(
        (first) => settle(() => this.#started(first)),
        (error) => settle(() => this.#notStarted(error)),
      );
      // It was told to stop while the first part of its start function was on the stack.
      if (cold.pendingStop) cold.abortStart(cold.pendingStop.reason);
    });
  }
}
