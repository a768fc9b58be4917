import { type Clock, NotSerializableError, type Timer, type Transport } from '@jaegis/core';
import { type FrameKind, PacketWriter } from './packet.ts';

/** A packet of this size leaves before the turn of the event loop is over: its receiver can begin. */
const FULL_BYTES = 4 * 1024;
/** What subjects and headers may add to a payload at the most. */
const HEADROOM = 64;

export interface OutgoingOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly subject: string;
  /** Where answers to the packet of that number are sent; undefined for what is not answered. */
  readonly replyTo: ((packet: number) => string) | undefined;
  /** The next number of a packet. */
  readonly nextPacket: () => number;
  /** A packet could not leave. */
  readonly onLost: (packet: number, error: unknown) => void;
}

/** What leaves for one subject: what one turn of the event loop has for it goes as one packet, in order. */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #writer = new PacketWriter();
  #timer: Timer | undefined;
  /** The number of the packet in the making. */
  #packet: number;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#packet = options.nextPacket();
  }

  /**
   * Takes a frame in and returns the number of the packet that it leaves with.
   * @throws NotSerializableError when it is larger than the server takes.
   */
  add(kind: FrameKind, ask: number, body: Uint8Array): number {
    const writer = this.#writer;
    const most = this.#options.transport.maxPayload - HEADROOM;
    if (writer.sizeWith(body) > most) {
      if (!writer.isEmpty) this.flush();
      if (writer.sizeWith(body) > most) throw tooLarge(this.#options.subject, body.length, most);
    }
    writer.add(kind, ask, body);
    const packet = this.#packet;
    if (writer.size >= FULL_BYTES) this.flush();
    else this.#timer ??= this.#options.clock.setTimer(0, () => this.flush());
    return packet;
  }

  flush(): void {
    const { clock, transport, subject, replyTo, nextPacket, onLost } = this.#options;
    clock.clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#writer.isEmpty) return;
    const packet = this.#packet;
    this.#packet = nextPacket();
    try {
      const data = this.#writer.take();
      transport.publish(subject, data, replyTo === undefined ? {} : { replyTo: replyTo(packet) });
    } catch (error) {
      onLost(packet, error);
    }
  }

  /** What has not left will not. */
  close(): void {
    this.#options.clock.clearTimer(this.#timer);
    this.#writer.take();
  }
}

function tooLarge(subject: string, bytes: number, most: number): Error {
  return new NotSerializableError(`A message to ${subject} has ${bytes} bytes; the server takes ${most}.`, {
    data: { subject, bytes, maxPayload: most },
  });
}
