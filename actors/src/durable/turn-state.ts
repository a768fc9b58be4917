import {
  type DeadLetter,
  limits,
  type OutgoingMessage,
  OverloadedError,
  parseDurableMessageId,
  type TurnRecord,
} from '@jaegis/core';
import type { Effect } from '../run/effect.ts';

/** What goes on from turn to turn besides the user's state. */
export type TurnState = Pick<TurnRecord, 'turn' | 'outbox' | 'nextOut' | 'seen' | 'deadLetters'>;

export const noTurns: TurnState = { turn: 0, outbox: [], nextOut: 1, seen: {}, deadLetters: [] };

/** One message as it goes into a turn. */
export interface Consumed {
  readonly id: string | undefined;
  readonly effects: readonly Effect[];
  readonly deadLetter: DeadLetter | undefined;
}

/** Whether a durable message was consumed before: its sender's numbers grow. False for any other id. */
export function isSeen({ seen }: TurnState, id: string): boolean {
  const durable = parseDurableMessageId(id);
  return durable !== undefined && durable.number <= (seen[durable.sender] ?? 0);
}

/**
 * The turn after this one. Pure: what was consumed, what is to leave.
 * @param acknowledged Numbers of outgoing messages that their receivers have consumed since the last turn.
 */
export function nextTurn(
  state: TurnState,
  messages: readonly Consumed[],
  acknowledged: ReadonlySet<number>,
): TurnState {
  const waiting = state.outbox.filter(({ number }) => !acknowledged.has(number));
  const sends = messages.flatMap(({ effects }) => effects.filter((effect) => effect.kind === 'send'));
  const added = sends.map(
    ({ to, message }, index): OutgoingMessage => ({ number: state.nextOut + index, to, message }),
  );
  const letters = messages.flatMap(({ deadLetter }) => deadLetter ?? []);
  return {
    turn: state.turn + 1,
    outbox: [...waiting, ...added],
    nextOut: state.nextOut + added.length,
    seen: withSeen(state.seen, messages),
    deadLetters: letters.length > 0 ? [...state.deadLetters, ...letters].slice(-limits.deadLetters) : state.deadLetters,
  };
}

/** @throws OverloadedError when more messages would wait to leave than the limit allows. */
export function assertRoom(waiting: number, added: number): void {
  if (added === 0 || waiting + added <= limits.outbox) return;
  throw new OverloadedError(`More than ${limits.outbox} messages wait to leave the entity.`, {
    data: { limit: limits.outbox, option: 'outbox' },
  });
}

function withSeen(seen: TurnState['seen'], messages: readonly Consumed[]): TurnState['seen'] {
  const durable = messages.flatMap(({ id }) => (id === undefined ? [] : (parseDurableMessageId(id) ?? [])));
  return durable.length === 0
    ? seen
    : { ...seen, ...Object.fromEntries(durable.map(({ sender, number }) => [sender, number])) };
}
