/**
 * The form of what nodes send each other. All that one turn of the event loop has for another node travels as one
 * packet: two bytes that say what it is, then frames, each with a header of ten bytes and a body in the cluster's codec.
 */
import { CorruptRecordError } from '@jaegis/core';

/** What a frame is. The numbers are part of the protocol. */
export const frames = {
  /** `[path, message]` */
  tellActor: 1,
  /** `[path, message, leftMs, id?]` */
  askActor: 2,
  /** `[[type, key], message]` */
  tellEntity: 3,
  /** `[[type, key], message, leftMs, id?, isFresh?]` */
  askEntity: 4,
  /** The reply to the ask of that number. */
  reply: 5,
  /** Why the ask of that number has none, as data of an error. */
  failure: 6,
  /** The asker of the ask of that number has given it up. */
  cancel: 7,
} as const;

export type FrameKind = (typeof frames)[keyof typeof frames];

/** `J`, and the version of the protocol. */
const MAGIC = 0x4a;
const VERSION = 1;
const PACKET_HEADER = 2;
/** Kind and flags, then the number of the ask and the length of the body, both of 32 bits, big-endian. */
const FRAME_HEADER = 10;
const FIRST_CAPACITY = 1024;

/** One packet in the making. */
export class PacketWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #length = PACKET_HEADER;

  /** Its bytes so far. */
  get size(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#length === PACKET_HEADER;
  }

  /** How large it would be with this body too. */
  sizeWith(body: Uint8Array): number {
    return this.#length + FRAME_HEADER + body.length;
  }

  /** @param ask The number of the ask; 0 for a tell. */
  add(kind: FrameKind, ask: number, body: Uint8Array): void {
    const needed = this.sizeWith(body);
    if (needed > this.#bytes.length) this.#grow(needed);
    const view = this.#view;
    const at = this.#length;
    view.setUint8(at, kind);
    view.setUint8(at + 1, 0);
    view.setUint32(at + 2, ask);
    view.setUint32(at + 6, body.length);
    this.#bytes.set(body, at + FRAME_HEADER);
    this.#length = needed;
  }

  /** Its bytes, which the caller may keep; the next packet begins. */
  take(): Uint8Array {
    this.#bytes[0] = MAGIC;
    this.#bytes[1] = VERSION;
    const packet = this.#bytes.slice(0, this.#length);
    this.#length = PACKET_HEADER;
    return packet;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/**
 * Calls back for each frame, in their order. The body lies in the packet.
 * @throws CorruptRecordError at the first byte that is not of this form; the frames before it were given.
 */
export function readPacket(packet: Uint8Array, take: (kind: number, ask: number, body: Uint8Array) => void): void {
  if (packet[0] !== MAGIC || packet[1] !== VERSION) {
    throw new CorruptRecordError(`Not a packet of version ${VERSION}: it begins with ${packet[0]}, ${packet[1]}.`);
  }
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  for (let at = PACKET_HEADER; at < packet.length; ) {
    const begin = at + FRAME_HEADER;
    const end = begin <= packet.length ? begin + view.getUint32(at + 6) : Number.POSITIVE_INFINITY;
    if (end > packet.length) throw new CorruptRecordError(`A packet of ${packet.length} bytes ends within a frame.`);
    take(view.getUint8(at), view.getUint32(at + 2), packet.subarray(begin, end));
    at = end;
  }
}
