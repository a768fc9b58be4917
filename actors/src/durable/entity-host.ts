import {
  type Codec,
  type Crash,
  type EntityId,
  type Exit,
  formatEntityId,
  hasCode,
  type Journal,
  limits,
  NoSuchActorError,
  type Random,
  restartIntensity,
  type TreeNode,
} from '@jaegis/core';
import { ActorCell, type ReplyTo } from '../run/actor-cell.ts';
import type { ActorDefinition, Behavior } from '../run/behavior.ts';

import type { Message, Protocol } from '../run/protocol.ts';
import type { System } from '../run/system.ts';
import { type Attempts, DurableBehavior } from './durable-behavior.ts';
import { type DeliverDurable, Outbox } from './outbox.ts';
import { decodeTurn, TurnLog } from './turn-log.ts';

export interface EntityHostOptions {
  readonly system: System;
  readonly definitions: readonly ActorDefinition<Protocol>[];
  readonly journal: Journal;
  readonly codec: Codec;
  readonly random: Random;
  readonly subjectOf: (entity: EntityId) => string;
  /** Whether this node owns the entity by the view it has now. */
  readonly owns: (entity: EntityId) => boolean;
  readonly deliverDurable: DeliverDurable;
}

interface Activation {
  readonly cell: ActorCell;
  readonly entity: EntityId;
  restarts: readonly number[];
}

/**
 * The durable entities that are active on this node: activates them on their first message, restarts those that crash
 * from the journal, and lets go of those that another node owns now.
 */
export class EntityHost {
  readonly #options: EntityHostOptions;
  readonly #create: ReadonlyMap<string, () => Behavior>;
  readonly #active = new Map<string, Activation>();
  readonly #attempts = new Map<string, Attempts>();

  constructor(options: EntityHostOptions) {
    this.#options = options;
    const { system, definitions } = options;
    this.#create = new Map(definitions.map((definition) => [definition.type, definition.create(system.services)]));
  }

  /** @throws NoSuchActorError for a type that this node does not know; else as {@link ActorCell.deliver}. */
  deliver(entity: EntityId, message: Message, replyTo?: ReplyTo, id?: string): void {
    this.#activation(entity).cell.deliver(message, replyTo, id);
  }

  /** Activates the entity if its record says that work is under way or messages are to leave. */
  async wake(entity: EntityId): Promise<void> {
    const { journal, codec, subjectOf, owns } = this.#options;
    if (this.#active.has(formatEntityId(entity)) || !this.#create.has(entity.type)) return;
    const record = await journal.last(subjectOf(entity));
    const turn = record && decodeTurn(codec, record);
    if (turn && (turn.busy || turn.outbox.length > 0) && owns(entity)) this.#activation(entity);
  }

  /** Stops the entities that this node does not own any more. */
  async release(): Promise<void> {
    const gone = [...this.#active.values()].filter(({ entity }) => !this.#options.owns(entity));
    await Promise.all(gone.map((activation) => this.#deactivate(activation, 'moved')));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#active.values()].map((activation) => this.#deactivate(activation, 'shutdown')));
  }

  cell(entity: EntityId): ActorCell | undefined {
    return this.#active.get(formatEntityId(entity))?.cell;
  }

  inspect(): TreeNode {
    const children = [...this.#active.values()].map(({ cell }) => cell.inspect());
    const type = 'one_for_one';
    return {
      id: 'entities',
      kind: 'supervisor',
      type,
      status: 'running',
      mailbox: 0,
      handled: 0,
      restarts: 0,
      children,
    };
  }

  #activation(entity: EntityId): Activation {
    const name = formatEntityId(entity);
    const active = this.#active.get(name);
    if (active) return active;
    const create = this.#create.get(entity.type);
    if (!create) {
      const known = [...this.#create.keys()].join(', ') || 'none';
      throw new NoSuchActorError(
        `${this.#options.system.node} knows no entity type "${entity.type}"; it knows: ${known}.`,
      );
    }
    const activation: Activation = { cell: this.#makeCell(entity, name, create), entity, restarts: [] };
    this.#active.set(name, activation);
    void activation.cell.start().catch((error: unknown) => this.#exited(activation, { kind: 'crash', error }));
    return activation;
  }

  #makeCell(entity: EntityId, name: string, create: () => Behavior): ActorCell {
    const { system } = this.#options;
    return new ActorCell(system, {
      id: name,
      kind: 'entity',
      type: entity.type,
      key: entity.key,
      path: `/entities/${name}`,
      address: name,
      create: () => this.#durable(entity, name, create()),
      onExit: (_child, exit) => {
        const activation = this.#active.get(name);
        if (activation) this.#exited(activation, exit);
      },
      onEffects: (effects) =>
        system.perform(
          effects.map((effect) =>
            effect.kind === 'announce' ? { ...effect, event: { ...effect.event, entity: name } } : effect,
          ),
        ),
    });
  }

  #durable(entity: EntityId, name: string, inner: Behavior): Behavior {
    const { system, journal, codec, random, subjectOf, deliverDurable } = this.#options;
    const { clock, logger } = system.services;
    const attempts: Attempts = this.#attempts.get(name) ?? new Map();
    this.#attempts.set(name, attempts);
    const log = new TurnLog({ subject: subjectOf(entity), journal, codec, clock, random });
    const outbox = new Outbox({ sender: name, deliver: deliverDurable, clock, random, logger });
    return new DurableBehavior({ entity, inner, log, outbox, node: system.node, random, attempts });
  }

  #exited(activation: Activation, exit: Exit): void {
    if (this.#active.get(formatEntityId(activation.entity)) !== activation) return;
    if (exit.kind !== 'crash') {
      this.#forget(activation, 'done');
      return;
    }
    const giveUp = this.#verdict(activation, exit);
    if (giveUp) void this.#deactivate(activation, giveUp);
    else activation.cell.restart().catch(() => {}); // the cell reports a failed restart as one more exit
  }

  /** Why the entity is not restarted here; undefined when it is. A later message activates it again, from its record. */
  #verdict(activation: Activation, exit: Crash): string | undefined {
    if (!this.#options.owns(activation.entity)) return 'moved';
    if (hasCode(exit.error, 'fenced')) return undefined;
    const limit = { intensity: limits.restartIntensity, periodMs: limits.restartPeriodMs };
    const now = this.#options.system.services.clock.monotonic();
    const { verdict, restarts } = restartIntensity(activation.restarts, now, limit);
    activation.restarts = restarts;
    return verdict === 'give-up' ? 'crashed too often' : undefined;
  }

  async #deactivate(activation: Activation, reason: string): Promise<void> {
    this.#forget(activation, reason);
    await activation.cell.stop();
  }

  #forget(activation: Activation, reason: string): void {
    const name = formatEntityId(activation.entity);
    if (!this.#active.delete(name)) return;
    if (reason !== 'crashed too often') this.#attempts.delete(name);
    this.#options.system.announce({ type: 'entity_stopped', entity: name, reason });
  }
}
