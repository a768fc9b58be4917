import {
  type DeadLetter,
  type EntityId,
  errorToData,
  formatEntityId,
  hasCode,
  invariant,
  limits,
  type Random,
  type TreeNode,
  type TurnRecord,
} from '@jaegis/core';
import type { Behavior, BehaviorHost, DeliveryInfo, Outcome } from '../run/contract.ts';
import type { Effect } from '../run/effect.ts';
import { refused } from '../run/handler-behavior.ts';
import type { KernelOptions } from '../run/kernel-options.ts';
import { migrated } from '../run/migration.ts';
import type { Message } from '../run/protocol.ts';
import type { Outbox } from './outbox.ts';
import type { TurnLog } from './turn-log.ts';
import { consumption, nextTurn, noTurns, type TurnInput, type TurnState } from './turn-state.ts';

/** Crashes by message id, kept while the entity's host lives, so that a poisonous message is given up in the end. */
export type Attempts = Map<string, { count: number; error: unknown }>;

/** What one entity needs to be durable. */
export interface Durability {
  readonly entity: EntityId;
  readonly log: TurnLog;
  readonly outbox: Outbox;
  readonly node: string;
  readonly random: Random;
  readonly attempts: Attempts;
  /** Settles when the activation before this one has ended. */
  readonly predecessor: Promise<void> | undefined;
}

export interface DurableOptions {
  readonly inner: Behavior;
  readonly options: KernelOptions;
  readonly durability: (key: string) => Durability;
}

/** What a turn makes of the state, and what is to leave once it is committed. */
interface Turn {
  readonly outcome: Outcome;
  readonly effects: readonly Effect[];
  readonly state: unknown;
}

/**
 * Makes a behaviour durable: each step is one turn, committed before its reply and its messages leave. State that was
 * not committed is forgotten at a crash; the journal is the truth.
 */
export class DurableBehavior implements Behavior {
  readonly #inner: Behavior;
  readonly #options: KernelOptions;
  readonly #makeDurability: DurableOptions['durability'];
  readonly #stop = new AbortController();
  #turns: TurnState = noTurns;
  #durability: Durability | undefined;
  readonly hasModes: boolean;
  readonly enter: Behavior['enter'];
  readonly signal: Behavior['signal'];

  constructor({ inner, options, durability }: DurableOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#makeDurability = durability;
    this.hasModes = inner.hasModes;
    this.enter = inner.enter && ((state, mode, host) => inner.enter?.(state, mode, host));
    this.signal = inner.signal && ((state, signal, host) => inner.signal?.(state, signal, host));
  }

  /** @throws MigrationRefusedError, CorruptRecordError; the record stays as it is. */
  async start(_preserved: unknown, host: BehaviorHost): Promise<unknown> {
    this.#durability = this.#makeDurability(host.context.key);
    const { log, outbox, entity, predecessor } = this.#durability;
    await predecessor;
    const record = await log.load(this.#stop.signal);
    const state = await this.#inner.start(record && this.#stateOf(record, entity), host);
    if (record) this.#turns = record;
    outbox.enqueue(this.#turns.outbox);
    host.context.announceNow({
      type: 'entity_started',
      entity: formatEntityId(entity),
      turn: this.#turns.turn,
      resumed: record !== undefined,
    });
    return state;
  }

  async receive(state: unknown, message: Message, host: BehaviorHost, delivery: DeliveryInfo): Promise<Outcome> {
    if (!this.#inner.takes(message.type)) return refused;
    const { id } = delivery;
    const before = consumption(this.#turns, id);
    if (before !== 'new') return before === 'seen' ? {} : { reply: before.reply };
    const poison = this.#poison(id, message, host);
    if (poison) return this.#commit(state, { outcome: {}, effects: [], state }, id, poison);
    try {
      const outcome = (await this.#inner.receive(state, message, host, delivery)) ?? {};
      const turn = { outcome, effects: host.takeEffects(), state: outcome.state ?? state };
      return await this.#commit(state, turn, id);
    } catch (error) {
      if (id !== undefined && !hasCode(error, 'fenced')) this.#countAttempt(id, error);
      throw error;
    }
  }

  mode(state: unknown): unknown {
    return this.#inner.mode(state);
  }

  takes(type: string): boolean {
    return this.#inner.takes(type);
  }

  preserve(): unknown {
    return undefined;
  }

  serialize(state: unknown): unknown {
    return this.#inner.serialize(state);
  }

  isBusy(state: unknown): boolean {
    return this.#inner.isBusy(state);
  }

  stop(state: unknown, reason: unknown, host: BehaviorHost, isKilled: boolean): void | Promise<void> {
    this.#stop.abort();
    this.#durability?.outbox.stop();
    return this.#inner.stop(state, reason, host, isKilled);
  }

  children(state: unknown): readonly TreeNode[] {
    return this.#inner.children(state);
  }

  #stateOf({ state, version = 1 }: TurnRecord, { type }: EntityId): unknown {
    const now = this.#options.version ?? 1;
    return version === now ? state : migrated(type, this.#options.migrate, state, version, now);
  }

  get #has(): Durability {
    invariant(this.#durability, 'a durable behaviour receives once it has started');
    return this.#durability;
  }

  async #commit(before: unknown, turn: Turn, id: string | undefined, deadLetter?: DeadLetter): Promise<Outcome> {
    const { outcome, effects } = turn;
    const result = { ...outcome, effects };
    const sends = effects.some((effect) => effect.kind === 'send');
    const durable = id?.includes('#') ?? false;
    if (turn.state === before && !sends && !durable) return result; // nothing to keep: a question only
    const { log, outbox, attempts } = this.#has;
    const acknowledged = new Set(outbox.acknowledged);
    const input: TurnInput = { id, reply: outcome.reply, effects, acknowledged };
    const turns = nextTurn(this.#turns, deadLetter ? { ...input, deadLetter } : input);
    await log.append(this.#record(turns, turn.state, id), this.#stop.signal);
    invariant(turns.turn === this.#turns.turn + 1, 'turns are committed one at a time');
    const first = this.#turns.nextOut;
    this.#turns = turns;
    outbox.forget(acknowledged);
    outbox.enqueue(turns.outbox.filter((message) => message.number >= first));
    if (id !== undefined) attempts.delete(id);
    return result;
  }

  #record(turns: TurnState, state: unknown, id: string | undefined): TurnRecord {
    const { node, random, entity } = this.#has;
    const sender = formatEntityId(entity);
    const { version = 1 } = this.#options;
    return {
      format: 1,
      ...turns,
      writer: random.id(),
      node,
      state: this.#inner.serialize(state),
      ...(version === 1 ? {} : { version }),
      consumed: id === undefined ? [] : [id],
      sent: turns.outbox
        .filter(({ number }) => number >= this.#turns.nextOut)
        .map(({ number }) => `${sender}#${number}`),
      busy: this.#inner.isBusy(state),
    };
  }

  #poison(id: string | undefined, message: Message, host: BehaviorHost): DeadLetter | undefined {
    const crashes = id === undefined ? undefined : this.#has.attempts.get(id);
    if (id === undefined || !crashes || crashes.count < limits.deliveryAttempts) return undefined;
    host.context.logger.error('message dead-lettered', { id, error: crashes.error });
    return { id, message, error: errorToData(crashes.error) };
  }

  #countAttempt(id: string, error: unknown): void {
    const { attempts } = this.#has;
    attempts.set(id, { count: (attempts.get(id)?.count ?? 0) + 1, error });
  }
}
