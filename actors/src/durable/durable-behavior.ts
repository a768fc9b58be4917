import {
  type DeadLetter,
  type EntityId,
  errorToData,
  formatEntityId,
  hasCode,
  invariant,
  limits,
  type Random,
  type TurnRecord,
} from '@jaegis/core';
import type { Behavior, BehaviorHost, DeliveryInfo, Step } from '../run/behavior.ts';
import type { Message } from '../run/protocol.ts';
import type { Outbox } from './outbox.ts';
import type { TurnLog } from './turn-log.ts';
import { consumption, nextTurn, noTurns, type TurnInput, type TurnState } from './turn-state.ts';

/** Crashes by message id, kept while the entity's host lives, so that a poisonous message is given up in the end. */
export type Attempts = Map<string, { count: number; error: unknown }>;

export interface DurableOptions {
  readonly entity: EntityId;
  readonly inner: Behavior;
  readonly log: TurnLog;
  readonly outbox: Outbox;
  readonly node: string;
  readonly random: Random;
  readonly attempts: Attempts;
}

/**
 * Makes a behaviour durable: each step is one turn, committed before its reply and its messages leave. State that was
 * not committed is forgotten at a crash; the journal is the truth.
 */
export class DurableBehavior implements Behavior {
  readonly #options: DurableOptions;
  readonly #stop = new AbortController();
  #turns: TurnState = noTurns;
  #host: BehaviorHost | undefined;

  constructor(options: DurableOptions) {
    this.#options = options;
  }

  async start(_preserved: unknown, host: BehaviorHost): Promise<unknown> {
    this.#host = host;
    const { log, inner, outbox, entity } = this.#options;
    const record = await log.load(this.#stop.signal);
    const state = await inner.start(record?.state, host);
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

  async receive(state: unknown, message: Message, delivery: DeliveryInfo): Promise<Step> {
    const { id } = delivery;
    const before = consumption(this.#turns, id);
    if (before !== 'new') {
      const reply = before === 'seen' ? undefined : before.reply;
      return { state, reply, effects: [], done: false };
    }
    const poison = this.#poison(id, message);
    if (poison) return this.#commit(state, { state, reply: undefined, effects: [], done: false }, id, poison);
    try {
      const step = await this.#options.inner.receive(state, message, delivery);
      return await this.#commit(state, step, id);
    } catch (error) {
      if (id !== undefined && !hasCode(error, 'fenced')) this.#countAttempt(id, error);
      throw error;
    }
  }

  preserve(): unknown {
    return undefined;
  }

  isBusy(state: unknown): boolean {
    return this.#options.inner.isBusy(state);
  }

  stop(): void {
    this.#stop.abort();
    this.#options.outbox.stop();
    this.#options.inner.stop();
  }

  children(state: unknown): readonly string[] {
    return this.#options.inner.children(state);
  }

  async #commit(before: unknown, step: Step, id: string | undefined, deadLetter?: DeadLetter): Promise<Step> {
    const sends = step.effects.some((effect) => effect.kind === 'send');
    const durable = id?.includes('#') ?? false;
    if (step.state === before && !sends && !durable) return step; // nothing to keep: a question only
    const { log, outbox, attempts } = this.#options;
    const acknowledged = new Set(outbox.acknowledged);
    const input: TurnInput = { id, reply: step.reply, effects: step.effects, acknowledged };
    const turns = nextTurn(this.#turns, deadLetter ? { ...input, deadLetter } : input);
    await log.append(this.#record(turns, step, id), this.#stop.signal);
    invariant(turns.turn === this.#turns.turn + 1, 'turns are committed one at a time');
    const first = this.#turns.nextOut;
    this.#turns = turns;
    outbox.forget(acknowledged);
    outbox.enqueue(turns.outbox.filter((message) => message.number >= first));
    if (id !== undefined) attempts.delete(id);
    return step;
  }

  #record(turns: TurnState, step: Step, id: string | undefined): TurnRecord {
    const { inner, node, random, entity } = this.#options;
    const sender = formatEntityId(entity);
    return {
      format: 1,
      ...turns,
      writer: random.id(),
      node,
      state: inner.preserve(step.state),
      consumed: id === undefined ? [] : [id],
      sent: turns.outbox
        .filter(({ number }) => number >= this.#turns.nextOut)
        .map(({ number }) => `${sender}#${number}`),
      busy: inner.isBusy(step.state),
    };
  }

  #poison(id: string | undefined, message: Message): DeadLetter | undefined {
    const crashes = id === undefined ? undefined : this.#options.attempts.get(id);
    if (id === undefined || !crashes || crashes.count < limits.deliveryAttempts) return undefined;
    this.#host?.context.logger.error('message dead-lettered', { id, error: crashes.error });
    return { id, message, error: errorToData(crashes.error) };
  }

  #countAttempt(id: string, error: unknown): void {
    const { attempts } = this.#options;
    attempts.set(id, { count: (attempts.get(id)?.count ?? 0) + 1, error });
  }
}
