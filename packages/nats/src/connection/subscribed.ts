/**
 * One subscription of the transport. nats.js drops it for good when the server refuses it; here it is made again at the
 * next connection, which may have other permissions.
 */
import type { Delivery, JaegisError, SubscribeOptions } from '@jaegis/core';
import type { Msg, Subscription } from '@nats-io/transport-node';
import { plainBytes } from '../plain-bytes.ts';
import type { Link } from './link.ts';
import { permissionDenied, violationIn } from './refusals.ts';

export class Subscribed {
  readonly #link: Link;
  readonly #subject: string;
  readonly #handler: (delivery: Delivery) => void;
  readonly #options: SubscribeOptions;
  #made: Subscription;
  #refusal: JaegisError | undefined;

  constructor(link: Link, subject: string, handler: (delivery: Delivery) => void, options: SubscribeOptions) {
    this.#link = link;
    this.#subject = subject;
    this.#handler = handler;
    this.#options = options;
    this.#made = this.#make();
  }

  /** Set while the server does not permit it. */
  get refusal(): JaegisError | undefined {
    return this.#refusal;
  }

  again(): void {
    if (this.#refusal === undefined) return;
    this.#refusal = undefined;
    this.#made = this.#make();
  }

  end(): void {
    if (!this.#made.isClosed()) this.#made.unsubscribe();
  }

  #make(): Subscription {
    const { queue } = this.#options;
    const callback = (failure: Error | null, message: Msg) => {
      if (failure === null) this.#deliver(message);
      else this.#failed(failure);
    };
    return this.#link.connection.subscribe(this.#subject, queue === undefined ? { callback } : { callback, queue });
  }

  #deliver(message: Msg): void {
    // What is thrown here would end the reading of the whole connection.
    try {
      this.#handler(toDelivery(message));
    } catch (error) {
      this.#link.logger.error('A handler of a subscription threw', { subject: message.subject, error });
    }
  }

  #failed(failure: Error): void {
    const violation = violationIn(failure);
    if (violation === undefined) {
      this.#link.logger.error('A subscription failed', { subject: this.#subject, error: failure });
    } else {
      this.#refusal = permissionDenied(`subscribe to ${this.#subject}`, violation);
    }
  }
}

/** The server's answer that nobody listens is a message of its own making: status 503 and no data. */
function toDelivery({ subject, data, reply, headers }: Msg): Delivery {
  const noResponders = headers?.code === 503 && data.length === 0;
  const replyTo = reply === undefined || reply === '' ? undefined : reply;
  return { subject, data: plainBytes(data), replyTo, noResponders };
}
