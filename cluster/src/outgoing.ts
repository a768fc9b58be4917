import type { Clock, Lane, Logger, Transport } from '@jaegis/core';
import { Departure } from './departure.ts';
import { FRAME_HEADER, PACKET_HEADER, type PacketKind, PacketWriter } from './packet.ts';
import type { Toll } from './toll.ts';

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
  /** Of the network; undefined: none. */
  readonly toll?: Toll | undefined;
  /** Of packets with frames; a header alone goes with control. Default `data`. */
  readonly lane?: Lane;
}

const CONTROL = { lane: 'control' } as const;

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

  /**
   * What waits leaves, with the header.
   *
   * @param isWordItself The header alone is worth a packet.
   * @param lane Another one than that of all packets, for what must not pass what left before it.
   */
  flush(isWordItself = false, lane = this.#options.lane): void {
    const { what } = this.#options;
    const isWord = this.#writer.isEmpty;
    if (isWord && !isWordItself) return;
    const data = this.#writer.take(what, this.session, this.number);
    this.owedBytes = 0;
    this.leave(data, isWord ? CONTROL.lane : lane);
  }

  protected leave(packet: Uint8Array, lane: Lane | undefined): void {
    this.#options.toll?.spend('control', packet.length);
    const error = this.publish(packet, lane);
    if (error !== undefined) this.lost(error);
  }

  /** Why it could not leave, if so. */
  protected publish(packet: Uint8Array, lane: Lane | undefined): unknown {
    const { transport, subject } = this.#options;
    const { replyTo } = this;
    try {
      if (replyTo !== undefined)
        transport.publish(subject, packet, lane === undefined ? { replyTo } : { replyTo, lane });
      else if (lane === 'control') transport.publish(subject, packet, CONTROL);
      else transport.publish(subject, packet);
    } catch (error) {
      return error;
    }
  }

  protected lost(error: unknown): void {
    const { logger, subject } = this.#options;
    logger.warn('a packet could not leave', { subject, error });
  }

  /** What has not left will not. */
  close(): void {
    this.#departure.close();
    this.#writer.clear();
  }
}
