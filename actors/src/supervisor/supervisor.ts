import {
  ActorStoppedError,
  type ChildPlace,
  type ExitReason,
  errorMessage,
  errorToData,
  InvalidReturnError,
  type JaegisError,
  StartFailedError,
  type TreeNode,
} from '@jaegis/core';
import { withoutStacks } from '../inspect/plain.ts';
import { endBonds } from '../run/bonds.ts';
import { ignore } from '../run/contract.ts';
import type { Kernel } from '../run/kernel.ts';
import { type Home, ignored, Process, type StartOrders, type StartResult, started } from '../run/process.ts';
import type { AnyProtocol } from '../run/protocol.ts';
import type { AnyRef, Ref } from '../run/ref.ts';
import type { Child } from './child.ts';
import { Children } from './children.ts';
import type { SupervisorDefinition, SupervisorFunction } from './definition.ts';
import { inTime } from './in-time.ts';
import { type ChildCount, type ChildInfo, childInfo, childSpecOf, countOf, infoOf } from './inspection.ts';
import { Operations } from './operations.ts';
import { checkSupervisorSpec, type FullChildSpec, type FullSupervisorSpec } from './spec.ts';

type Phase = 'idle' | 'starting' | 'running' | 'stopping';

/** What can be done with a supervisor. One operation after the other, in the order they are asked for. */
export interface SupervisorRef extends AnyRef {
  /**
   * Starts one more child: of this spec or, under simple_one_for_one, with these arguments after those of the template.
   * Resolves with its ref; undefined when its start function returned `ignore`.
   * Rejects with `invalid_definition`, `child_started`, `child_present`, or what its start failed with.
   */
  startChild(...given: readonly unknown[]): Promise<Ref<AnyProtocol> | undefined>;
  /** Ends a child. A temporary one is forgotten, others keep their place. Rejects with `no_such_child`. */
  terminateChild(child: string | AnyRef): Promise<void>;
  /** Starts a child that was terminated. Rejects with `no_such_child`, `child_running`, `child_restarting`. */
  restartChild(id: string): Promise<Ref<AnyProtocol> | undefined>;
  /** Forgets a child that does not run. Rejects as {@link restartChild}. */
  deleteChild(id: string): Promise<void>;
  /** All children, the newest first. */
  whichChildren(): Promise<ChildInfo[]>;
  whichChild(child: string | AnyRef): Promise<ChildInfo>;
  countChildren(): Promise<ChildCount>;
  childSpec(child: string | AnyRef): Promise<FullChildSpec>;
  /**
   * Goes on by another spec, as OTP's code change: children that run go on, with the new spec from their next start;
   * new ones are there but not started, those that are missing stay as they are. Rejects with `invalid_definition`.
   */
  reconfigure(spec: unknown): Promise<void>;
}

/** A declared supervisor: starts its children in order, keeps them alive by its strategy, and ends when it cannot. */
export class Supervisor extends Process implements SupervisorRef {
  readonly #kernel: Kernel;
  readonly children: Children;
  readonly #operations: Operations;
  #definition: SupervisorDefinition;
  readonly #input: unknown;
  #phase: Phase = 'idle';
  #isOrdered: ExitReason | undefined = undefined;
  #abortSpec: ((reason: ExitReason) => void) | undefined = undefined;
  #lastError: unknown = undefined;
  #onEnded: (() => void)[] = [];

  constructor(kernel: Kernel, home: Home, id: string, definition: SupervisorDefinition, input: unknown) {
    super(home, id);
    this.#kernel = kernel;
    this.#definition = definition;
    this.#input = input;
    this.children = new Children(kernel, {
      kind: 'actor',
      path: () => this.path,
      onGiveUp: (error) => this.#giveUp(error),
      onShutdown: () => this.#ended('shutdown'),
    });
    this.#operations = new Operations(this.children, () => this.address);
  }

  get isAlive(): boolean {
    return this.#phase !== 'idle';
  }

  get type(): string {
    return this.#definition.type;
  }

  adopt(startable: { readonly kind: string }, place?: ChildPlace): boolean {
    if (startable.kind !== 'supervisor' || place !== undefined) return false;
    this.#definition = startable as SupervisorDefinition; // of that kind
    return true;
  }

  child(id: string): Process | undefined {
    return this.children.child(id);
  }

  async begin(orders: StartOrders): Promise<StartResult> {
    this.incarnation++;
    this.#phase = 'starting';
    this.#isOrdered = undefined;
    try {
      if (orders.register !== undefined) this.#kernel.names.register(orders.register, this);
      const spec = await this.#inTime(this.#makeSpec(), orders.startTimeoutMs);
      if (this.#isOrdered !== undefined) throw this.#isOrdered;
      if (spec === undefined) {
        this.#endStart('normal');
        return ignored;
      }
      await this.#startAll(spec);
      this.#phase = 'running';
      return started;
    } catch (error) {
      this.#lastError = error;
      await this.children.shutdown();
      this.#endStart(error);
      return { kind: 'failed', error };
    }
  }

  shutdown(reason: ExitReason, waitMs: number): Promise<void> | undefined {
    if (this.#phase === 'idle') return undefined;
    if (this.#phase === 'running') this.#stop(reason);
    else if (this.#phase === 'starting') this.#abort(reason);
    if (!this.isAlive) return undefined;
    return new Promise((resolve) => {
      const { clock } = this.#kernel.services;
      const timer = waitMs === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(waitMs, () => this.kill('killed'));
      this.#onEnded.push(() => {
        clock.clearTimer(timer);
        resolve();
      });
    });
  }

  kill(reason: ExitReason): void {
    if (!this.isAlive) return;
    const wasStarting = this.#phase === 'starting';
    this.#isOrdered = reason;
    this.#abortSpec?.(reason);
    this.children.kill(reason);
    if (!wasStarting) this.#ended(reason);
  }

  release(): void {
    this.children.release();
  }

  receiveDown(): void {
    // A supervisor monitors nobody.
  }

  /** From outside the actors an exit signal is an order; those of others concern it only when they cannot be refused. */
  receiveExit(from: Process | undefined, reason: ExitReason, sent: boolean): void {
    if (!sent) return;
    if (reason === 'kill') this.kill('killed');
    else if (from === undefined) void this.shutdown(reason, Number.POSITIVE_INFINITY);
  }

  inspect(): TreeNode {
    return {
      id: this.id,
      kind: 'supervisor',
      type: this.children.flags.strategy,
      status: this.#phase === 'idle' ? 'stopped' : this.#phase,
      mailbox: 0,
      handled: 0,
      restarts: Math.max(0, this.incarnation - 1),
      ...(this.#lastError === undefined ? {} : { lastError: withoutStacks(errorToData(this.#lastError)) }),
      children: this.children.inspect(),
    };
  }

  startChild(...given: readonly unknown[]): Promise<Ref<AnyProtocol> | undefined> {
    return this.#operate(() => this.#operations.start(given));
  }

  terminateChild(child: string | AnyRef): Promise<void> {
    return this.#operate(() => this.#operations.terminate(child));
  }

  restartChild(id: string): Promise<Ref<AnyProtocol> | undefined> {
    return this.#operate(() => this.#operations.restart(id));
  }

  deleteChild(id: string): Promise<void> {
    return this.#operate(() => this.#operations.delete(id));
  }

  whichChildren(): Promise<ChildInfo[]> {
    return this.#operate(() => this.children.list().reverse().map(infoOf(this.children)));
  }

  whichChild(child: string | AnyRef): Promise<ChildInfo> {
    return this.#operate(() => childInfo(this.children, this.#operations.find(child)));
  }

  countChildren(): Promise<ChildCount> {
    return this.#operate(() => countOf(this.children));
  }

  childSpec(child: string | AnyRef): Promise<FullChildSpec> {
    return this.#operate(() => childSpecOf(this.#operations.find(child)));
  }

  reconfigure(spec: unknown): Promise<void> {
    return this.#operate(() => this.#operations.reconfigure(this.#check(spec)));
  }

  /** In turn with the restarts of its children. */
  #operate<T>(operation: () => T | Promise<T>): Promise<T> {
    if (this.#phase === 'idle' || this.#isOver) return Promise.reject(this.#stoppedError());
    return this.children.enqueue(() => {
      if (this.#phase !== 'running' || this.#isOver) throw this.#stoppedError();
      return operation();
    });
  }

  /** Whether it ends, also because it gave up. */
  get #isOver(): boolean {
    return this.#phase === 'stopping' || this.children.isStopping;
  }

  #stoppedError(): JaegisError {
    return new ActorStoppedError(`The supervisor ${this.address} does not run.`);
  }

  #inTime<T>(made: Promise<T>, timeoutMs: number): Promise<T> {
    const { promise, abort } = inTime(this.#kernel.services.clock, made, timeoutMs, this.address);
    this.#abortSpec = abort;
    return promise.finally(() => {
      this.#abortSpec = undefined;
    });
  }

  async #makeSpec(): Promise<FullSupervisorSpec | undefined> {
    const { spec } = this.#definition;
    if (typeof spec !== 'function') return this.#check(spec);
    const made: unknown = await this.#call(spec);
    if (made === ignore) return undefined;
    if (typeof made !== 'object' || made === null) {
      throw new InvalidReturnError(`The function of supervisor "${this.type}" must return a spec or \`ignore\`.`);
    }
    return this.#check(made);
  }

  #call(make: SupervisorFunction): unknown {
    const { services, names } = this.#kernel;
    return make(this.#input as never, {
      address: this.address,
      key: this.id,
      clock: services.clock,
      logger: services.logger,
      register: (name) => names.register(name, this),
    });
  }

  #check(spec: unknown): FullSupervisorSpec {
    const checked = checkSupervisorSpec(`Supervisor "${this.type}"`, spec);
    for (const warning of checked.warnings) this.#kernel.services.logger.warn(warning, { address: this.address });
    return checked;
  }

  async #startAll(spec: FullSupervisorSpec): Promise<void> {
    this.#operations.configure(spec);
    for (const child of this.children.arrange(spec.strategy === 'simple_one_for_one' ? [] : spec.children)) {
      const result = await this.children.start(child);
      if (this.#isOrdered !== undefined) throw this.#isOrdered;
      if (result.kind === 'failed') throw startFailed(this.address, child, result.error);
    }
  }

  #abort(reason: ExitReason): void {
    this.#isOrdered = reason;
    this.#abortSpec?.(reason);
    void this.children.shutdown();
  }

  #stop(reason: ExitReason): void {
    this.#phase = 'stopping';
    const { incarnation } = this;
    const ended = () => {
      if (this.incarnation === incarnation && this.#phase === 'stopping') this.#ended(reason);
    };
    const waiting = this.children.shutdown();
    if (waiting !== undefined) void waiting.then(ended);
    else ended();
  }

  #giveUp(error: JaegisError): void {
    this.#lastError = error;
    this.#kernel.reportEnd(this.address, 'gave_up', error);
    this.#ended('shutdown');
  }

  #endStart(reason: ExitReason): void {
    this.#phase = 'idle';
    endBonds(this, reason, this.#kernel);
    for (const listener of this.#onEnded.splice(0)) listener();
  }

  #ended(reason: ExitReason): void {
    if (this.#phase === 'idle' || this.#phase === 'starting') {
      this.#isOrdered ??= reason;
      return;
    }
    this.#phase = 'idle';
    endBonds(this, reason, this.#kernel);
    this.home.childEnded(this, reason);
    for (const listener of this.#onEnded.splice(0)) listener();
  }
}

function startFailed(address: string, { id }: Child, cause: unknown): JaegisError {
  const why = errorMessage(cause);
  return new StartFailedError(`${address}: child "${id}" did not start: ${why}`, { cause, data: { child: id } });
}
