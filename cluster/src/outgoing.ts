import type { Clock, Logger, Transport } from '@jaegis/core';
import { Departure } from './departure.ts';
import { FRAME_HEADER, PACKET_HEADER, type PacketKind, PacketWriter } from './packet.ts';

/** What headers may add to a payload at the most. */
export const HEADROOM = 64;

/** The largest body that one frame can hold. */
export function mostOf({ maxPayload }: Pick<Transport, 'maxPayload'>): number {
  return maxPayload - HEADROOM - PACKET_HEADER - FRAME_HEADER;
}

export interface OutgoingOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly subject: string;
  readonly what: PacketKind;
}

/**
 * What leaves for one subject without being kept, answers and control: what one turn of the event loop has for it goes
 * as one packet, in order.
 */
export class Outgoing {
  /** What the next packet says in its header. */
  session = 0;
  number = 0;
  /** Where the server says that nobody listens. */
  replyTo: string | undefined = undefined;
  /** Bytes taken in that the other side has not heard of; it does with the next packet. */
  owedBytes = 0;
  readonly #options: OutgoingOptions;
  readonly #writer = new PacketWriter();
  readonly #departure: Departure;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#departure = new Departure(options.clock, () => this.flush());
  }

  /** The largest body that one frame can hold. */
  get mostBytes(): number {
    return mostOf(this.#options.transport);
  }

  /** Takes in a frame, the body of which is not above {@link mostBytes}. */
  add(kind: number, ask: number, body: Uint8Array): void {
    const writer = this.#writer;
    if (writer.sizeWith(body) > this.#options.transport.maxPayload && !writer.isEmpty) this.flush();
    writer.add(kind, ask, body);
    this.#departure.soon(writer.size);
  }

  /** What waits leaves, with the header. @param isWordItself The header alone is worth a packet. */
  flush(isWordItself = false): void {
    const { transport, logger, subject, what } = this.#options;
    const { replyTo } = this;
    if (this.#writer.isEmpty && !isWordItself) return;
    const data = this.#writer.take(what, this.session, this.number);
    this.owedBytes = 0;
    try {
      if (replyTo === undefined) transport.publish(subject, data);
      else transport.publish(subject, data, { replyTo });
    } catch (error) {
      logger.warn('a packet could not leave', { subject, error });
    }
  }

  /** What has not left will not. */
  close(): void {
    this.#departure.close();
    this.#writer.clear();
  }
}
