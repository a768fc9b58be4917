import {
  ActorStoppedError,
  type ChildPlace,
  ClusterUnavailableError,
  type ExitReason,
  errorToData,
  limits,
  NodeDownError,
  OverloadedError,
  StartTimeoutError,
  type Timer,
  type TreeNode,
} from '@jaegis/core';
import { endBonds } from '../run/bonds.ts';
import type { Kernel } from '../run/kernel.ts';
import {
  type Home,
  ignored,
  type Process,
  Relay,
  type StartOrders,
  type StartResult,
  started,
} from '../run/process.ts';
import type { Message } from '../run/protocol.ts';
import type { AskOptions } from '../run/ref.ts';
import { type FarReason, type FarSignal, type HostSignal, reasonFrom } from './far-signal.ts';
import type { Host, Hosted, Hosts } from './host.ts';

/** How long beyond its own time a child on another node may take to say that it has ended, in ms; then it counts as killed. */
const GRACE_MS = 2_000;

type Phase = 'idle' | 'starting' | 'running' | 'stopping';

/** What came while it did not run. */
interface Held {
  readonly send: () => void;
  readonly giveBack: () => void;
}

export interface FarChildOptions {
  readonly kernel: Kernel;
  readonly hosts: Hosts;
  readonly home: Home;
  readonly id: string;
  readonly startable: { readonly kind: string; readonly type: string };
  readonly input: unknown;
  readonly place: ChildPlace;
}

/**
 * A child of a supervisor of this node that runs on another one: to its supervisor a process as any, whose life is there.
 * Its ref stays good wherever it runs; links and monitors of it are kept here, and end with its node.
 */
export class FarChild extends Relay implements Hosted {
  readonly #options: FarChildOptions;
  #startable: { readonly kind: string; readonly type: string };
  #place: ChildPlace;
  #phase: Phase = 'idle';
  /** Where it runs, or ran last. */
  #life: Host | undefined = undefined;
  /** Its number there. */
  #guest = 0;
  #startTimeoutMs = 0;
  #settle: ((result: StartResult) => void) | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #unlisten: (() => void) | undefined = undefined;
  /** Nodes that do not know its definition, by their incarnations. */
  readonly #strangers = new Set<string>();
  #held: Held[] = [];
  #isReleased = false;
  #isLost = false;
  #lastError: unknown = undefined;
  #onEnded: (() => void)[] = [];

  constructor(options: FarChildOptions) {
    super(options.home, options.id);
    this.#options = options;
    this.#startable = options.startable;
    this.#place = options.place;
  }

  get isAlive(): boolean {
    return this.#phase !== 'idle';
  }

  override get isLost(): boolean {
    return this.#isLost;
  }

  adopt(startable: { readonly kind: string; readonly type: string }, place?: ChildPlace): boolean {
    if (startable.kind !== this.#startable.kind || place === undefined) return false;
    this.#startable = startable;
    this.#place = place;
    return true;
  }

  begin(orders: StartOrders): Promise<StartResult> {
    this.incarnation++;
    this.#phase = 'starting';
    this.#isReleased = this.#isLost = false;
    this.#strangers.clear();
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#startTimeoutMs = orders.startTimeoutMs;
      this.#timer = this.#clock.setTimer(orders.startTimeoutMs + GRACE_MS, () => this.#late());
      try {
        if (orders.register !== undefined) this.#options.kernel.names.register(orders.register, this);
        this.#host();
      } catch (error) {
        this.#unstarted(error);
      }
    });
  }

  /** Word of the node that it runs on. */
  receive(signal: HostSignal): void {
    if (signal.turn !== this.incarnation || !this.isAlive) return;
    if (signal.kind === 'started') this.#started(signal.isIgnored);
    else if (signal.kind === 'ended') this.#end(reasonFrom(signal.reason));
    else if (this.#phase === 'starting' && signal.isUnknown) this.#refused(reasonFrom(signal.reason));
    else if (this.#phase === 'starting') this.#unstarted(reasonFrom(signal.reason));
    else this.#end('shutdown'); // it was told to end before it had started
  }

  /** The node that it runs on is gone, or is about to leave. */
  hostLost(life: Host): void {
    if (life !== this.#life || !this.isAlive) return;
    this.#isLost = true;
    const node = life.member.id;
    const reason = new NodeDownError(`Node "${node}" is gone.`, { data: { node } });
    this.#leaveHost();
    if (this.#phase === 'starting') this.#unstarted(reason);
    else this.#ended(reason);
  }

  /** The node that it runs on leaves in order: it ends there, and counts as lost with it. */
  moveFrom(life: Host): void {
    if (life !== this.#life || this.#phase !== 'running') return;
    this.#isLost = true;
    this.#order({ shutdown: 'moved' }, limits.shutdownMs);
  }

  shutdown(reason: ExitReason, waitMs: number): Promise<void> | undefined {
    if (this.#phase === 'idle') return undefined;
    this.#isLost = false;
    if (this.#phase === 'starting' && this.#guest === 0) this.#unstarted(reason);
    else if (this.#phase === 'starting') this.#abort(reason, waitMs);
    else this.#order(reason, waitMs);
    if (!this.isAlive) return undefined;
    return new Promise((resolve) => {
      this.#onEnded.push(resolve);
    });
  }

  kill(reason: ExitReason): void {
    if (!this.isAlive) return;
    this.#say(reason, (data) => ({ kind: 'stop', ...this.#named, reason: data, waitMs: undefined }));
    if (this.#phase === 'starting') this.#unstarted(reason);
    else this.#ended(reason);
  }

  release(): void {
    this.#isReleased = true;
    if (this.#guest !== 0) this.#leaveHost();
    for (const { giveBack } of this.#held.splice(0)) giveBack();
  }

  receiveDown(): void {
    // What it watches, it watches from where it runs.
  }

  receiveExit(from: Process | undefined, reason: ExitReason, sent: boolean): void {
    if (!this.isAlive) return;
    this.#say(reason, (data) => ({ kind: 'guestExit', ...this.#named, from: from?.path, reason: data, sent }));
  }

  tell(message: Message): void {
    const { kernel } = this.#options;
    const bury = () => {
      const at = kernel.services.clock.now();
      kernel.deadLetters.add({ to: this.address, message, reason: 'actor_stopped', at });
    };
    this.#pass(() => this.#life?.delivery.tell(this.#life.member.id, this.#hostPath, message), bury);
  }

  ask(message: Message, options: AskOptions<unknown> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const send = () => {
        const life = this.#life as Host; // it runs
        life.delivery.ask(life.member.id, this.#hostPath, message, options).then(resolve, reject);
      };
      this.#pass(send, () => reject(new ActorStoppedError(`${this.address} has stopped.`)));
    });
  }

  child(): undefined {
    return undefined;
  }

  inspect(): TreeNode {
    const { kind, type } = this.#startable;
    const on = this.#life?.member.id;
    return {
      id: this.id,
      kind: kind === 'supervisor' ? 'supervisor' : 'actor',
      type,
      status: this.#phase === 'idle' ? 'stopped' : this.#phase,
      mailbox: this.#held.length,
      handled: 0,
      restarts: Math.max(0, this.incarnation - 1),
      ...(this.#lastError === undefined ? {} : { lastError: errorToData(this.#lastError) }),
      ...(on === undefined ? {} : { on }),
      children: [],
    };
  }

  get #clock() {
    return this.#options.kernel.services.clock;
  }

  get #named() {
    return { guest: this.#guest, turn: this.incarnation };
  }

  /** Its path on the node that it runs on. */
  get #hostPath(): string {
    return this.#options.hosts.guestPath(this.path);
  }

  /** Looks for a node to start it on, now and at each change of the view. */
  #host(): void {
    const { hosts } = this.#options;
    const life = hosts.choose(this.#place, this.address, this.#life, this.#strangers);
    if (life === undefined) {
      this.#unlisten ??= hosts.onChange(() => {
        if (this.#phase === 'starting' && this.#guest === 0) this.#tryHost();
      });
      return;
    }
    this.#unlisten?.();
    this.#unlisten = undefined;
    if (life !== this.#life) this.#leaveHost();
    this.#life = life;
    if (this.#guest === 0) this.#guest = life.addChild(this);
    const { type } = this.#startable;
    const { input } = this.#options;
    const startTimeoutMs = this.#startTimeoutMs;
    life.send({ kind: 'start', ...this.#named, path: this.path, type, input, startTimeoutMs });
  }

  #tryHost(): void {
    try {
      this.#host();
    } catch (error) {
      this.#unstarted(error);
    }
  }

  /** That node does not know its definition: another one may. */
  #refused(why: ExitReason): void {
    const life = this.#life as Host; // it has said so
    this.#strangers.add(life.member.incarnation);
    this.#leaveHost();
    const { hosts } = this.#options;
    if (hosts.choose(this.#place, this.address, undefined, this.#strangers) === undefined) this.#unstarted(why);
    else this.#tryHost();
  }

  #late(): void {
    const hasHost = this.#guest !== 0;
    const text = `${this.address} did not start in ${this.#startTimeoutMs} ms`;
    if (hasHost) this.#say('killed', (reason) => ({ kind: 'stop', ...this.#named, reason, waitMs: undefined }));
    if (hasHost) this.#unstarted(new StartTimeoutError(`${text}.`));
    else this.#unstarted(new ClusterUnavailableError(`${text}: no node is there for ${JSON.stringify(this.#place)}.`));
  }

  #started(isIgnored: boolean): void {
    if (this.#phase !== 'starting') return; // it was told to end meanwhile
    if (isIgnored) {
      this.#endStart('normal', ignored);
      return;
    }
    this.#phase = 'running';
    this.#settleStart(started);
    for (const { send } of this.#held.splice(0)) send();
  }

  #unstarted(error: unknown): void {
    this.#lastError = error;
    this.#endStart(error, { kind: 'failed', error });
  }

  #endStart(reason: ExitReason, result: StartResult): void {
    this.#phase = 'idle';
    endBonds(this, reason, this.#options.kernel);
    this.#settleStart(result);
    this.#tellEnded();
  }

  #settleStart(result: StartResult): void {
    this.#clock.clearTimer(this.#timer);
    this.#unlisten?.();
    this.#timer = this.#unlisten = undefined;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(result);
  }

  /** It is told to end before it has started. */
  #abort(reason: ExitReason, waitMs: number): void {
    this.#settleStart({ kind: 'failed', error: reason });
    this.#order(reason, waitMs);
  }

  #order(reason: ExitReason, waitMs: number): void {
    if (this.#phase === 'stopping') return;
    this.#phase = 'stopping';
    this.#say(reason, (data) => ({ kind: 'stop', ...this.#named, reason: data, waitMs }));
    if (waitMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(waitMs + GRACE_MS, () => this.kill('killed'));
  }

  #end(reason: ExitReason): void {
    if (!this.#isLost) this.#ended(reason);
    else if (this.#life) this.hostLost(this.#life);
  }

  #ended(reason: ExitReason): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#phase = 'idle';
    endBonds(this, reason, this.#options.kernel);
    this.home.childEnded(this, reason);
    this.#tellEnded();
  }

  #tellEnded(): void {
    for (const listener of this.#onEnded.splice(0)) listener();
  }

  /** Nothing of it is to be kept where it was. */
  #leaveHost(): void {
    if (this.#guest === 0) return;
    this.#life?.send({ kind: 'release', guest: this.#guest });
    this.#life?.removeChild(this.#guest);
    this.#guest = 0;
  }

  #say(reason: ExitReason, make: (data: FarReason) => FarSignal): void {
    if (this.#guest !== 0) this.#life?.sendReason(reason, make);
  }

  /** Now if it runs, else when it does. */
  #pass(send: () => void, giveBack: () => void): void {
    if (this.#phase === 'running') send();
    else if (this.#isReleased) giveBack();
    else if (this.#held.length < limits.mailbox) this.#held.push({ send, giveBack });
    else throw this.#full();
  }

  #full(): Error {
    const limit = limits.mailbox;
    return new OverloadedError(`${limit} messages wait for ${this.address} to start again.`, {
      data: { limit, option: 'mailbox.limit' },
    });
  }
}
