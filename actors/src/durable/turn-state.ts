import {
  type Answered,
  type DeadLetter,
  limits,
  type OutgoingMessage,
  OverloadedError,
  parseDurableMessageId,
  type TurnRecord,
} from '@jaegis/core';
import type { Effect } from '../run/effect.ts';

/** What a durable entity knows besides its user's state: all of it is in its newest turn record. */
export type TurnState = Omit<
  TurnRecord,
  'state' | 'version' | 'consumed' | 'sent' | 'busy' | 'writer' | 'node' | 'format'
>;

export const noTurns: TurnState = { turn: 0, outbox: [], nextOut: 1, seen: {}, answered: [], deadLetters: [] };

export type Consumption = 'new' | 'seen' | { readonly reply: unknown };

/** Whether a message with this id has taken effect before: by its sender's number, or by its idempotency key. */
export function consumption(state: TurnState, id: string | undefined): Consumption {
  if (id === undefined) return 'new';
  const durable = parseDurableMessageId(id);
  if (durable) return durable.number <= (state.seen[durable.sender] ?? 0) ? 'seen' : 'new';
  const answered = state.answered.find((entry) => entry.id === id);
  return answered ? { reply: answered.reply } : 'new';
}

export interface TurnInput {
  readonly id: string | undefined;
  readonly reply: unknown;
  readonly effects: readonly Effect[];
  /** Numbers of outgoing messages that their receivers have consumed since the last turn. */
  readonly acknowledged: ReadonlySet<number>;
  readonly deadLetter?: DeadLetter;
}

/**
 * The turn after this one. Pure: what was consumed, what is to leave.
 * @throws OverloadedError when more messages would wait to leave than the limit allows; nothing has changed then.
 */
export function nextTurn(state: TurnState, input: TurnInput): TurnState {
  const waiting = state.outbox.filter((message) => !input.acknowledged.has(message.number));
  const added = outgoing(state.nextOut, input.effects);
  if (waiting.length + added.length > limits.outbox) {
    throw new OverloadedError(`More than ${limits.outbox} messages wait to leave the entity.`, {
      data: { limit: limits.outbox, option: 'outbox' },
    });
  }
  return {
    turn: state.turn + 1,
    outbox: [...waiting, ...added],
    nextOut: state.nextOut + added.length,
    seen: withSeen(state.seen, input.id),
    answered: withAnswer(state.answered, input),
    deadLetters: input.deadLetter
      ? [...state.deadLetters, input.deadLetter].slice(-limits.deadLetters)
      : state.deadLetters,
  };
}

function outgoing(first: number, effects: readonly Effect[]): OutgoingMessage[] {
  return effects
    .filter((effect) => effect.kind === 'send')
    .map(({ to, message }, index) => ({ number: first + index, to, message }));
}

function withSeen(seen: TurnState['seen'], id: string | undefined): TurnState['seen'] {
  const durable = id === undefined ? undefined : parseDurableMessageId(id);
  return durable ? { ...seen, [durable.sender]: durable.number } : seen;
}

function withAnswer(answered: readonly Answered[], { id, reply }: TurnInput): readonly Answered[] {
  if (id === undefined || parseDurableMessageId(id)) return answered;
  return [...answered, { id, reply }].slice(-limits.idempotencyKeys);
}
