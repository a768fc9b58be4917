/**
 * The transport port on core NATS. nats.js drops at its next dial what was published while the connection is lost, and
 * lets the buffer of a peer that hangs grow without end: so this adapter keeps what waits, and counts what is unconfirmed.
 * Data goes only so far ahead of the server's confirmation; what else there is waits here, where control passes it.
 */
import {
  assertSubject,
  type Backlog,
  type Clock,
  type Delivery,
  type Lane,
  limits,
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
import { ReadWatch } from './read-watch.ts';
import { Subscribed } from './subscribed.ts';

interface Outgoing {
  readonly lane: Lane;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly replyTo: string | undefined;
}

export interface TransportLimits {
  /** As `limits.sendBufferBytes`. */
  readonly bufferBytes: number;
  /** As `limits.slowReadBytes`. */
  readonly slowReadBytes: number;
}

/** Unconfirmed bytes at which the server is asked whether it has them; half of what may go ahead if that is less. */
const confirmAtBytes = 64 * 1024;
/** A message of this size or more leaves while the sender goes on: it is worth a write to the socket of its own. */
const promptBytes = 2 * 1024;
/** How long closing waits for what was published to leave. */
const lastFlushMs = 500;

export class NatsTransport implements Transport {
  readonly #link: Link;
  readonly #clock: Clock;
  /** What each lane may fill. */
  readonly #bufferBytes: Readonly<Record<Lane, number>>;
  readonly #aheadBytes: number;
  readonly #confirmBytes: number;
  readonly #subscribed = new Set<Subscribed>();
  readonly #slow = new Set<(backlog: Backlog) => void>();
  readonly #reading: ReadWatch;
  readonly #waiting: Readonly<Record<Lane, Outgoing[]>> = { control: [], data: [] };
  /** Messages of the data lane: taken in, and sent. */
  #taken = 0;
  #left = 0;
  /** Bytes sent since the server last confirmed; another object after each loss of the connection. */
  #sent = { bytes: 0, confirming: false };
  #waitingBytes = 0;
  #maxPayload: number;
  #closing: Promise<void> | undefined;

  constructor(link: Link, clock: Clock, { bufferBytes, slowReadBytes }: TransportLimits) {
    this.#link = link;
    this.#clock = clock;
    this.#bufferBytes = { control: bufferBytes, data: bufferBytes - Math.min(limits.controlBytes, bufferBytes / 16) };
    this.#aheadBytes = Math.min(limits.sendAheadBytes, bufferBytes / 2);
    this.#confirmBytes = Math.min(confirmAtBytes, this.#aheadBytes / 2);
    this.#maxPayload = link.connection.info?.max_payload ?? 1024 * 1024;
    link.onStatus((status) => this.#changed(status));
    this.#reading = new ReadWatch(link, clock, slowReadBytes, (backlog) => this.#tellSlow(backlog));
  }

  get connected(): boolean {
    return this.#link.status === 'connected';
  }

  get maxPayload(): number {
    return this.#maxPayload;
  }

  publish(subject: string, data: Uint8Array, options: PublishOptions = {}): void {
    this.#link.assertOpen();
    const { lane = 'data', replyTo } = options;
    const outgoing = { lane, subject, data, replyTo };
    assertSubject(subject);
    this.#assertFits(outgoing);
    if (lane === 'data') this.#taken++;
    if (this.connected && (lane === 'control' || this.#mayGoAhead)) {
      this.#send(outgoing);
    } else {
      this.#waiting[lane].push({ ...outgoing, data: new Uint8Array(data) });
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
    const all = this.#taken;
    for (;;) {
      await this.#untilConnected();
      const haveLeft = this.#left >= all;
      // A flush under way when the connection breaks is rejected; what it was for goes out on the next one.
      const isDone = await this.#link.orLost(this.#link.connection.flush()).then(
        () => true,
        () => false,
      );
      if (!isDone || !haveLeft) continue;
      for (const { refusal } of this.#subscribed) if (refusal !== undefined) throw refusal;
      return;
    }
  }

  onStatus(listener: (status: TransportStatus) => void): Subscription {
    this.#link.assertOpen();
    return { unsubscribe: this.#link.onStatus(listener) };
  }

  onSlow(listener: (backlog: Backlog) => void): Subscription {
    this.#link.assertOpen();
    this.#slow.add(listener);
    return { unsubscribe: () => void this.#slow.delete(listener) };
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
    const { lane, subject, data } = outgoing;
    if (data.length > this.#maxPayload) {
      throw new NotSerializableError(
        `A message to ${subject} has ${data.length} bytes; the server takes ${this.#maxPayload} (its max_payload).`,
        { data: { subject, bytes: data.length, maxPayload: this.#maxPayload } },
      );
    }
    const held = this.#waitingBytes + this.#sent.bytes;
    const limit = this.#bufferBytes[lane];
    if (held + sizeOf(outgoing) <= limit) return;
    const why = this.connected ? '' : `${this.#link.trouble}. `;
    throw new TransportUnavailableError(
      `${why}A message to ${subject} was not sent: ${held} bytes wait for NATS already, the limit is ${limit}.`,
      { data: { subject, held, limit } },
    );
  }

  /** Whether data need not wait for the server to confirm what was sent before. */
  get #mayGoAhead(): boolean {
    return this.#waiting.data.length === 0 && this.#sent.bytes < this.#aheadBytes;
  }

  #send(outgoing: Outgoing): void {
    const { lane, subject, data, replyTo } = outgoing;
    this.#link.connection.publish(subject, data, replyTo === undefined ? {} : { reply: replyTo });
    if (data.length >= promptBytes) leaveNow(this.#link.connection);
    if (lane === 'data') this.#left++;
    this.#sent.bytes += sizeOf(outgoing);
    if (!this.#sent.confirming && this.#sent.bytes >= this.#confirmBytes) void this.#confirm(this.#sent);
  }

  async #confirm(sent: { bytes: number; confirming: boolean }): Promise<void> {
    sent.confirming = true;
    try {
      while (sent.bytes >= this.#confirmBytes) {
        const asked = sent.bytes;
        await this.#link.connection.flush();
        sent.bytes -= asked;
        if (sent === this.#sent) this.#sendWaiting();
      }
    } catch {
      // The connection was lost, and with it the count.
    } finally {
      sent.confirming = false;
    }
  }

  #changed(status: TransportStatus): void {
    this.#sent = { bytes: 0, confirming: false };
    if (status === 'closed') this.#reading.stop();
    if (status !== 'connected') return;
    this.#maxPayload = this.#link.connection.info?.max_payload ?? this.#maxPayload;
    for (const subscribed of this.#subscribed) subscribed.again();
    this.#sendWaiting();
  }

  /** Control, all of it; data, as far as it may go ahead. */
  #sendWaiting(): void {
    const { control, data } = this.#waiting;
    for (const outgoing of control.splice(0)) this.#sendOne(outgoing);
    let sent = 0;
    while (sent < data.length && this.#sent.bytes < this.#aheadBytes) this.#sendOne(data[sent++] as Outgoing); // within
    data.splice(0, sent);
  }

  #sendOne(waiting: Outgoing): void {
    this.#waitingBytes -= sizeOf(waiting);
    this.#send(waiting);
  }

  #tellSlow(backlog: Backlog): void {
    for (const listener of this.#slow) {
      try {
        listener(backlog);
      } catch (error) {
        this.#link.logger.error('A listener for slow reading threw', { error });
      }
    }
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
