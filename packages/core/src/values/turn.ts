import type { ErrorData } from '../errors.ts';
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
  /** The asks of this turn that have an id, and what they were answered. */
  readonly answered: readonly Answered[];
  /** Messages that crashed the entity too often, newest last, a bounded number. */
  readonly deadLetters: readonly DeadLetter[];
  /** Whether the entity has work under way that must go on after a move without waiting for a message. */
  readonly busy: boolean;
}

export interface OutgoingMessage {
  readonly number: number;
  readonly to: EntityId;
  readonly message: unknown;
}

export interface Answered {
  readonly id: string;
  readonly reply: unknown;
}

export interface DeadLetter {
  readonly id: string;
  readonly message: unknown;
  readonly error: ErrorData;
}

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
