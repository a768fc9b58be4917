/**
 * The form of what nodes send each other. All that one turn of the event loop has for another node travels as one
 * packet: a header of 15 bytes, then frames, each with a header of ten bytes and a body.
 *
 * Header: `J`, the version, what the packet is, the session (32 bits), a number (64 bits). Frame: kind, flags, the number
 * of the ask, the length of the body (both 32 bits). All numbers are big-endian.
 */
import { CorruptRecordError } from '@jaegis/core';

/** What a packet is, and what its number says. The values are part of the protocol. */
export const packets = {
  /** Messages, of this number in their session. */
  data: 1,
  /** Word about messages, which is neither numbered nor kept; the number is that of the last messages sent. */
  control: 2,
  /** Answers; the number is that of the last packet of the receiver's that was taken in. */
  replies: 3,
} as const;

export type PacketKind = (typeof packets)[keyof typeof packets];

/** What a frame is. The numbers are part of the protocol. */
export const frames = {
  /** Was withdrawn before it left. */
  none: 0,
  /** A request, see `envelope.ts`; so are the next three. */
  tellActor: 1,
  askActor: 2,
  tellEntity: 3,
  askEntity: 4,
  /** The reply to the ask of that number. */
  reply: 5,
  /** Why the ask of that number has none, as data of an error. */
  failure: 6,
  /** The asker of the ask of that number has given it up. In control packets. */
  cancel: 7,
  /** What came after the packet of that number is missing. In packets of replies. */
  again: 8,
  /** Say what was taken in. In control packets. */
  probe: 9,
  /** The large body with this name will not come. In control packets. */
  absent: 10,
  /** Say when this is taken in. In packets of replies; the number is the mark's, and comes back in `marked`. */
  mark: 11,
  /** The replies up to the mark of that number were taken in. In control packets. */
  marked: 12,
  /** `[to, message, error]`: a tell that was not taken in. In packets of replies. */
  refused: 13,
  /** What ties processes of the two nodes together, see `signals.ts`. */
  signal: 14,
  /** The connection of the asker was lost: say the latest answers again. In control packets. */
  lost: 15,
} as const;

export type FrameKind = (typeof frames)[keyof typeof frames];

/** Added to a kind: the body is too large for a packet, and the frame holds its name in the object store. */
const LARGE = 0x40;

export function largeOf(kind: FrameKind): number {
  return kind | LARGE;
}

export function plainOf(kind: number): number {
  return kind & ~LARGE;
}

export function isLarge(kind: number): boolean {
  return (kind & LARGE) !== 0;
}

/** Large or not. */
export function isAsk(kind: number): boolean {
  const plain = kind & ~LARGE;
  return plain === frames.askActor || plain === frames.askEntity;
}

/** Large or not. */
export function isTell(kind: number): boolean {
  const plain = kind & ~LARGE;
  return plain === frames.tellActor || plain === frames.tellEntity;
}

const MAGIC = 0x4a;
const VERSION = 4;
const AT = { what: 2, session: 3, number: 7 } as const;
export const PACKET_HEADER = 15;
export const FRAME_HEADER = 10;
const FIRST_CAPACITY = 1024;
const MOST_CAPACITY = 64 * 1024;

/** One packet in the making. The packets of one writer lie one after the other in larger pieces of memory. */
export class PacketWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #begin = 0;
  #end = PACKET_HEADER;

  /** Its bytes so far. */
  get size(): number {
    return this.#end - this.#begin;
  }

  get isEmpty(): boolean {
    return this.size === PACKET_HEADER;
  }

  /** How large it would be with this body too. */
  sizeWith(body: Uint8Array): number {
    return this.size + FRAME_HEADER + body.length;
  }

  /** @param ask The number of the ask; 0 where there is none. */
  add(kind: number, ask: number, body: Uint8Array): void {
    const at = this.#reserve(FRAME_HEADER + body.length);
    const bytes = this.#bytes;
    bytes[at] = kind;
    bytes[at + 1] = 0;
    writeUint32(bytes, at + 2, ask);
    writeUint32(bytes, at + 6, body.length);
    bytes.set(body, at + FRAME_HEADER);
  }

  /** Takes back what was added for the ask. */
  withdraw(ask: number): void {
    withdraw(this.#bytes.subarray(this.#begin, this.#end), ask);
  }

  /** Its bytes, which do not change with what is written next; the next packet begins. */
  take(what: PacketKind, session: number, number: number): Uint8Array {
    const bytes = this.#bytes;
    const begin = this.#begin;
    const end = this.#end;
    bytes[begin] = MAGIC;
    bytes[begin + 1] = VERSION;
    bytes[begin + AT.what] = what;
    writeUint32(bytes, begin + AT.session, session);
    writeUint32(bytes, begin + AT.number, Math.floor(number / 2 ** 32));
    writeUint32(bytes, begin + AT.number + 4, number);
    this.#begin = end;
    this.#end = end;
    this.#reserve(PACKET_HEADER);
    return bytes.subarray(begin, end);
  }

  /** Drops what was added. */
  clear(): void {
    this.#end = this.#begin + PACKET_HEADER;
  }

  /** Makes room at the end, and returns where it begins. */
  #reserve(length: number): number {
    const size = this.size;
    if (this.#end + length > this.#bytes.length) {
      // What was taken lies in the old piece: it is left to the garbage collector.
      const capacity = Math.min(this.#bytes.length * 4, MOST_CAPACITY);
      const larger = new Uint8Array(Math.max(capacity, size + length));
      larger.set(this.#bytes.subarray(this.#begin, this.#end));
      this.#bytes = larger;
      this.#begin = 0;
      this.#end = size;
    }
    const at = this.#end;
    this.#end += length;
    return at;
  }
}

/** @throws CorruptRecordError when it does not begin as a packet does. */
export function assertPacket(packet: Uint8Array): void {
  if (packet.length >= PACKET_HEADER && packet[0] === MAGIC && packet[1] === VERSION) return;
  throw new CorruptRecordError(`Not a packet of version ${VERSION}: it begins with ${packet[0]}, ${packet[1]}.`);
}

export function whatIs(packet: Uint8Array): number {
  return packet[AT.what] as number; // of a packet that was asserted, as below
}

export function sessionOf(packet: Uint8Array): number {
  return readUint32(packet, AT.session);
}

export function numberOf(packet: Uint8Array): number {
  return readUint32(packet, AT.number) * 2 ** 32 + readUint32(packet, AT.number + 4);
}

export type TakeFrame = (kind: number, ask: number, body: Uint8Array) => void;

/**
 * Calls back for each frame, in their order. The body lies in the packet.
 * @throws CorruptRecordError at the first byte that is not of this form; the frames before it were given.
 */
export function readPacket(packet: Uint8Array, take: TakeFrame): void {
  assertPacket(packet);
  for (let at = PACKET_HEADER; at < packet.length; ) {
    const end = endOfFrame(packet, at);
    const kind = packet[at];
    if (kind !== frames.none) take(kind as number, readUint32(packet, at + 2), packet.subarray(at + FRAME_HEADER, end));
    at = end;
  }
}

/** Takes the ask of that number out of a packet of ours that is kept. */
export function withdraw(packet: Uint8Array, ask: number): void {
  for (let at = PACKET_HEADER; at < packet.length; at = endOfFrame(packet, at)) {
    if (isAsk(packet[at] as number) && readUint32(packet, at + 2) === ask) packet[at] = frames.none;
  }
}

function endOfFrame(packet: Uint8Array, at: number): number {
  const begin = at + FRAME_HEADER;
  const end = begin <= packet.length ? begin + readUint32(packet, at + 6) : Number.POSITIVE_INFINITY;
  if (end > packet.length) throw new CorruptRecordError(`A packet of ${packet.length} bytes ends within a frame.`);
  return end;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The place must be within. */
function readUint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16);
  return (high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0;
}
