import type { ErrorData } from '../errors.ts';
import type { TraceContext } from '../ports/telemetry.ts';
import type { EntityId } from './entity-id.ts';

/**
 * One turn of a durable entity: all that it took in, what came of it, and what is to leave. It is one record, so it
 * takes effect whole or not at all (Kafka's transactional outbox, in one append). Messages that came while the turn
 * before was being written share the next one.
 */
export interface TurnRecord {
  /** Counts the entity's turns from 1. */
  readonly turn: number;
  /** Names the activation that wrote it, so that a writer whose answer was lost can recognise its own record. */
  readonly writer: string;
  /** The node that wrote it, for people who read the history. */
  readonly node: string;
  /** The whole state after the turn. */
  readonly state: unknown;
  /** Of the definition that wrote the state. */
  readonly version: number;
  /** Who sent what: the messages that this turn handled, in their order. Empty in records of older versions. */
  readonly handled: readonly HandledMessages[];
  /** Ids of the durable messages consumed by this turn. */
  readonly consumed: readonly string[];
  /** Ids of the durable messages first sent by this turn. */
  readonly sent: readonly string[];
  /** Durable messages not known to be consumed by their receivers, oldest first; those of this turn are the last. */
  readonly outbox: readonly OutgoingMessage[];
  /** The number that the next outgoing message gets. */
  readonly nextOut: number;
  /** By durable sender, the number of the last message consumed. Senders send in order, so one number suffices. */
  readonly seen: Readonly<Record<string, number>>;
  /** What of the entity's inbox was consumed. */
  readonly inbox: InboxPosition;
  /** Messages that the entity will send itself. */
  readonly timers: readonly DurableTimer[];
  /** The asks of this turn that have an id, and what they were answered; and, as `@:<id>`, the `send`s that it consumed. */
  readonly answered: readonly Answered[];
  /**
   * Marks of what the turns before it that are kept have answered, for the entity alone. Undefined where not all is known,
   * as in records of older versions.
   */
  readonly past?: Uint8Array;
  /** Messages that crashed the entity too often, newest last, a bounded number. */
  readonly deadLetters: readonly DeadLetter[];
  /** Whether the entity has work under way that must go on after a move without waiting for a message. */
  readonly busy: boolean;
}

/** Messages of one type and sender that a turn handled one after the other. */
export interface HandledMessages {
  readonly type: string;
  /**
   * `type/key` of an entity, `node/path` of an actor, `timer:<name>` of the entity's own timer, or the name of the node
   * or client whose code sent it. Undefined where it is not known: of tells.
   */
  readonly from: string | undefined;
  readonly count: number;
}

/** A turn as it is kept. */
export interface KeptTurn extends Omit<TurnRecord, 'past'> {
  /** When the journal took it, in milliseconds since 1970, by the server's clock. */
  readonly timeMs: number;
}

export interface OutgoingMessage {
  readonly number: number;
  readonly to: EntityId;
  readonly message: unknown;
  /** Of the turn that sent it, where that was traced. */
  readonly trace?: TraceContext;
}

/**
 * All messages of an inbox up to one, and some after it, in ranges: each without `previous`, which was postponed, and with
 * all after that up to `sequence`.
 */
export interface InboxPosition {
  readonly upTo: number;
  readonly ahead: readonly { readonly sequence: number; readonly previous: number }[];
}

/** A message that an entity sends itself at a time, or again and again. It is set and taken back by turns. */
export interface DurableTimer {
  /** Given by the entity: a timer that is set again under the same name replaces the former. */
  readonly name: string;
  /** Tells it from others of the same name: what fires without being in the entity's record was taken back. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly message: unknown;
  /** For a timer that fires again. */
  readonly cron: CronTimes | undefined;
  /** Of the turn that set it, where that was traced. */
  readonly trace?: TraceContext;
}

export interface CronTimes {
  /** `minute hour day month weekday`, with seconds before them if there are six. */
  readonly pattern: string;
  /** IANA name. Default UTC. */
  readonly timezone?: string | undefined;
}

export interface Answered {
  /** As {@link keyedAskId} makes it, or of an ask without a key. */
  readonly id: string;
  readonly reply: unknown;
  /** It was to be answered later, and was not when this was written. */
  readonly isOwed?: boolean;
}

/** A message that an entity gave up, or a turn of it that is lost: then `message.type` is {@link lostTurn}. */
export interface DeadLetter {
  readonly id: string;
  readonly message: unknown;
  readonly error: ErrorData;
}

export const lostTurn = 'lost_turn';

export function isLostTurn({ message }: DeadLetter): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === lostTurn;
}

/** Where durable messages come from that no entity sent: the inbox. Their numbers are its sequences. */
export const inboxSender = '@';

/** The id of a durable message: its sender and the number that the sender gave it. */
export function durableMessageId(sender: string, number: number): string {
  return `${sender}#${number}`;
}

/** The sender and number of a durable message's id; undefined for any other id. */
export function parseDurableMessageId(id: string): { sender: string; number: number } | undefined {
  const hash = id.lastIndexOf('#');
  if (hash < 1) return undefined;
  const number = Number(id.slice(hash + 1));
  return Number.isSafeInteger(number) && number > 0 ? { sender: id.slice(0, hash), number } : undefined;
}

/**
 * The id of an ask with an idempotency key. It ends like no other: neither a durable message nor an ask without a key
 * has such an id, whatever the user's keys look like.
 */
export function keyedAskId(key: string): string {
  return `${key}#`;
}

export function isKeyedAskId(id: string): boolean {
  return id.endsWith('#');
}

export function isDurableMessageId(id: string | undefined): id is string {
  return id !== undefined && parseDurableMessageId(id) !== undefined;
}
