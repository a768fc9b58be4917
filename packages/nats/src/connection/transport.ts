/**
 * The transport port on core NATS. nats.js drops at its next dial what was published while the connection is lost, and
 * lets the buffer of a peer that hangs grow without end: so this adapter keeps what waits, and counts what is unconfirmed.
 */
import {
  assertSubject,
  type Clock,
  type Delivery,
  NotSerializableError,
  type PublishOptions,
  type SubscribeOptions,
  type Subscription,
  sleep,
  type Transport,
  type TransportRefusal,
  type TransportStatus,
  TransportUnavailableError,
} from '@jaegis/core';
import { type Link, leaveNow } from './link.ts';
import { Subscribed } from './subscribed.ts';

interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly replyTo: string | undefined;
}

/** Unconfirmed bytes at which the server is asked whether it has them; a quarter of the buffer if that is less. */
const confirmAtBytes = 64 * 1024;
/** A message of this size or more leaves while the sender goes on: it is worth a write to the socket of its own. */
const promptBytes = 1024;
/** How long closing waits for what was published to leave. */
const lastFlushMs = 500;

export class NatsTransport implements Transport {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #bufferBytes: number;
  readonly #subscribed = new Set<Subscribed>();
  #waiting: Outgoing[] = [];
  /** Bytes sent since the server last confirmed; another object after each loss of the connection. */
  #sent = { bytes: 0, confirming: false };
  #waitingBytes = 0;
  #maxPayload: number;
  #closing: Promise<void> | undefined;

  constructor(link: Link, clock: Clock, bufferBytes: number) {
    this.#link = link;
    this.#clock = clock;
    this.#bufferBytes = bufferBytes;
    this.#maxPayload = link.connection.info?.max_payload ?? 1024 * 1024;
    link.onStatus((status) => this.#changed(status));
  }

  get connected(): boolean {
    return this.#link.status === 'connected';
  }

  get maxPayload(): number {
    return this.#maxPayload;
  }

  publish(subject: string, data: Uint8Array, options: PublishOptions = {}): void {
    this.#link.assertOpen();
    const outgoing = { subject, data, replyTo: options.replyTo };
    assertSubject(subject);
    this.#assertFits(outgoing);
    if (this.connected) {
      this.#send(outgoing);
    } else {
      this.#waiting.push({ ...outgoing, data: new Uint8Array(data) });
      this.#waitingBytes += sizeOf(outgoing);
    }
  }

  subscribe(subject: string, handler: (delivery: Delivery) => void, options: SubscribeOptions = {}): Subscription {
    this.#link.assertOpen();
    const subscribed = new Subscribed(this.#link, subject, handler, options);
    this.#subscribed.add(subscribed);
    return {
      unsubscribe: () => {
        if (this.#subscribed.delete(subscribed)) subscribed.end();
      },
    };
  }

  async flush(): Promise<void> {
    for (;;) {
      await this.#untilConnected();
      // A flush under way when the connection breaks is rejected; what it was for goes out on the next one.
      const isDone = await this.#link.orLost(this.#link.connection.flush()).then(
        () => true,
        () => false,
      );
      if (!isDone) continue;
      for (const { refusal } of this.#subscribed) if (refusal !== undefined) throw refusal;
      return;
    }
  }

  onStatus(listener: (status: TransportStatus) => void): Subscription {
    this.#link.assertOpen();
    return { unsubscribe: this.#link.onStatus(listener) };
  }

  onRefused(listener: (refusal: TransportRefusal) => void): Subscription {
    this.#link.assertOpen();
    return { unsubscribe: this.#link.refusals.onPublish(listener) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.connected) await Promise.race([this.flush().catch(() => {}), sleep(this.#clock, lastFlushMs)]);
    await this.#link.close();
  }

  #assertFits(outgoing: Outgoing): void {
    const { subject, data } = outgoing;
    if (data.length > this.#maxPayload) {
      throw new NotSerializableError(
        `A message to ${subject} has ${data.length} bytes; the server takes ${this.#maxPayload} (its max_payload).`,
        { data: { subject, bytes: data.length, maxPayload: this.#maxPayload } },
      );
    }
    const held = this.#waitingBytes + this.#sent.bytes;
    if (held + sizeOf(outgoing) <= this.#bufferBytes) return;
    const why = this.connected ? '' : `${this.#link.trouble}. `;
    throw new TransportUnavailableError(
      `${why}A message to ${subject} was not sent: ${held} bytes wait for NATS already, the limit is ${this.#bufferBytes}.`,
      { data: { subject, held, limit: this.#bufferBytes } },
    );
  }

  #send(outgoing: Outgoing): void {
    const { subject, data, replyTo } = outgoing;
    this.#link.connection.publish(subject, data, replyTo === undefined ? {} : { reply: replyTo });
    if (data.length >= promptBytes) leaveNow(this.#link.connection);
    this.#sent.bytes += sizeOf(outgoing);
    void this.#confirm(this.#sent);
  }

  async #confirm(sent: { bytes: number; confirming: boolean }): Promise<void> {
    if (sent.confirming) return;
    sent.confirming = true;
    try {
      while (sent.bytes >= Math.min(confirmAtBytes, this.#bufferBytes / 4)) {
        const asked = sent.bytes;
        await this.#link.connection.flush();
        sent.bytes -= asked;
      }
    } catch {
      // The connection was lost, and with it the count.
    } finally {
      sent.confirming = false;
    }
  }

  #changed(status: TransportStatus): void {
    this.#sent = { bytes: 0, confirming: false };
    if (status !== 'connected') return;
    this.#maxPayload = this.#link.connection.info?.max_payload ?? this.#maxPayload;
    for (const subscribed of this.#subscribed) subscribed.again();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const outgoing of waiting) this.#send(outgoing);
  }

  #untilConnected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#link.status === 'disconnected') return;
        stop();
        try {
          this.#link.assertOpen();
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      const stop = this.#link.onStatus(look);
      look();
    });
  }
}

function sizeOf({ subject, data }: Outgoing): number {
  return subject.length + data.length;
}
