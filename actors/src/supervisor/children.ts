import {
  ActorStoppedError,
  autoShutdown,
  type ExitReason,
  groupPlan,
  InvalidDefinitionError,
  type JaegisError,
  limits,
  RestartWindow,
  restartPlan,
  type TreeNode,
} from '@jaegis/core';
import { ignore } from '../run/contract.ts';
import type { Kernel } from '../run/kernel.ts';
import { type Home, ignored, type Process, type StartResult } from '../run/process.ts';
import type { SpawnOptions } from '../run/spawn-options.ts';
import { Child, noArgs } from './child.ts';
import { gaveUp } from './give-up.ts';
import { inTime } from './in-time.ts';
import { badStart, bind, checkName, plainFlags, specOf } from './spawning.ts';
import { type FullChildSpec, isStartable, type Startable, type SupervisorFlags } from './spec.ts';

/** Whose children they are. Both calls come when all children have ended. */
export interface Parent {
  readonly kind: Home['kind'];
  path(): string;
  /** Children ended more often than is allowed. */
  onGiveUp(error: JaegisError): void;
  /** Significant children have ended. */
  onShutdown(): void;
}

/**
 * The children of a supervisor, of an actor or of the node, and the rules of OTP's supervisor over them: started in
 * order, stopped in reverse, restarted by the strategy, given up when they end too often.
 */
export class Children implements Home {
  readonly kernel: Kernel;
  readonly #parent: Parent;
  flags: SupervisorFlags;
  readonly #list = new Map<string, Child>();
  readonly #window = new RestartWindow();
  #spawned = 0;
  #isStopping = false;
  /** Counts the times that all were ended: what began in one goes on in no other. */
  #era = 0;
  /** The end of all, while it is under way. */
  #ending: Promise<void> | undefined = undefined;
  #restarts = 0;
  /** Operations and restarts of groups, one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(kernel: Kernel, parent: Parent, flags: SupervisorFlags = plainFlags) {
    this.kernel = kernel;
    this.#parent = parent;
    this.flags = flags;
  }

  get kind(): 'actor' {
    return 'actor';
  }

  get size(): number {
    return this.#list.size;
  }

  get restartCount(): number {
    return this.#restarts;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  get #isGroup(): boolean {
    return this.flags.strategy === 'one_for_all' || this.flags.strategy === 'rest_for_one';
  }

  pathOf(id: string): string {
    return `${this.#parent.path()}/${id}`;
  }

  addressOf(id: string): string {
    return `${this.kernel.node}${this.pathOf(id)}`;
  }

  keyOf(id: string): string {
    return id;
  }

  stopMs(process: Process): number {
    const shutdown = this.of(process)?.spec.shutdown;
    if (shutdown === 'infinity') return Number.POSITIVE_INFINITY;
    return typeof shutdown === 'number' ? shutdown : limits.shutdownMs;
  }

  get(id: string): Child | undefined {
    return this.#list.get(id);
  }

  child(id: string): Process | undefined {
    return this.#list.get(id)?.process;
  }

  of(process: Process): Child | undefined {
    const child = this.#list.get(process.id);
    return child?.process === process ? child : undefined;
  }

  /** Whether it does not live now, but will again by itself. */
  restarts(process: Process): boolean {
    const phase = this.of(process)?.phase;
    return phase === 'restarting' || phase === 'starting';
  }

  list(): Child[] {
    return [...this.#list.values()];
  }

  inspect(): TreeNode[] {
    return this.list().flatMap(({ process }) => (process ? [process.inspect()] : []));
  }

  add(child: Child): void {
    this.#list.set(child.id, child);
  }

  /** A place for each of these, in this order, and no others. What was there before goes on under its ref. */
  arrange(specs: readonly FullChildSpec[]): Child[] {
    const known = new Map(this.#list);
    this.#list.clear();
    for (const spec of specs) {
      const child = known.get(spec.id) ?? new Child(spec.id, spec, noArgs, false);
      known.delete(spec.id);
      child.spec = spec;
      this.add(child);
    }
    for (const child of known.values()) this.drop(child);
    return this.list();
  }

  /** Runs it when all that was asked for before is done. Its outcome is the caller's; the next one does not mind. */
  enqueue<T>(operation: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(operation);
    this.#last = result.catch(() => {});
    return result;
  }

  /** A number that no child before had for an id, and none has for a name. */
  nextId(): string {
    let id: string;
    do id = String(++this.#spawned);
    while (this.#list.has(id));
    return id;
  }

  /** Forgets a child that does not run. */
  drop(child: Child): void {
    if (this.#list.get(child.id) === child) this.#list.delete(child.id);
    this.#cancelWait(child);
    child.unguard(this.kernel.doors);
    child.process?.release();
  }

  /**
   * Starts a child of an actor, or of the root. @throws NameTakenError, InvalidDefinitionError, ActorStoppedError while
   * all are being ended, and what its start threw at once; a start that fails later is a failure like any other.
   */
  spawn(startable: Startable, options: SpawnOptions, parent?: Process): Process {
    const { child, result } = this.launch(startable, options, parent);
    if (result instanceof Promise) this.#awaitRestart(child, result);
    else if (result.kind === 'failed') throw result.error;
    const { process } = child;
    if (!process) throw new InvalidDefinitionError(`${this.pathOf(child.id)}: a supervisor is started by supervise.`);
    return process;
  }

  /** The same, for a caller who sees to the result. A child whose start fails at once is forgotten. */
  launch(
    startable: Startable,
    options: SpawnOptions,
    parent?: Process,
  ): { readonly child: Child; readonly result: StartResult | Promise<StartResult> } {
    if (this.#isStopping) throw new ActorStoppedError(`${this.#parent.path()} ends its children: it starts none.`);
    const id = options.name ?? this.nextId();
    if (options.name !== undefined) checkName(this.#parent.path(), options.name, this.#list.has(id));
    const child = new Child(id, specOf(this.#parent.path(), startable, options), noArgs, true);
    child.process = this.kernel.makeProcess(this, id, startable, options.input);
    child.guard(this.kernel.doors);
    this.#list.set(id, child);
    const result = this.#begin(child, child.process);
    if (!(result instanceof Promise) && result.kind === 'failed') this.drop(child);
    else if (parent) bind(parent, child.process, options);
    return { child, result };
  }

  /** Starts a child that does not run. A start that fails leaves it stopped. */
  start(child: Child): StartResult | Promise<StartResult> {
    child.phase = 'starting';
    child.turn++;
    child.endedEarly = undefined;
    const { start, args, startTimeoutMs } = child.spec;
    if (typeof start !== 'function') return this.#startAs(child, start);
    try {
      // The spec's own function takes its own arguments.
      const made = start(...([...args, ...child.args] as never[]));
      if (!(made instanceof Promise)) return this.#startAs(child, made);
      return this.#startFrom(child, made, startTimeoutMs);
    } catch (error) {
      return this.#settle(child, { kind: 'failed', error });
    }
  }

  /** Ends a child as its spec says; what waits for it is given back. Undefined: it has ended. */
  stop(child: Child, reason: ExitReason = 'shutdown', waitMs = child.waitMs): Promise<void> | undefined {
    this.#cancelWait(child);
    const { process } = child;
    child.cutStart();
    child.phase = 'stopping';
    child.order = child.spec.shutdown === 'brutal' ? 'killed' : reason;
    const ended = () => this.#stopped(child);
    if (process?.isAlive) {
      if (child.spec.shutdown === 'brutal') process.kill('killed');
      const waiting = process.shutdown(reason, waitMs);
      if (waiting !== undefined) return waiting.then(ended);
    }
    ended();
    return undefined;
  }

  /** Ends a child for good. */
  async stopChild(process: Process, reason?: ExitReason, waitMs?: number): Promise<void> {
    const child = this.of(process);
    if (child) await this.stop(child, reason, waitMs);
  }

  /** Ends all, the last one started first; under simple_one_for_one all at once. Undefined: they have ended. */
  shutdown(): Promise<void> | undefined {
    if (this.#ending !== undefined) return this.#ending;
    this.#isStopping = true;
    const era = ++this.#era;
    const waiting = this.#stopAll(era);
    if (waiting === undefined) {
      this.#emptied();
      return undefined;
    }
    this.#ending = waiting.then(() => {
      if (this.#era !== era) return; // they were killed meanwhile
      this.#ending = undefined;
      this.#emptied();
    });
    return this.#ending;
  }

  kill(reason: ExitReason): void {
    this.#isStopping = true;
    this.#era++;
    this.#ending = undefined;
    for (const child of this.list().reverse()) {
      this.#cancelWait(child);
      child.cutStart();
      child.phase = 'stopping';
      child.process?.kill(reason);
      child.process?.release();
      child.phase = 'stopped';
    }
    this.#emptied();
  }

  /** What waits for them is given back. */
  release(): void {
    for (const { process } of this.list()) process?.release();
  }

  childEnded(process: Process, reason: ExitReason): void {
    const child = this.of(process);
    if (!child) return;
    if (child.phase === 'starting') child.endedEarly = { reason };
    else if (child.phase === 'stopping') {
      if (!child.isEndInOrder(reason)) this.kernel.reportEnd(process.address, 'ended otherwise than ordered', reason);
      this.#stopped(child);
    } else if (child.phase === 'running') this.#ended(child, reason);
  }

  /** It has ended as it was ordered to: its id is free before anybody handles the news. */
  #stopped(child: Child): void {
    child.phase = 'stopped';
    if (child.isDynamic || child.spec.restart === 'temporary') this.drop(child);
    else child.process?.release();
  }

  /** A restart that is due is not made. */
  #cancelWait(child: Child): void {
    if (!child.waits) return;
    this.kernel.services.clock.clearTimer(child.waits.timer);
    child.waits.timer = undefined;
  }

  #startAs(child: Child, made: unknown): StartResult | Promise<StartResult> {
    if (made === ignore) return this.#settle(child, ignored);
    if (!isStartable(made)) return this.#settle(child, { kind: 'failed', error: badStart(child.id, made) });
    try {
      const process = this.#processFor(child, made);
      child.process = process;
      child.guard(this.kernel.doors);
      return this.#begin(child, process);
    } catch (error) {
      return this.#settle(child, { kind: 'failed', error });
    }
  }

  /** A ref stays good over restarts, also where another definition of the same sort comes back. */
  #processFor(child: Child, startable: Startable): Process {
    const { process } = child;
    const { on, input } = child.spec;
    if (process?.adopt(startable, on)) return process;
    process?.release();
    return this.kernel.makeProcess(this, child.id, startable, input, on);
  }

  #begin(child: Child, process: Process): StartResult | Promise<StartResult> {
    const { turn } = child;
    child.phase = 'starting';
    const result = process.begin(child.spec);
    return result instanceof Promise
      ? result.then((settled) => (child.turn === turn ? this.#settle(child, settled) : settled))
      : this.#settle(child, result);
  }

  async #startFrom(child: Child, made: Promise<unknown>, timeoutMs: number): Promise<StartResult> {
    const { turn } = child;
    const { promise, abort } = inTime(this.kernel.services.clock, made, timeoutMs, this.addressOf(child.id));
    child.abortStart = abort;
    try {
      const startable = await promise;
      return child.turn === turn ? this.#startAs(child, startable) : { kind: 'failed', error: 'shutdown' };
    } catch (error) {
      return child.turn === turn ? this.#settle(child, { kind: 'failed', error }) : { kind: 'failed', error };
    }
  }

  /** What came of a start. */
  #settle(child: Child, result: StartResult): StartResult {
    if (child.phase !== 'starting') return result; // it was ordered to stop
    if (result.kind !== 'started') {
      child.phase = 'stopped';
      if (result.kind === 'ignored') child.process?.release();
      if (result.kind === 'ignored' && (child.isDynamic || child.spec.restart === 'temporary')) this.drop(child);
      return result;
    }
    child.phase = 'running';
    if (child.waits) child.waits.startedMs = this.kernel.services.clock.monotonic();
    const { endedEarly } = child;
    child.endedEarly = undefined;
    if (endedEarly) this.#ended(child, endedEarly.reason);
    return result;
  }

  #ended(child: Child, reason: ExitReason): void {
    if (this.#isStopping) {
      child.phase = 'stopped';
      return;
    }
    const plan = restartPlan(child.spec.restart, reason);
    if (plan === 'restart') {
      this.#restart(child, reason);
      return;
    }
    child.phase = 'stopped';
    if (plan === 'remove' || child.isDynamic) this.drop(child);
    else child.process?.release();
    if (autoShutdown(this.flags.autoShutdown, child, this.#list.values()) === 'stay') return;
    this.#endWith(() => this.#parent.onShutdown());
  }

  #restart(child: Child, reason: ExitReason): void {
    child.phase = 'restarting';
    this.#inTurn(child, () => this.#countRestart(child, reason));
  }

  /** Where a group is restarted, in turn with all else: one that it takes along needs no restart of its own. */
  #inTurn(child: Child, act: () => Promise<void> | undefined): void {
    const era = this.#era;
    const isDue = () => this.#era === era && child.phase === 'restarting' && this.get(child.id) === child;
    if (this.#isGroup) void this.enqueue(() => (isDue() ? act() : undefined));
    else if (isDue()) void act();
  }

  #countRestart(child: Child, reason: ExitReason): Promise<void> | undefined {
    const now = this.kernel.services.clock.monotonic();
    if (child.process?.isLost !== true && this.#window.add(now, this.flags) === 'give-up') {
      this.#giveUp(child, reason);
      return undefined;
    }
    this.#restarts++;
    this.kernel.reportRestart(this.addressOf(child.id), reason);
    const waitMs = child.nextWaitMs(now, () => this.kernel.random.next());
    if (waitMs === undefined) return this.#restartNow(child);
    this.#later(child, waitMs, () => this.#inTurn(child, () => this.#restartNow(child)));
    return undefined;
  }

  #later(child: Child, waitMs: number, act: () => void): void {
    child.wait.timer = this.kernel.clock.setTimer(waitMs, act);
  }

  #restartNow(child: Child): Promise<void> | undefined {
    if (this.#isGroup) return this.#restartGroup(child);
    const result = this.start(child);
    if (result instanceof Promise) this.#awaitRestart(child, result);
    else this.#restarted(child, result);
    return undefined;
  }

  #awaitRestart(child: Child, result: Promise<StartResult>): void {
    const { turn } = child;
    void result.then((settled) => {
      if (child.turn === turn) this.#restarted(child, settled);
    });
  }

  /** A restart that fails counts as one more, and is tried again once the event loop has turned. */
  #restarted(child: Child, result: StartResult): void {
    if (result.kind !== 'failed' || this.#isStopping || child.phase !== 'stopped' || this.get(child.id) !== child)
      return;
    if (child.spec.restart === 'temporary') {
      this.drop(child);
      return;
    }
    this.kernel.reportEnd(this.addressOf(child.id), 'did not start', result.error);
    child.phase = 'restarting';
    this.#later(child, 0, () => {
      if (child.phase === 'restarting' && !this.#isStopping) this.#restart(child, result.error);
    });
  }

  async #restartGroup(failed: Child): Promise<void> {
    const era = this.#era;
    const plan = groupPlan(this.flags.strategy, [...this.#list.keys()], failed.id);
    for (const id of plan.stop) {
      const child = this.#list.get(id);
      if (child) await this.stop(child);
      if (this.#era !== era) return;
    }
    for (const id of plan.start) {
      const child = this.#list.get(id);
      if (!child) continue;
      const result = await this.start(child);
      if (this.#era !== era) return;
      if (result.kind !== 'failed') continue;
      this.#restarted(child, result);
      return;
    }
  }

  #giveUp(child: Child, reason: ExitReason): void {
    const error = gaveUp(this.kernel, this.#parent.path(), this.flags, child.id, reason);
    child.phase = 'stopped';
    this.#endWith(() => this.#parent.onGiveUp(error));
  }

  #endWith(over: () => void): void {
    const waiting = this.shutdown();
    const era = this.#era;
    const ended = () => {
      if (this.#era === era) over();
    };
    if (waiting !== undefined) void waiting.then(ended);
    else over();
  }

  #stopAll(era: number): Promise<void> | undefined {
    const list = this.list().reverse();
    if (this.flags.strategy === 'simple_one_for_one') {
      const waiting = list.flatMap((child) => this.stop(child) ?? []);
      return waiting.length > 0 ? Promise.all(waiting).then(() => {}) : undefined;
    }
    for (const [index, child] of list.entries()) {
      const waiting = this.stop(child);
      if (waiting !== undefined) return this.#stopRest(waiting, list.slice(index + 1), era);
    }
    return undefined;
  }

  async #stopRest(first: Promise<void>, rest: readonly Child[], era: number): Promise<void> {
    await first;
    for (const child of rest) if (this.#era === era) await this.stop(child);
  }

  /** Ready for another start. What can be started again by its spec keeps its place, and its ref stays good. */
  #emptied(): void {
    for (const child of this.list()) {
      child.unguard(this.kernel.doors);
      if (child.isDynamic || child.spec.restart === 'temporary') this.drop(child);
    }
    this.#window.clear();
    this.#isStopping = false;
  }
}
