import {
  ActorStoppedError,
  AskTimeoutError,
  type JaegisError,
  limits,
  NoSuchActorError,
  type RestartLimit,
  type TreeNode,
} from '@jaegis/core';
import type { Child, ExitListener } from '../supervisor/child.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { ActorCell, type ReplyTo } from './actor-cell.ts';
import type { ActorDefinition, Services } from './behavior.ts';
import type { CellHost, SpawnOptions } from './cell-host.ts';
import { checkType } from './definition.ts';
import type { Announcement, Effect } from './effect.ts';
import type { Message, Protocol } from './protocol.ts';
import { type AskOptions, type Delivery, makeRef, type Ref } from './ref.ts';
import { Scheduler } from './scheduler.ts';

export interface SystemOptions {
  readonly node: string;
  readonly services: Services;
  readonly limit?: Partial<RestartLimit>;
  /** Where announcements and crash reports go. */
  readonly announce: (event: Announcement) => void;
  /** The root supervisor gave up: the node must stop with this reason. */
  readonly onFailure: (error: JaegisError) => void;
}

/** The actors of one node: who lives under which path, who supervises whom, and whose turn it is. */
export class System implements CellHost {
  readonly node: string;
  readonly services: Services;
  readonly scheduler: Scheduler;
  readonly root: Supervisor;
  readonly #options: SystemOptions;
  readonly #cells = new Map<string, ActorCell>();

  constructor(options: SystemOptions) {
    this.node = options.node;
    this.services = options.services;
    this.#options = options;
    this.scheduler = new Scheduler(options.services.clock);
    this.root = this.makeSupervisor('/user', options.onFailure, options.limit);
  }

  /** Starts an actor under the root supervisor; resolves when it is ready. */
  async spawn<P extends Protocol>(definition: ActorDefinition<P>, options: SpawnOptions): Promise<Ref<P>> {
    const path = `/user/${options.name}`;
    const cell = this.#makeCell(this.root, path, definition, options);
    await this.root.add(cell, options.restart ?? 'permanent');
    this.#cells.set(path, cell);
    return this.ref(path);
  }

  spawnUnder<P extends Protocol>(
    supervisor: Supervisor,
    path: string,
    definition: ActorDefinition<P>,
    options: SpawnOptions,
  ): Ref<P> {
    const cell = this.#makeCell(supervisor, path, definition, options);
    supervisor.attach(cell, options.restart ?? 'permanent');
    this.#cells.set(path, cell);
    void cell.start().catch((error: unknown) => supervisor.childExited(cell, { kind: 'crash', error }));
    return this.ref(path);
  }

  makeSupervisor(path: string, onGiveUp: (error: JaegisError) => void, limit?: Partial<RestartLimit>): Supervisor {
    const { clock, logger } = this.services;
    return new Supervisor({ path, clock, logger, onGiveUp, ...(limit ? { limit } : {}) });
  }

  /** A ref to an actor of this node by its path. It may not exist (yet). */
  ref<P extends Protocol>(path: string): Ref<P> {
    const delivery: Delivery = {
      tell: (message) => this.#existing(path).deliver(message),
      ask: (message, options) => this.ask(path, message, options),
    };
    return makeRef<P>(`${this.node}${path}`, delivery);
  }

  tell(path: string, message: Message): void {
    this.#existing(path).deliver(message);
  }

  /** @throws NoSuchActorError, ActorStoppedError, OverloadedError */
  deliver(path: string, message: Message, replyTo: ReplyTo, id: string | undefined): void {
    this.#existing(path).deliver(message, replyTo, id);
  }

  ask(path: string, message: Message, options: AskOptions): Promise<unknown> {
    const timeoutMs = options.timeoutMs ?? limits.askTimeoutMs;
    return new Promise((resolve, reject) => {
      const { clock } = this.services;
      const timer = clock.setTimer(timeoutMs, () =>
        reject(new AskTimeoutError(`${this.node}${path} did not answer "${message.type}" in ${timeoutMs} ms.`)),
      );
      const replyTo: ReplyTo = {
        resolve: (reply) => {
          clock.clearTimer(timer);
          resolve(reply);
        },
        reject: (error) => {
          clock.clearTimer(timer);
          reject(error);
        },
      };
      try {
        this.#existing(path).deliver(message, replyTo, options.idempotencyKey);
      } catch (error) {
        replyTo.reject(error);
      }
    });
  }

  perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'announce') this.announce(effect.event);
      else if (effect.kind === 'tell') this.#try(effect.deliver);
    }
  }

  announce(event: Announcement): void {
    this.#options.announce(event);
  }

  reportCrash(address: string, error: unknown): void {
    this.services.logger.error('actor crashed', { address, error });
    const message = error instanceof Error ? error.message : String(error);
    this.announce({ type: 'actor_crashed', address, error: message });
  }

  async stop(): Promise<void> {
    await this.root.stop();
    this.#cells.clear();
  }

  inspect(): TreeNode {
    return {
      id: 'user',
      kind: 'supervisor',
      type: 'one_for_one',
      status: 'running',
      mailbox: 0,
      handled: 0,
      restarts: 0,
      children: this.root.inspect(),
    };
  }

  #makeCell<P extends Protocol>(
    supervisor: Supervisor,
    path: string,
    definition: ActorDefinition<P>,
    options: SpawnOptions,
  ): ActorCell {
    checkType(options.name);
    const onExit: ExitListener = (child: Child, exit) => {
      if (exit.kind !== 'crash') this.#cells.delete(path);
      supervisor.childExited(child, exit);
    };
    return new ActorCell(this, {
      id: options.name,
      kind: 'actor',
      type: definition.type,
      key: options.name,
      path,
      address: `${this.node}${path}`,
      create: definition.create(this.services),
      onExit,
      onEffects: (effects) => this.perform(effects),
    });
  }

  #existing(path: string): ActorCell {
    const cell = this.#cells.get(path);
    if (!cell) throw new NoSuchActorError(`No actor lives at ${this.node}${path}.`);
    if (cell.status === 'stopped') throw new ActorStoppedError(`${this.node}${path} has stopped.`);
    return cell;
  }

  #try(deliver: () => void): void {
    try {
      deliver();
    } catch (error) {
      this.services.logger.warn('tell not delivered', { error });
    }
  }
}
