import {
  autoShutdown,
  type ExitReason,
  groupPlan,
  IntensityExceededError,
  InvalidDefinitionError,
  InvalidReturnError,
  isCleanExit,
  isToken,
  type JaegisError,
  NameTakenError,
  RestartWindow,
  restartDelay,
  restartPlan,
  StartTimeoutError,
  type TreeNode,
  tokenRule,
} from '@jaegis/core';
import { ignore } from '../run/contract.ts';
import type { Kernel } from '../run/kernel.ts';
import { type Home, ignored, type Process, type StartResult } from '../run/process.ts';
import type { SpawnOptions } from '../run/spawn-options.ts';
import { Child } from './child.ts';
import { bind, plainFlags, specOf } from './spawning.ts';
import { isStartable, type Startable, type SupervisorFlags } from './spec.ts';

/** Whose children they are. Both calls come when all children have ended. */
export interface Parent {
  readonly kind: Home['kind'];
  path(): string;
  /** Children ended more often than is allowed. */
  onGiveUp(error: JaegisError): void;
  /** Significant children have ended. */
  onShutdown(): void;
}

const noArgs: readonly unknown[] = [];

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
  /** Restarts of groups, one after the other. */
  #group: Promise<void> = Promise.resolve();

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

  get restarts(): number {
    return this.#restarts;
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

  list(): Child[] {
    return [...this.#list.values()];
  }

  inspect(): TreeNode[] {
    return this.list().flatMap(({ process }) => (process ? [process.inspect()] : []));
  }

  add(child: Child): void {
    this.#list.set(child.id, child);
  }

  /** A number that no other child has had. */
  nextId(): string {
    return String(++this.#spawned);
  }

  /** Forgets a child that does not run. */
  drop(child: Child): void {
    if (this.#list.get(child.id) === child) this.#list.delete(child.id);
    this.#cancelWait(child);
    child.process?.release();
  }

  /**
   * Starts a child of an actor, or of the root. @throws NameTakenError, InvalidDefinitionError, and what its start threw
   * at once; a start that fails later is a failure like any other.
   */
  spawn(startable: Startable, options: SpawnOptions, parent?: Process): Process {
    const { child, result } = this.launch(startable, options, parent);
    if (result instanceof Promise) void result.then((settled) => this.#restarted(child, settled));
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
    const id = options.name ?? this.nextId();
    if (options.name !== undefined) this.#checkName(options.name);
    const child = new Child(id, specOf(this.#parent.path(), startable, options), noArgs, true);
    this.#list.set(id, child);
    child.process = this.kernel.makeProcess(this, id, startable, options.input);
    const result = this.#begin(child, child.process);
    if (!(result instanceof Promise) && result.kind === 'failed') this.drop(child);
    else if (parent) bind(parent, child.process, options);
    return { child, result };
  }

  /** Starts a child that does not run. A start that fails leaves it stopped. */
  start(child: Child): StartResult | Promise<StartResult> {
    child.phase = 'starting';
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
      this.#ending = undefined;
      if (this.#era === era) this.#emptied(); // else they were killed meanwhile
    });
    return this.#ending;
  }

  kill(reason: ExitReason): void {
    this.#isStopping = true;
    this.#era++;
    for (const child of this.list().reverse()) {
      this.#cancelWait(child);
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
      if (!endedAsOrdered(child, reason))
        this.kernel.reportEnd(process.address, 'ended otherwise than ordered', reason);
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

  #checkName(name: string): void {
    if (!isToken(name)) throw new InvalidDefinitionError(`Actor name ${JSON.stringify(name)}: ${tokenRule}`);
    if (!this.#list.has(name)) return;
    const path = this.#parent.path();
    throw new NameTakenError(`${path} has a child "${name}" already.`, { data: { id: name } });
  }

  #startAs(child: Child, made: unknown): StartResult | Promise<StartResult> {
    if (made === ignore) return this.#settle(child, ignored);
    if (!isStartable(made)) return this.#settle(child, { kind: 'failed', error: badStart(child, made) });
    try {
      const process = this.#processFor(child, made);
      child.process = process;
      return this.#begin(child, process);
    } catch (error) {
      return this.#settle(child, { kind: 'failed', error });
    }
  }

  /** A ref stays good over restarts, also where another definition of the same sort comes back. */
  #processFor(child: Child, startable: Startable): Process {
    const { process } = child;
    if (process?.adopt(startable)) return process;
    process?.release();
    return this.kernel.makeProcess(this, child.id, startable, child.spec.input);
  }

  #begin(child: Child, process: Process): StartResult | Promise<StartResult> {
    child.phase = 'starting';
    const result = process.begin(child.spec);
    return result instanceof Promise
      ? result.then((settled) => this.#settle(child, settled))
      : this.#settle(child, result);
  }

  async #startFrom(child: Child, made: Promise<unknown>, timeoutMs: number): Promise<StartResult> {
    const startable = await this.#inTime(child, made, timeoutMs);
    if (child.phase !== 'starting') return { kind: 'failed', error: 'shutdown' }; // it was stopped meanwhile
    if ('error' in startable) return this.#settle(child, { kind: 'failed', error: startable.error });
    return this.#startAs(child, startable.made);
  }

  #inTime(child: Child, made: Promise<unknown>, timeoutMs: number): Promise<{ made: unknown } | { error: unknown }> {
    const { clock } = this.kernel.services;
    return new Promise((resolve) => {
      const timer = clock.setTimer(timeoutMs, () =>
        resolve({ error: new StartTimeoutError(`${this.addressOf(child.id)} did not start in ${timeoutMs} ms.`) }),
      );
      made
        .then(
          (value) => resolve({ made: value }),
          (error: unknown) => resolve({ error }),
        )
        .finally(() => clock.clearTimer(timer));
    });
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
    if (this.#window.add(this.kernel.services.clock.monotonic(), this.flags) === 'give-up') {
      this.#giveUp(child, reason);
      return;
    }
    this.#restarts++;
    const waitMs = this.#backoff(child);
    if (waitMs === undefined) this.#restartNow(child);
    else this.#restartIn(child, waitMs);
  }

  #restartIn(child: Child, waitMs: number): void {
    child.waits ??= { count: 0, startedMs: 0, timer: undefined };
    child.waits.timer = this.kernel.services.clock.setTimer(waitMs, () => this.#restartNow(child));
  }

  #restartNow(child: Child): void {
    if (this.#isStopping || child.phase !== 'restarting') return;
    if (this.flags.strategy === 'one_for_all' || this.flags.strategy === 'rest_for_one') {
      const era = this.#era;
      this.#group = this.#group.then(() => this.#restartGroup(child, era));
      return;
    }
    const result = this.start(child);
    if (result instanceof Promise) void result.then((settled) => this.#restarted(child, settled));
    else this.#restarted(child, result);
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
    child.waits ??= { count: 0, startedMs: 0, timer: undefined };
    child.waits.timer = this.kernel.services.clock.setTimer(0, () => {
      if (child.phase === 'restarting' && !this.#isStopping) this.#restart(child, result.error);
    });
  }

  async #restartGroup(failed: Child, era: number): Promise<void> {
    if (this.#era !== era || failed.phase !== 'restarting' || this.get(failed.id) !== failed) return;
    const plan = groupPlan(this.flags.strategy, [...this.#list.keys()], failed.id);
    for (const id of plan.stop) {
      const child = this.#list.get(id);
      if (!child) continue;
      await this.stop(child);
    }
    for (const id of plan.start) {
      const child = this.#list.get(id);
      if (!child || this.#era !== era) continue;
      const result = await this.start(child);
      if (result.kind !== 'failed') continue;
      this.#restarted(child, result);
      return;
    }
  }

  /** How long the child waits before it starts again, if it has a backoff. */
  #backoff(child: Child): number | undefined {
    const { backoff } = child.spec;
    if (!backoff) return undefined;
    child.waits ??= { count: 0, startedMs: Number.POSITIVE_INFINITY, timer: undefined };
    const aliveMs = this.kernel.services.clock.monotonic() - child.waits.startedMs;
    if (aliveMs >= backoff.resetAfterMs) child.waits.count = 0;
    return restartDelay(child.waits.count++, this.kernel.random.next(), backoff);
  }

  #giveUp(child: Child, reason: ExitReason): void {
    const { intensity, periodMs } = this.flags;
    const error = new IntensityExceededError(
      `${this.#parent.path()}: more than ${intensity} restarts in ${periodMs} ms; the last to end was "${child.id}".`,
      { cause: reason, data: { child: child.id, intensity, periodMs } },
    );
    child.phase = 'stopped';
    this.#endWith(() => this.#parent.onGiveUp(error));
  }

  #endWith(over: () => void): void {
    const waiting = this.shutdown();
    if (waiting !== undefined) void waiting.then(over);
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
      if (child.isDynamic || child.spec.restart === 'temporary') this.drop(child);
    }
    this.#window.clear();
    this.#isStopping = false;
  }
}

function badStart(child: Child, made: unknown): Error {
  const shown = typeof made === 'string' ? JSON.stringify(made) : String(made);
  return new InvalidReturnError(
    `The start function of child "${child.id}" returned ${shown}; it must return a definition or \`ignore\`.`,
    { data: { child: child.id } },
  );
}

/** OTP's rule of which ends are reported: one that was in order on its own account is, of a permanent child only. */
function endedAsOrdered({ order, spec }: Child, reason: ExitReason): boolean {
  return reason === order || (spec.restart !== 'permanent' && isCleanExit(reason));
}
