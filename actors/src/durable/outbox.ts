import {
  backoffDelay,
  type Clock,
  durableMessageId,
  formatEntityId,
  type Logger,
  limits,
  type OutgoingMessage,
  type Random,
  roughSize,
  sleep,
} from '@jaegis/core';
import type { Load } from './load.ts';

/** Hands one durable message to its receiver; resolves once the receiver has committed the turn that consumed it. */
export type DeliverDurable = (message: OutgoingMessage, id: string) => Promise<void>;

export interface OutboxOptions {
  /** The sending entity as `type/key`: with the number it makes the message's id. */
  readonly sender: string;
  readonly deliver: DeliverDurable;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const RETRY = { firstMs: 50, maxMs: 2_000 };

/**
 * Delivers an entity's committed messages, each receiver's in order and one at a time, until they are consumed. What is
 * still here when the node dies is in the entity's record and is delivered by the next owner; receivers drop repeats.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queues = new Map<string, OutgoingMessage[]>();
  readonly #stop = new AbortController();
  #acknowledged = new Set<number>();
  /** By number, of what is not known to be consumed. */
  readonly #sizes = new Map<number, number>();
  #bytes = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Numbers of messages that were consumed and are not yet taken off the record. */
  get acknowledged(): ReadonlySet<number> {
    return this.#acknowledged;
  }

  /** Nothing waits to be delivered. */
  get isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  /** What is not known to be consumed. */
  get load(): Load {
    return { messages: this.#sizes.size, bytes: this.#bytes };
  }

  enqueue(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) {
      const size = roughSize(message.message, limits.outboxBytes);
      this.#sizes.set(message.number, size);
      this.#bytes += size;
      const receiver = formatEntityId(message.to);
      const queue = this.#queues.get(receiver);
      if (queue) {
        queue.push(message);
      } else {
        this.#queues.set(receiver, [message]);
        void this.#drain(receiver);
      }
    }
  }

  /** These numbers are off the record now. */
  forget(numbers: Iterable<number>): void {
    for (const number of numbers) this.#acknowledged.delete(number);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #drain(receiver: string): Promise<void> {
    const queue = this.#queues.get(receiver) ?? [];
    for (let message = queue[0]; message; message = queue[0]) {
      await this.#deliver(message);
      if (this.#stop.signal.aborted) return;
      this.#acknowledged.add(message.number);
      this.#bytes -= this.#sizes.get(message.number) ?? 0;
      this.#sizes.delete(message.number);
      queue.shift();
    }
    this.#queues.delete(receiver);
  }

  async #deliver(message: OutgoingMessage): Promise<void> {
    const { sender, deliver, clock, random, logger } = this.#options;
    const id = durableMessageId(sender, message.number);
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      try {
        return await deliver(message, id);
      } catch (error) {
        logger.debug('durable message not consumed yet', { id, attempt, error });
        await sleep(clock, backoffDelay(attempt, random.next(), RETRY), this.#stop.signal);
      }
    }
  }
}
