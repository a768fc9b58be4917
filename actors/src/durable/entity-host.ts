import {
  type Codec,
  type EntityId,
  type ExitReason,
  formatEntityId,
  hasCode,
  type InboxMessage,
  type InboxStream,
  isCleanExit,
  isDurableMessageId,
  type Journal,
  type JournalRecord,
  limits,
  NoSuchActorError,
  parseEntityId,
  type Random,
  RestartWindow,
  Slots,
  sleep,
  type TraceContext,
  type TreeNode,
} from '@jaegis/core';
import { cellsWith } from '../inspect/census.ts';
import { ActorCell } from '../run/actor-cell.ts';
import type { Ask } from '../run/ask.ts';
import type { CellKind } from '../run/cell-kind.ts';
import type { ActorDefinition } from '../run/contract.ts';
import type { HistoryLimits } from '../run/kernel-options.ts';
import { checkPayload } from '../run/payload.ts';
import type { Home, Process, StartResult } from '../run/process.ts';
import type { Message, Protocol } from '../run/protocol.ts';
import { RefusedAsk } from '../run/refused-ask.ts';
import type { System } from '../run/system.ts';
import type { Durability } from './durability.ts';
import { DurableBehavior } from './durable-behavior.ts';
import { InboxAsk } from './inbox-ask.ts';
import { inboxMessageId, readInboxMessage } from './inbox-body.ts';
import { InboxTimers } from './inbox-timers.ts';
import { Mishaps } from './mishaps.ts';
import { type DeliverDurable, Outbox } from './outbox.ts';
import { TurnLog } from './turn-log.ts';
import { decodeTurn } from './turn-record.ts';

export interface EntityHostOptions {
  readonly system: System;
  readonly definitions: readonly ActorDefinition<Protocol>[];
  readonly journal: Journal;
  readonly codec: Codec;
  readonly random: Random;
  readonly inbox: InboxStream;
  /** Of the entity's turns. */
  readonly subjectOf: (entity: EntityId) => string;
  readonly inboxSubjectOf: (entity: EntityId) => string;
  readonly timerSubjectOf: (entity: EntityId, id: string) => string;
  /** Whether this node owns the entity by the view it has now. */
  readonly owns: (entity: EntityId) => boolean;
  /** Whether this node knows that its view is of now. Where it does not, questions are not answered. Default: it does. */
  readonly serves?: () => boolean;
  /** As {@link Durability.tenure}. */
  readonly tenureOf: (entity: EntityId) => string;
  readonly deliverDurable: DeliverDurable;
  /** Types of which there is one entity, which is always active. Default: none. */
  readonly singletons?: readonly ActorDefinition<Protocol>[];
  /** Resolves when the node that had the entity has let go of it. Undefined: nobody has it. */
  readonly handedOver?: (entity: EntityId) => Promise<void> | undefined;
  /** A message for an entity that another node owns now. May throw. Default: it is a dead letter. */
  readonly forward?: (entity: EntityId, message: Message) => void;
}

interface Activation {
  readonly cell: ActorCell;
  readonly entity: EntityId;
  readonly crashes: RestartWindow;
}

/** An entity's start lasts as long as the journal cannot be read; it is ended by stopping it. */
const orders = { startTimeoutMs: Number.POSITIVE_INFINITY, register: undefined };
/** Why a record cannot be read here: by now, or at all. */
const UNREADABLE = ['migration_refused', 'corrupt_record'] as const;
const CRASHED = 'crashed too often';
/** The key of every singleton. */
export const SINGLETON = 'singleton';
const limit = { intensity: limits.restartIntensity, periodMs: limits.restartPeriodMs };

/**
 * The durable entities that are active on this node: activates them on their first message, restarts those that crash
 * from the journal, and lets go of those that another node owns now.
 */
export class EntityHost implements Home {
  readonly #options: EntityHostOptions;
  readonly #kinds: ReadonlyMap<string, CellKind>;
  readonly #active = new Map<string, Activation>();
  readonly #ending = new Map<string, Promise<void>>();
  readonly #mishaps = new Map<string, Mishaps>();
  readonly #stop = new AbortController();
  readonly #loads = new Slots(limits.loads);
  readonly #singletons: ReadonlySet<string>;
  readonly kind = 'entity';

  constructor(options: EntityHostOptions) {
    this.#options = options;
    const { system, definitions, singletons = [] } = options;
    this.#singletons = new Set(singletons.map(({ type }) => type));
    const all = [...definitions, ...singletons];
    this.#kinds = new Map(all.map((definition) => [definition.type, system.kindOf(this.#durable(definition))]));
    system.addRoot('entities', {
      find: (path) => this.#find(path),
    });
  }

  /** A key may hold slashes, and what comes after it are the names of children. */
  #find(path: readonly string[]): { readonly process: Process | undefined; readonly rest: readonly string[] } {
    for (let end = path.length; end > 1; end--) {
      const active = this.#active.get(path.slice(0, end).join('/'));
      if (active) return { process: active.cell, rest: path.slice(end) };
    }
    return { process: undefined, rest: [] };
  }

  pathOf(id: string): string {
    return `/entities/${id}`;
  }

  addressOf(id: string): string {
    return id;
  }

  keyOf(id: string): string {
    return id.slice(id.indexOf('/') + 1);
  }

  /** A message from this process. @throws NoSuchActorError for a type that this node does not know, OverloadedError. */
  deliver(entity: EntityId, message: Message, ask?: Ask): void {
    const { cell } = this.#activation(entity);
    if (ask) {
      ask.to = cell;
      cell.acceptAsk(ask);
    } else cell.tell(message);
  }

  /** A message from outside the process: checked first. @throws as {@link deliver}, and InvalidMessageError. */
  receive(entity: EntityId, message: Message, ask?: Ask): void {
    const { cell } = this.#activation(entity);
    if (ask !== undefined) ask.to = cell;
    if (ask === undefined || !isDurableMessageId(ask.id)) {
      cell.receiveOutside(message, ask);
      return;
    }
    const take = (taken: Message, refusal: unknown) =>
      cell.acceptAsk(refusal === undefined ? ask.withMessage(taken) : new RefusedAsk(ask, refusal));
    checkDurable(cell, message, take, (error) => ask.fail(error));
  }

  /** A message from outside to an entity of this type, as its schema makes it. @throws NoSuchActorError, InvalidMessageError */
  checked(type: string, message: Message): Message | Promise<Message> {
    const { schema } = this.#kindOf(type).options;
    return schema ? checkPayload(type, schema, message) : message;
  }

  /** @throws NoSuchActorError for a type that this node does not host. */
  assertKnown(type: string): void {
    this.#kindOf(type);
  }

  /**
   * A message of the entity's inbox. Resolves when the turn that consumed it is written: one that the entity can never
   * take is consumed too, as a dead letter. What it rejects with is no verdict on the message; it is to come again.
   */
  receiveFromInbox(entity: EntityId, given: InboxMessage, previous: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { cell } = this.#activation(entity);
      const { body, refusal } = readInboxMessage(this.#options.codec, given);
      const { message, timer, sender, mayRepeat, trace } = body;
      const sent = given.id === undefined ? undefined : { id: withoutPrefix(given.id, entity), mayRepeat };
      const take = (taken: Message, why: unknown) => {
        const at = { sequence: given.sequence, previous, timer, sent };
        const ask = new InboxAsk(taken, { resolve: () => resolve(), reject }, at, why);
        ask.sender = sender;
        if (trace !== undefined) this.#trace(ask, trace);
        cell.acceptAsk(ask);
      };
      if (refusal !== undefined) take(message, refusal);
      else checkDurable(cell, message, take, reject);
    });
  }

  #trace(ask: InboxAsk, trace: TraceContext): void {
    const { traces } = this.#options.system;
    if (!traces.isOn) return;
    if (ask.inbox.timer === undefined) traces.carry(ask, trace);
    else traces.follow(ask, trace);
  }

  /** Activates the entity if it is a singleton, or its record says that work is under way or messages are to leave. */
  async wake(entity: EntityId): Promise<void> {
    const { journal, subjectOf, owns } = this.#options;
    if (this.#active.has(formatEntityId(entity)) || !this.#kinds.has(entity.type)) return;
    if (this.#singletons.has(entity.type)) {
      if (owns(entity)) this.#activation(entity);
      return;
    }
    const record = await journal.last(subjectOf(entity));
    if (record && owns(entity) && this.#hasWork(record)) this.#activation(entity);
  }

  #hasWork(record: JournalRecord): boolean {
    try {
      const { busy, outbox } = decodeTurn(this.#options.codec, record);
      return busy || outbox.length > 0;
    } catch {
      return true; // its activation says what is wrong
    }
  }

  /** Hands over the entities that this node does not own any more. @param waitMs How long what is under way may take. */
  async release(waitMs: number = limits.shutdownMs): Promise<void> {
    const gone = [...this.#active.values()].filter(({ entity }) => !this.#options.owns(entity));
    await Promise.all(gone.map((activation) => this.#deactivate(activation, 'moved', waitMs)));
  }

  /** Resolves when this node has let go of the entity; without one, of all that it was to let go of. */
  async released(entity?: EntityId): Promise<void> {
    if (entity === undefined) await Promise.all(this.#ending.values());
    else await this.#ending.get(formatEntityId(entity));
  }

  /** Ends all entities without waiting for what they are about to write: another node may go on with them. */
  abandon(): void {
    for (const activation of [...this.#active.values()]) {
      const { cell } = activation;
      if (!this.#unlist(activation, 'abandoned')) continue;
      cell.kill('killed');
      cell.release();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#active.values()].map((activation) => this.#deactivate(activation, 'shutdown')));
  }

  cell(entity: EntityId): ActorCell | undefined {
    return this.#active.get(formatEntityId(entity))?.cell;
  }

  /** The active entities, and the actors that they have spawned. */
  *cells(): Iterable<ActorCell> {
    for (const { cell } of this.#active.values()) yield* cellsWith(cell);
  }

  /** How many are active, by type. */
  get activeTypes(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { entity } of this.#active.values()) counts[entity.type] = (counts[entity.type] ?? 0) + 1;
    return counts;
  }

  /** @param most Entities that are listed; the others are counted. */
  inspect(most = Number.POSITIVE_INFINITY): TreeNode {
    const listed = Array.from(this.#active.values().take(Math.min(most, this.#active.size)));
    const children = listed.map(({ cell }) => cell.inspect());
    const omitted = this.#active.size - listed.length;
    const type = 'one_for_one';
    return {
      id: 'entities',
      kind: 'supervisor',
      type,
      status: 'running',
      mailbox: 0,
      handled: 0,
      restarts: 0,
      ...(omitted > 0 ? { omitted } : {}),
      children,
    };
  }

  childEnded(child: Process, reason: ExitReason): void {
    const activation = this.#active.get(child.id);
    if (activation?.cell !== child) return;
    if (isCleanExit(reason)) this.#forget(activation, 'done');
    else this.#failed(activation, reason);
  }

  /** All of an entity is in its record: it leaves memory, unless somebody here watches it. */
  childSleeps(child: Process): void {
    const activation = this.#active.get(child.id);
    if (activation?.cell === child && child.bonds === undefined) this.#forget(activation, 'passivated');
  }

  takesBack({ id }: Process, message: Message): boolean {
    const { forward, owns } = this.#options;
    const entity = parseEntityId(id);
    if (forward === undefined || owns(entity)) return false;
    try {
      forward(entity, message);
      return true;
    } catch {
      return false;
    }
  }

  #activation(entity: EntityId): Activation {
    const name = formatEntityId(entity);
    const active = this.#active.get(name);
    if (active) return active;
    if (this.#singletons.has(entity.type) && entity.key !== SINGLETON) throw notTheOne(entity);
    const cell = new ActorCell(this.#options.system, this, name, this.#kindOf(entity.type));
    const activation: Activation = { cell, entity, crashes: new RestartWindow() };
    this.#active.set(name, activation);
    this.#begin(activation);
    return activation;
  }

  #kindOf(type: string): CellKind {
    const kind = this.#kinds.get(type);
    if (kind) return kind;
    const known = [...this.#kinds.keys()].join(', ') || 'none';
    throw new NoSuchActorError(`${this.#options.system.node} knows no entity type "${type}"; it knows: ${known}.`);
  }

  #begin(activation: Activation): void {
    const settle = (result: StartResult) => {
      if (result.kind === 'failed') this.#notStarted(activation, result.error);
      else if (result.kind === 'ignored') this.#forget(activation, 'done');
    };
    const result = activation.cell.begin(orders);
    if (result instanceof Promise) void result.then(settle);
    else settle(result);
  }

  #notStarted(activation: Activation, error: unknown): void {
    const { cell } = activation;
    if (this.#active.get(cell.id) !== activation) return;
    this.#options.system.reportEnd(cell.address, 'did not start', error);
    // To ask again would not help: the record stays as it is.
    if (UNREADABLE.some((code) => hasCode(error, code))) this.#forget(activation, 'its record cannot be read', error);
    else this.#failed(activation, error);
  }

  #failed(activation: Activation, error: unknown): void {
    const reason = this.#verdict(activation, error);
    if (reason) this.#forget(activation, reason);
    else this.#begin(activation);
    if (reason === CRASHED && this.#singletons.has(activation.entity.type)) this.#later(activation.entity);
  }

  /** Nobody need ask for a singleton: it is begun again once its crashes are not too many any more. */
  #later(entity: EntityId): void {
    const { clock } = this.#options.system.services;
    void sleep(clock, limits.restartPeriodMs, this.#stop.signal).then(() => {
      if (!this.#stop.signal.aborted) return this.wake(entity);
    });
  }

  /** Why the entity is not restarted here; undefined when it is. A later message activates it again, from its record. */
  #verdict(activation: Activation, error: unknown): string | undefined {
    if (!this.#options.owns(activation.entity)) return 'moved';
    // Neither is the entity's fault.
    if (hasCode(error, 'fenced') || hasCode(error, 'overloaded')) return undefined;
    const now = this.#options.system.services.clock.monotonic();
    return activation.crashes.add(now, limit) === 'give-up' ? CRASHED : undefined;
  }

  async #deactivate(
    activation: Activation,
    reason: 'moved' | 'shutdown',
    waitMs: number = limits.shutdownMs,
  ): Promise<void> {
    const { cell } = activation;
    if (!this.#unlist(activation, reason)) return;
    const ending = reason === 'moved' ? this.#handOver(cell, waitMs) : this.#end(cell, waitMs);
    this.#ending.set(cell.id, ending);
    await ending;
    if (this.#ending.get(cell.id) === ending) this.#ending.delete(cell.id);
  }

  async #end(cell: ActorCell, waitMs: number): Promise<void> {
    await cell.shutdown('shutdown', waitMs);
    cell.release();
  }

  /** What is under way is finished, and what waits goes to the next owner. */
  async #handOver(cell: ActorCell, waitMs: number): Promise<void> {
    const { clock } = this.#options.system.services;
    const owed = cell.behavior?.owed?.();
    if (owed !== undefined) await Promise.race([owed, sleep(clock, Math.min(waitMs, limits.owedMs))]);
    await cell.shutdown({ shutdown: 'moved' }, waitMs, true);
    cell.release();
  }

  /** @param why What asks that wait are told. Default: to ask again. */
  #forget(activation: Activation, reason: string, why?: unknown): void {
    if (this.#unlist(activation, reason)) activation.cell.release(why);
  }

  #unlist({ cell }: Activation, reason: string): boolean {
    if (this.#active.get(cell.id)?.cell !== cell) return false;
    this.#active.delete(cell.id);
    const mishaps = this.#mishaps.get(cell.id);
    const isKept = mishaps?.missing !== undefined || (reason === CRASHED && mishaps?.isOver === false);
    if (!isKept) this.#mishaps.delete(cell.id);
    this.#options.system.announce({ type: 'entity_stopped', entity: cell.id, reason });
    return true;
  }

  /** The same definition with each of its actors made durable: its state is what the journal says. */
  #durable(definition: ActorDefinition<Protocol>): ActorDefinition<Protocol> {
    const { type } = definition;
    const stays = this.#singletons.has(type) ? { passivateAfterMs: Number.POSITIVE_INFINITY } : {};
    return {
      ...definition,
      options: { passivateAfterMs: limits.passivateMs, ...definition.options, preserve: 'none', ...stays },
      behavior: (services) => {
        const makeInner = definition.behavior(services);
        const durability = (key: string) => this.#durability({ type, key }, definition.options.history);
        return () => new DurableBehavior({ inner: makeInner(), options: definition.options, durability });
      },
    };
  }

  #durability(entity: EntityId, history: HistoryLimits | undefined): Durability {
    const { system, journal, codec, random, inbox, subjectOf, inboxSubjectOf, timerSubjectOf } = this.#options;
    const { clock, logger } = system.services;
    const name = formatEntityId(entity);
    const mishaps = this.#mishaps.get(name) ?? new Mishaps();
    this.#mishaps.set(name, mishaps);
    const log = new TurnLog({ subject: subjectOf(entity), journal, codec, clock, random, history, mishaps });
    const outbox = new Outbox({ sender: name, deliver: this.#options.deliverDurable, clock, random, logger });
    const schedules = (signal: AbortSignal) =>
      new InboxTimers({
        inbox,
        codec,
        clock,
        random,
        logger,
        signal,
        inboxSubject: inboxSubjectOf(entity),
        timerSubject: (id) => timerSubjectOf(entity, id),
      });
    const { node, traces } = system;
    const { serves = () => true } = this.#options;
    const tenure = this.#options.tenureOf(entity);
    const predecessor = Promise.all([this.#ending.get(name), this.#options.handedOver?.(entity)]);
    const made = { entity, log, outbox, schedules, node, traces, random, mishaps };
    return { ...made, serves, tenure, predecessor, loads: this.#loads };
  }
}

function notTheOne({ type, key }: EntityId): Error {
  return new NoSuchActorError(`There is one ${type} in the cluster, "${type}/${SINGLETON}", and no "${type}/${key}".`);
}

/** Hands on the message as its schema makes it, or as it is with why its schema does not take it. */
function checkDurable(
  cell: ActorCell,
  message: Message,
  take: (message: Message, refusal: unknown) => void,
  fail: (error: unknown) => void,
): void {
  const refuse = (error: unknown) => (hasCode(error, 'invalid_message') ? take(message, error) : fail(error));
  let checked: Message | Promise<Message>;
  try {
    checked = cell.checked(message);
  } catch (error) {
    refuse(error);
    return;
  }
  if (checked instanceof Promise) checked.then((taken) => take(taken, undefined), refuse);
  else take(checked, undefined);
}

/** The ids of all entities are in one stream, so that each begins with its entity; its record need not say that again. */
function withoutPrefix(id: string, entity: EntityId): string {
  const prefix = inboxMessageId(entity, '');
  return id.startsWith(prefix) ? id.slice(prefix.length) : id;
}
