import {
  type DeadLetter,
  type DurableTimer,
  type ErrorData,
  type InboxPosition,
  inboxSender,
  type JaegisError,
  limits,
  lostTurn,
  type OutgoingMessage,
  OverloadedError,
  parseDurableMessageId,
  type TurnRecord,
} from '@jaegis/core';
import type { InboxDelivery } from '../run/contract.ts';
import type { Effect } from '../run/effect.ts';
import type { Load } from './load.ts';

/** What goes on from turn to turn besides the user's state. */
export type TurnState = Pick<TurnRecord, 'turn' | 'outbox' | 'nextOut' | 'seen' | 'inbox' | 'timers' | 'deadLetters'>;

export const noTurns: TurnState = {
  turn: 0,
  outbox: [],
  nextOut: 1,
  seen: {},
  inbox: { upTo: 0, ahead: [] },
  timers: [],
  deadLetters: [],
};

/** One message as it goes into a turn. */
export interface Consumed {
  readonly id: string | undefined;
  readonly inbox: InboxDelivery | undefined;
  readonly effects: readonly Effect[];
  readonly deadLetter: DeadLetter | undefined;
}

/** What was consumed, and how things stand after it. */
export interface Taken {
  readonly messages: readonly Consumed[];
  /** Numbers of outgoing messages that their receivers have consumed since the last turn. */
  readonly acknowledged: ReadonlySet<number>;
  readonly timers: readonly DurableTimer[];
}

/** Whether a durable message was consumed before: its sender's numbers grow. False for any other id. */
export function isSeen({ seen, inbox }: TurnState, id: string): boolean {
  const durable = parseDurableMessageId(id);
  if (durable === undefined) return false;
  const { sender, number } = durable;
  if (sender === inboxSender) return isConsumed(inbox, number);
  return number <= (seen[sender] ?? 0);
}

/** Whether what stands at this sequence of the entity's inbox was consumed. */
export function isConsumed({ upTo, ahead }: InboxPosition, sequence: number): boolean {
  return sequence <= upTo || ahead.some((range) => range.previous < sequence && sequence <= range.sequence);
}

/** The turn after this one. Pure: what was consumed, what is to leave. */
export function nextTurn(state: TurnState, { messages, acknowledged, timers }: Taken): TurnState {
  const waiting = state.outbox.filter(({ number }) => !acknowledged.has(number));
  const sends = messages.flatMap(({ effects }) => effects.filter((effect) => effect.kind === 'send'));
  const added = sends.map(
    ({ kind: _, ...sent }, index): OutgoingMessage => ({ number: state.nextOut + index, ...sent }),
  );
  const letters = messages.flatMap(({ deadLetter }) => deadLetter ?? []);
  return {
    turn: state.turn + 1,
    outbox: [...waiting, ...added],
    nextOut: state.nextOut + added.length,
    seen: withSeen(state.seen, messages),
    inbox: withConsumed(state.inbox, messages),
    timers,
    deadLetters: letters.length > 0 ? [...state.deadLetters, ...letters].slice(-limits.deadLetters) : state.deadLetters,
  };
}

/**
 * Where an entity goes on whose newest turns are lost. They may have sent messages, whose numbers must not be given
 * again: receivers would take the new ones for those.
 *
 * @param errors Of their records.
 * @param lost How many turns.
 */
export function afterLoss(turn: TurnState, errors: readonly ErrorData[], lost: number): TurnState {
  const letters = errors.map(
    (error): DeadLetter => ({ id: `turn@${String(error.data?.sequence)}`, message: { type: lostTurn }, error }),
  );
  return {
    ...turn,
    nextOut: turn.nextOut + lost * limits.outbox,
    deadLetters: [...turn.deadLetters, ...letters].slice(-limits.deadLetters),
  };
}

/** Why a step that sends is refused: too much would wait to leave. Undefined when there is room. */
export function outboxFull(waiting: Load, added: Load): JaegisError | undefined {
  if (added.messages === 0) return undefined;
  if (waiting.messages + added.messages > limits.outbox) {
    return new OverloadedError(`More than ${limits.outbox} messages wait to leave the entity.`, {
      data: { limit: limits.outbox, option: 'outbox' },
    });
  }
  // One that is larger than the bound leaves once nothing else waits.
  if (waiting.messages === 0 || waiting.bytes + added.bytes <= limits.outboxBytes) return undefined;
  return new OverloadedError(`Messages of more than ${limits.outboxBytes} bytes wait to leave the entity.`, {
    data: { limit: limits.outboxBytes, option: 'outboxBytes' },
  });
}

/** The senders heard of last are the last, so that the first ones can be forgotten. */
function withSeen(seen: TurnState['seen'], messages: readonly Consumed[]): TurnState['seen'] {
  const durable = messages.flatMap(({ id }) => (id === undefined ? [] : (parseDurableMessageId(id) ?? [])));
  const fromEntities = durable.filter(({ sender }) => sender !== inboxSender);
  if (fromEntities.length === 0) return seen;
  const entries = new Map(Object.entries(seen));
  for (const { sender, number } of fromEntities) {
    entries.delete(sender);
    entries.set(sender, number);
  }
  return Object.fromEntries([...entries].slice(-limits.durableSenders));
}

/**
 * A message moves the position on when none before it is under way; else it waits for those, which were postponed. All
 * between a message and the one before it that is under way was consumed, so that ranges grow and not their number.
 */
function withConsumed(position: InboxPosition, messages: readonly Consumed[]): InboxPosition {
  const consumed = messages.flatMap(({ id, inbox }) =>
    inbox === undefined || id === undefined ? [] : [{ sequence: inbox.sequence, previous: inbox.previous }],
  );
  if (consumed.length === 0) return position;
  let { upTo } = position;
  const ahead: InboxPosition['ahead'][number][] = [];
  for (const range of [...position.ahead, ...consumed].toSorted((a, b) => a.previous - b.previous)) {
    const last = ahead.at(-1);
    if (range.previous <= upTo) upTo = Math.max(upTo, range.sequence);
    else if (last === undefined || range.previous > last.sequence) ahead.push(range);
    else ahead[ahead.length - 1] = { ...last, sequence: Math.max(last.sequence, range.sequence) };
  }
  return { upTo, ahead };
}
