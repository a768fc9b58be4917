import { limits, NoSuchActorError } from '@jaegis/core';
import type { FlightEntry } from './flight-recorder.ts';
import type { Message } from './protocol.ts';
import { Ring } from './ring.ts';

/**
 * Why a message was not handled. `undelivered`: its receiver is on another node, which it did not reach;
 * `delivery_unknown`: that node is gone, and it may have been delivered before or not; `refused`: that node did not take
 * it in, for the reason that the error names.
 */
export type DeadReason =
  | 'actor_stopped'
  | 'crashed'
  | 'delivery_unknown'
  | 'dropped'
  | 'no_such_actor'
  | 'refused'
  | 'undelivered';

/** A message that nobody handled, or that crashed its actor as often as its retry policy allows. */
export interface DeadMessage {
  readonly id: string;
  /** Address of its receiver. */
  readonly to: string;
  readonly message: Message;
  readonly reason: DeadReason;
  /** Wall-clock time, ms since 1970. */
  readonly at: number;
  /** What the actor failed with. */
  readonly error?: unknown;
  /** The state that it was given to, as the definition's `redact` shows it. */
  readonly state?: unknown;
  /** What the actor had handled before, oldest first. */
  readonly history?: readonly FlightEntry[];
}

/** The dead messages of a node: the newest ones, to be listed, looked at and sent again. */
export class DeadLetters {
  readonly #send: (to: string, message: Message) => void;
  readonly #kept = new Map<string, DeadMessage>();
  readonly #order = new Ring<string>();
  #count = 0;

  constructor(send: (to: string, message: Message) => void) {
    this.#send = send;
  }

  /** How many there have been, kept or not. */
  get count(): number {
    return this.#count;
  }

  add(letter: Omit<DeadMessage, 'id'>): void {
    const id = String(++this.#count);
    this.#kept.set(id, { id, ...letter });
    this.#order.push(id);
    if (this.#order.length > limits.deadMessages) this.#kept.delete(this.#order.shift() as string); // it is not empty
  }

  /** Counts messages that are older than those that are kept. */
  addUnkept(count: number): void {
    this.#count += count;
  }

  /** Oldest first. */
  list(): DeadMessage[] {
    return [...this.#kept.values()];
  }

  get(id: string): DeadMessage | undefined {
    return this.#kept.get(id);
  }

  /** Sends the message again, as a tell, and takes it off. It comes back if it fails again. @throws NoSuchActorError */
  resend(id: string): void {
    const letter = this.#kept.get(id);
    if (!letter) throw new NoSuchActorError(`There is no dead letter ${JSON.stringify(id)}.`, { data: { id } });
    this.#kept.delete(id);
    this.#send(letter.to, letter.message);
  }

  /** False when it is not there. */
  discard(id: string): boolean {
    return this.#kept.delete(id);
  }
}
