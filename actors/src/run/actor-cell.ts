import {
  ActorCrashedError,
  ActorStoppedError,
  crashExit,
  type Exit,
  errorToData,
  hasCode,
  type JaegisError,
  limits,
  normalExit,
  sleep,
  type TreeNode,
} from '@jaegis/core';
import type { Child, ExitListener } from '../supervisor/child.ts';
import type { Behavior, BehaviorHost, DeliveryInfo, Step } from './behavior.ts';
import { CellContext } from './cell-context.ts';
import type { CellHost, Place } from './cell-host.ts';
import type { Effect } from './effect.ts';
import { Mailbox } from './mailbox.ts';
import type { Message } from './protocol.ts';
import type { Runnable } from './scheduler.ts';

/** Where the answer to an ask goes. */
export interface ReplyTo {
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

interface Item extends DeliveryInfo {
  readonly message: Message;
  readonly replyTo: ReplyTo | undefined;
}

export interface CellOptions extends Place {
  readonly id: string;
  readonly type: string;
  readonly create: () => Behavior;
  readonly onExit: ExitListener;
  /** What becomes of a step's effects once it has succeeded. */
  readonly onEffects: (effects: readonly Effect[]) => void;
}

type Status = TreeNode['status'];

/**
 * Hosts one actor: its mailbox, its behaviour, its state and its restarts. One message at a time; a crash leaves the
 * state as it was before the message, and the messages behind it wait for the restart.
 */
export class ActorCell implements Child, Runnable, BehaviorHost {
  readonly id: string;
  readonly context: CellContext;
  readonly #options: CellOptions;
  readonly #host: CellHost;
  readonly #mailbox = new Mailbox<Item>(limits.mailbox);
  #behavior: Behavior;
  #state: unknown;
  #preserved: unknown;
  #status: Status = 'starting';
  #current: Item | undefined;
  #settled: Promise<unknown> = Promise.resolve();
  #life = new AbortController();
  #scheduled = false;
  #handled = 0;
  #restarts = 0;
  #lastError: unknown;

  constructor(host: CellHost, options: CellOptions) {
    this.id = options.id;
    this.#host = host;
    this.#options = options;
    this.#behavior = options.create();
    this.context = new CellContext(
      host,
      options,
      () => this.#life.signal,
      (error) => this.crash(error),
    );
  }

  get status(): Status {
    return this.#status;
  }

  get state(): unknown {
    return this.#state;
  }

  /** Puts a message into the mailbox. @throws OverloadedError, ActorStoppedError */
  deliver(message: Message, replyTo?: ReplyTo, id?: string): void {
    if (this.#status === 'stopped' || this.#status === 'stopping') throw this.#stoppedError();
    this.#mailbox.push({ message, replyTo, id });
    this.#wake();
  }

  post(message: Message): void {
    if (this.#status !== 'stopped' && this.#status !== 'stopping') this.deliver(message);
  }

  takeEffects(): Effect[] {
    return this.context.takeEffects();
  }

  async start(): Promise<void> {
    this.#status = 'starting';
    try {
      this.#state = await this.#behavior.start(this.#preserved, this);
    } catch (error) {
      this.#end(crashExit(error));
      throw error;
    }
    if (this.#status !== 'starting') return;
    this.#status = 'running';
    this.#wake();
  }

  async restart(): Promise<void> {
    this.#restarts++;
    this.#status = 'restarting';
    this.#life = new AbortController();
    this.#behavior = this.#options.create();
    await this.context.stopChildren();
    if (this.#status !== 'restarting') return;
    try {
      await this.start();
    } catch (error) {
      this.#options.onExit(this, crashExit(error));
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#status === 'stopped') return;
    this.#status = 'stopping';
    this.#life.abort();
    await this.context.stopChildren();
    const { clock } = this.#host.services;
    const bound = new AbortController();
    await Promise.race([this.#settled, sleep(clock, limits.shutdownMs, bound.signal)]);
    bound.abort();
    this.#behavior.stop();
    this.#end(normalExit);
  }

  run(batch: number): boolean {
    this.#scheduled = false;
    for (let count = 0; count < batch; count++) {
      if (this.#status !== 'running' || this.#current) return false;
      const item = this.#mailbox.shift();
      if (!item) return false;
      this.#step(item);
    }
    if (this.#mailbox.length === 0) return false;
    this.#scheduled = true;
    return true;
  }

  crash(error: unknown): void {
    if (this.#status === 'stopped' || this.#status === 'stopping' || this.#status === 'restarting') return;
    this.#lastError = error;
    this.#status = 'restarting';
    this.#life.abort();
    this.context.takeEffects();
    this.#preserved = this.#tryPreserve();
    this.#stopBehavior();
    this.#failCurrent(error);
    this.#host.reportCrash(this.#options.address, error);
    this.#options.onExit(this, crashExit(error));
  }

  /** Ends it from inside, without a restart: it was fenced, or it is no longer wanted here. */
  async retire(): Promise<void> {
    await this.stop();
    this.#options.onExit(this, normalExit);
  }

  inspect(): TreeNode {
    const own = this.#behavior.children(this.#state).map((id) => machineChild(id));
    return {
      id: this.id,
      kind: this.#options.kind,
      type: this.#options.type,
      status: this.#status,
      mailbox: this.#mailbox.length,
      handled: this.#handled,
      restarts: this.#restarts,
      ...(this.#lastError === undefined ? {} : { lastError: errorToData(this.#lastError) }),
      children: [...own, ...this.context.inspectChildren()],
    };
  }

  #wake(): void {
    if (this.#scheduled || this.#current || this.#status !== 'running') return;
    this.#scheduled = true;
    this.#host.scheduler.schedule(this);
  }

  #step(item: Item): void {
    this.#current = item;
    const behavior = this.#behavior;
    try {
      const step = behavior.receive(this.#state, item.message, item);
      if (step instanceof Promise) this.#settled = this.#await(step, item, behavior);
      else this.#succeed(step, item);
    } catch (error) {
      this.crash(error);
    }
  }

  async #await(step: Promise<Step>, item: Item, behavior: Behavior): Promise<void> {
    try {
      const result = await step;
      if (this.#current === item && behavior === this.#behavior) this.#succeed(result, item);
    } catch (error) {
      if (this.#current !== item || behavior !== this.#behavior) return;
      if (this.#status === 'stopping') this.#failCurrent(error);
      else this.crash(error);
    }
    this.#wake();
  }

  #succeed(step: Step, item: Item): void {
    this.#state = step.state;
    this.#current = undefined;
    this.#handled++;
    item.replyTo?.resolve(step.reply);
    if (step.effects.length > 0) this.#options.onEffects(step.effects);
    if (step.done) void this.retire();
  }

  #failCurrent(error: unknown): void {
    const item = this.#current;
    this.#current = undefined;
    item?.replyTo?.reject(
      hasCode(error, 'fenced') || hasCode(error, 'actor_stopped')
        ? error
        : new ActorCrashedError(`${this.#options.address} crashed on "${item.message.type}": ${messageOf(error)}`, {
            cause: error,
          }),
    );
  }

  #tryPreserve(): unknown {
    try {
      return this.#state === undefined ? undefined : this.#behavior.preserve(this.#state);
    } catch (error) {
      this.#host.services.logger.warn('state lost at a restart', { address: this.#options.address, error });
      return undefined;
    }
  }

  #stopBehavior(): void {
    try {
      this.#behavior.stop();
    } catch (error) {
      this.#host.services.logger.warn('stop failed', { address: this.#options.address, error });
    }
  }

  #end(exit: Exit): void {
    this.#status = 'stopped';
    if (exit.kind === 'crash') this.#lastError = exit.error;
    for (let item = this.#mailbox.shift(); item; item = this.#mailbox.shift()) {
      item.replyTo?.reject(this.#stoppedError());
    }
    if (this.#current) this.#failCurrent(this.#stoppedError());
  }

  #stoppedError(): JaegisError {
    return new ActorStoppedError(`${this.#options.address} has stopped.`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function machineChild(id: string): TreeNode {
  return { id, kind: 'actor', type: 'invoked', status: 'running', mailbox: 0, handled: 0, restarts: 0, children: [] };
}
