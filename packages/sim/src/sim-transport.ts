/** The transport port of one simulated node. A node that crashed goes on running its code, but nobody hears it. */
import {
  assertSubject,
  type Backlog,
  type Delivery,
  type Lane,
  type Logger,
  limits,
  NotSerializableError,
  type PublishOptions,
  type SubscribeOptions,
  type Subscription,
  type Transport,
  TransportClosedError,
  type TransportStatus,
  TransportUnavailableError,
} from '@jaegis/core';
import type { SimLink, SimSubscription } from './sim-link.ts';
import type { Message, SimNetwork } from './sim-network.ts';

export interface SimTransportOptions {
  readonly maxPayload: number;
  readonly sendBufferBytes: number;
  readonly logger: Logger;
}

export class SimTransport implements Transport {
  readonly maxPayload: number;
  readonly #network: SimNetwork;
  readonly #link: SimLink;
  readonly #options: SimTransportOptions;
  readonly #subscriptions = new Set<SimSubscription>();
  readonly #waiting: Readonly<Record<Lane, Message[]>> = { control: [], data: [] };
  #waitingBytes = 0;

  constructor(network: SimNetwork, link: SimLink, options: SimTransportOptions) {
    this.#network = network;
    this.#link = link;
    this.#options = options;
    this.maxPayload = options.maxPayload;
    link.onChange(() => this.#changed());
  }

  get connected(): boolean {
    return this.#link.state === 'connected';
  }

  publish(subject: string, data: Uint8Array, options: PublishOptions = {}): void {
    this.#assertOpen();
    assertSubject(subject);
    const { lane = 'data', replyTo } = options;
    this.#assertFits(lane, subject, data);
    const message = { subject, data: new Uint8Array(data), replyTo };
    if (this.#link.state === 'disconnected') {
      this.#waiting[lane].push(message);
      this.#waitingBytes += sizeOf(subject, data);
    } else {
      this.#send(message);
    }
  }

  subscribe(subject: string, handler: (delivery: Delivery) => void, options: SubscribeOptions = {}): Subscription {
    this.#assertOpen();
    const subscription: SimSubscription = {
      subject,
      queue: options.queue,
      deliver: (delivery) => this.#subscriptions.has(subscription) && this.#handle(handler, delivery),
    };
    this.#subscriptions.add(subscription);
    this.#tellServer(() => this.#network.register(this.#link, subscription));
    return {
      unsubscribe: () => {
        if (this.#subscriptions.delete(subscription)) {
          this.#tellServer(() => this.#network.unregister(this.#link, subscription));
        }
      },
    };
  }

  async flush(): Promise<void> {
    for (;;) {
      await this.#untilConnected();
      if (await this.#roundTrip()) return;
    }
  }

  onStatus(listener: (status: TransportStatus) => void): Subscription {
    this.#assertOpen();
    const stop = this.#link.onChange(() => {
      if (this.#link.state !== 'crashed') listener(this.#link.state);
    });
    return { unsubscribe: stop };
  }

  /** The simulated servers have room for everything; a test says when one would not have. */
  onSlow(listener: (backlog: Backlog) => void): Subscription {
    this.#assertOpen();
    const { slowListeners } = this.#link;
    slowListeners.add(listener);
    return { unsubscribe: () => void slowListeners.delete(listener) };
  }

  /** The simulated servers permit everything. */
  onRefused(): Subscription {
    this.#assertOpen();
    return { unsubscribe() {} };
  }

  async close(): Promise<void> {
    if (this.connected) await this.#roundTrip();
    this.#subscriptions.clear();
    this.#link.change('closed');
  }

  #assertOpen(): void {
    if (this.#link.state === 'closed') throw new TransportClosedError('The connection of this node was closed.');
  }

  #assertFits(lane: Lane, subject: string, data: Uint8Array): void {
    const { maxPayload, sendBufferBytes } = this.#options;
    if (data.length > maxPayload) {
      throw new NotSerializableError(`A message to ${subject} has ${data.length} bytes; ${maxPayload} are taken.`, {
        data: { subject, bytes: data.length, maxPayload },
      });
    }
    const limit = sendBufferBytes - (lane === 'control' ? 0 : Math.min(limits.controlBytes, sendBufferBytes / 16));
    if (this.#waitingBytes + sizeOf(subject, data) <= limit) return;
    throw new TransportUnavailableError(`A message to ${subject} was not sent: ${this.#waitingBytes} bytes wait.`, {
      data: { subject, held: this.#waitingBytes, limit },
    });
  }

  #handle(handler: (delivery: Delivery) => void, delivery: Delivery): void {
    try {
      handler(delivery);
    } catch (error) {
      this.#options.logger.error('A handler of a subscription threw', { subject: delivery.subject, error });
    }
  }

  #send(message: Message): void {
    this.#tellServer(() => this.#network.route(this.#link, message));
  }

  #tellServer(arrive: () => void): void {
    if (this.connected) this.#link.up.carry(arrive);
  }

  /** Whether the server answered before the connection was lost. After a crash it never returns. */
  #roundTrip(): Promise<boolean> {
    const { down } = this.#link;
    return new Promise((resolve) => {
      const stop = this.#link.onChange(() => finish(false));
      const finish = (isDone: boolean) => {
        stop();
        resolve(isDone);
      };
      this.#tellServer(() => down.carry(() => finish(true)));
    });
  }

  #untilConnected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#link.state === 'disconnected') return;
        stop();
        if (this.#link.state === 'closed') reject(new TransportClosedError('The connection of this node was closed.'));
        else resolve();
      };
      const stop = this.#link.onChange(look);
      look();
    });
  }

  #changed(): void {
    if (!this.connected) return;
    for (const subscription of this.#subscriptions) {
      this.#tellServer(() => this.#network.register(this.#link, subscription));
    }
    this.#waitingBytes = 0;
    for (const lane of ['control', 'data'] as const) {
      for (const message of this.#waiting[lane].splice(0)) this.#send(message);
    }
  }
}

function sizeOf(subject: string, data: Uint8Array): number {
  return subject.length + data.length;
}
