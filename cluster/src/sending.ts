import {
  type Clock,
  hasCode,
  JaegisError,
  type Logger,
  type Member,
  NodeDownError,
  OverloadedError,
  type Timer,
  type Transport,
} from '@jaegis/core';
import { Departure } from './departure.ts';
import { HeldPacket, type PacketOwner } from './held-packet.ts';
import { HEADROOM, mostOf, Outgoing } from './outgoing.ts';
import { frames, PACKET_HEADER, PacketWriter, packets } from './packet.ts';
import { AGAIN_MS, Refusal } from './refusal.ts';
import { type Toll, TollGate } from './toll.ts';

export interface SendingOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly member: Member;
  readonly subject: string;
  /** Bytes on their way to the member that it has not acknowledged. */
  readonly windowBytes: number;
  /** Bytes that wait for room there. */
  readonly waitingBytes: number;
  /** What the bounds of the network are for it. Default: there are none. */
  readonly toll?: Toll | undefined;
  /** Whether the member is in the view: what nobody listens for is held for a moment. */
  readonly isExpected: () => boolean;
  /** Keeps who has which session. */
  readonly sessions: Sessions;
  readonly giveBack: (returned: readonly ReturnedPacket[], cause: unknown) => void;
}

/** The sessions of one wire. Their numbers only grow. */
export interface Sessions {
  openSession(sending: Sending): number;
  closeSession(session: number): void;
  /** Where the server says that nobody listened for the packet of that number; 0: for control. */
  refusalSubject(session: number, packet: number): string;
}

/** A packet that its receiver has not acknowledged and will not get any more. */
export interface ReturnedPacket {
  readonly bytes: Uint8Array;
  /** It may have arrived; otherwise it has not. */
  readonly isUncertain: boolean;
  /** Its asks may still be answered. */
  readonly mayAnswer: boolean;
}

/** How soon it is asked what has arrived of that which is not acknowledged, and how seldom after silence, in ms. */
const PROBE_MS = 250;
const MOST_PROBE_MS = 4_000;
/** How long the receiver may seem to have forgotten what it has acknowledged, in ms. */
const DOUBT_MS = 1_000;
/** How soon there may be room in a connection that was full, in ms. */
const ROOM_MS = 20;
const NOTHING = new Uint8Array();

/**
 * What one node sends to one life of another: messages in order, each once, none left out, while the two can reach each
 * other. What one turn of the event loop has leaves as one packet, which is kept until it is acknowledged and sent again
 * if it was lost. Packets are numbered from 1 in a session; when some are given up, all are, and a new session begins.
 */
export class Sending implements PacketOwner {
  readonly #options: SendingOptions;
  readonly #writer = new PacketWriter();
  readonly #control: Outgoing;
  #windowBytes: number;
  #session = 0;
  /** Of the last packet made in this session. */
  #made = 0;
  #isClosed = false;
  #making = new HeldPacket(this);
  #first: HeldPacket | undefined;
  #firstUnsent: HeldPacket | undefined;
  #last: HeldPacket | undefined;
  #inFlightBytes = 0;
  #waitingBytes = 0;
  readonly #departure: Departure;
  readonly #gate: TollGate | undefined;
  #probing: Timer | undefined;
  #refusal: Refusal | undefined;
  /** Sends what was refused, or did not fit the connection, once more. */
  #again: Timer | undefined;
  /** Since when the receiver seems to have forgotten. */
  #doubtedMs: number | undefined;
  #probeMs = PROBE_MS;
  /** The oldest that was not acknowledged when the timer was set. */
  #oldest: HeldPacket | undefined;

  constructor(options: SendingOptions) {
    this.#options = options;
    this.#windowBytes = options.windowBytes;
    const { transport, clock, logger, subject, toll } = options;
    this.#departure = new Departure(clock, () => this.flush());
    this.#control = new Outgoing({ transport, clock, logger, subject, toll, what: packets.control, lane: 'control' });
    this.#gate = toll && new TollGate(toll, clock, () => this.#pump(this.#windowBytes));
    this.#begin();
  }

  get member(): Member {
    return this.#options.member;
  }

  /** The largest body that one frame can hold. */
  get mostBytes(): number {
    return mostOf(this.#options.transport);
  }

  get traffic(): { readonly unacknowledgedBytes: number; readonly waitingBytes: number } {
    return { unacknowledgedBytes: this.#inFlightBytes, waitingBytes: this.#waitingBytes };
  }

  /** What may be on its way from now on, in bytes. */
  resize(windowBytes: number): void {
    this.#windowBytes = windowBytes;
  }

  /**
   * Takes a frame in and returns the packet that it leaves with.
   *
   * @param body Not above {@link mostBytes}.
   * @param mustLeave However much waits: for what is bounded elsewhere and must not be lost.
   * @throws OverloadedError when too much waits.
   */
  add(kind: number, ask: number, body: Uint8Array, mustLeave = false): HeldPacket {
    const writer = this.#writer;
    const size = writer.sizeWith(body);
    if (!mustLeave && this.#waitingBytes > 0 && this.#waitingBytes + size > this.#options.waitingBytes) {
      throw this.#overloaded();
    }
    if (size > this.#options.transport.maxPayload - HEADROOM) this.flush();
    writer.add(kind, ask, body);
    const packet = this.#making;
    this.#departure.soon(writer.size);
    return packet;
  }

  /** As {@link add}, with a packet of its own, for which the bounds of the network were asked. */
  addPaid(kind: number, ask: number, body: Uint8Array): HeldPacket {
    this.flush();
    const packet = this.#making;
    packet.isPaid = true;
    try {
      this.add(kind, ask, body);
    } catch (error) {
      packet.isPaid = false;
      throw error;
    }
    this.flush();
    return packet;
  }

  /** What was added is a packet now. It leaves if there is room for it. */
  flush(): void {
    if (this.#writer.isEmpty) return;
    const packet = this.#making;
    this.#making = new HeldPacket(this);
    packet.number = ++this.#made;
    packet.bytes = this.#writer.take(packets.data, this.#session, packet.number);
    this.#waitingBytes += packet.bytes.length;
    if (this.#last === undefined) this.#first = packet;
    else this.#last.next = packet;
    this.#last = packet;
    this.#firstUnsent ??= packet;
    this.#pump(this.#windowBytes);
  }

  /** The receiver has taken in all up to this number. */
  acknowledge(number: number): void {
    if (this.#refusal !== undefined && number >= this.#refusal.number) this.#followRefused(number);
    let packet = this.#first;
    while (packet?.isSent && packet.number <= number) {
      this.#inFlightBytes -= packet.bytes.length;
      packet.letGo();
      packet = packet.next;
    }
    if (packet !== this.#first) this.#doubtedMs = undefined;
    this.#first = packet;
    if (packet === undefined) this.#last = undefined;
    else if (this.#firstUnsent !== undefined) this.#pump(this.#windowBytes);
  }

  /** The receiver lacks what came after this number. */
  repeat(number: number): void {
    this.acknowledge(number);
    const first = this.#first?.number;
    if (first === undefined) return;
    if (first === number + 1) this.#sendAgain(first);
    else this.#doubt();
  }

  /**
   * The receiver lacks what it has acknowledged: it has forgotten this sender, or its word comes late, over a server that
   * it has left. It is asked until it is certain which.
   */
  #doubt(): void {
    const nowMs = this.#options.clock.monotonic();
    this.#doubtedMs ??= nowMs;
    if (nowMs - this.#doubtedMs < DOUBT_MS) return;
    this.#end(nodeDown(this.#options.member, 'has forgotten what it had taken in'), Number.POSITIVE_INFINITY);
  }

  /** The server says that nobody listened when the packet of this number came; 0: when control did. */
  refused(number: number): void {
    const { clock, member, isExpected } = this.#options;
    const nowMs = clock.monotonic();
    // What was refused after the first is held with it.
    if (this.#refusal !== undefined && this.#refusal.number !== number) return;
    if (this.#refusal === undefined) this.#refusal = new Refusal(number, nowMs);
    else this.#refusal.again();
    if (isExpected() && !this.#refusal.isOver(nowMs)) {
      this.#again ??= clock.setTimer(AGAIN_MS, this.#onAgainTime);
      return;
    }
    this.#end(nodeDown(member, 'is gone'), this.#refusal.isCertain ? number : Number.POSITIVE_INFINITY);
  }

  /** The packet that was tried again has arrived: those that were refused after it follow. */
  #followRefused(number: number): void {
    this.#refusal = undefined;
    this.#sendAgain(number + 1);
  }

  /**
   * The connection is back, and what was under way on the former one may be lost.
   *
   * @param isAwaited There are asks that the member has not answered: answers may be lost too.
   */
  resume(isAwaited: boolean): void {
    if (isAwaited) this.#control.add(frames.lost, 0, NOTHING);
    if (this.#firstUnsent !== undefined) this.#pump(this.#windowBytes);
    this.#probeMs = PROBE_MS;
    if (this.#first?.isSent) this.#probe();
  }

  /** The receiver will take nothing in any more: what is kept is given back. */
  close(cause: unknown): void {
    this.flush();
    this.#isClosed = true;
    const refusal = this.#refusal;
    this.#end(cause, refusal?.isCertain ? refusal.number : Number.POSITIVE_INFINITY, false);
    this.#rest();
  }

  /** What was added leaves, if it can; then nothing is kept. */
  stop(): void {
    this.flush();
    this.#pump(Number.POSITIVE_INFINITY);
    this.#control.flush();
    const { logger, member } = this.#options;
    const bytes = this.#waitingBytes;
    if (bytes > 0) logger.warn('messages could not leave before the end', { node: member.id, bytes });
    this.#isClosed = true;
    this.#rest();
  }

  withdrawNow(ask: number): void {
    this.#writer.withdraw(ask);
  }

  cancel(ask: number): void {
    if (!this.#isClosed) this.#control.add(frames.cancel, ask, NOTHING);
  }

  /** The receiver need not wait for this large body. */
  absent(name: Uint8Array): void {
    if (!this.#isClosed) this.#control.add(frames.absent, 0, name);
  }

  /** The answers of the member up to this mark of its were taken in. */
  marked(mark: number): void {
    if (!this.#isClosed) this.#control.add(frames.marked, mark, NOTHING);
  }

  #pump(windowBytes: number): void {
    let packet = this.#firstUnsent;
    while (packet !== undefined && !this.#isClosed) {
      const bytes = packet.bytes.length;
      if (this.#inFlightBytes > 0 && this.#inFlightBytes + bytes > windowBytes) break;
      if (!this.#passes(packet, windowBytes)) break;
      if (!this.#publish(packet)) {
        this.#waitForRoom();
        break;
      }
      packet.isSent = true;
      this.#control.number = packet.number;
      this.#waitingBytes -= bytes;
      this.#inFlightBytes += packet.bytes.length;
      packet = packet.next;
    }
    this.#firstUnsent = packet;
    this.#watch();
  }

  /** Whether the bounds of the network let it leave. At the end, where no window counts, they do not either. */
  #passes(packet: HeldPacket, windowBytes: number): boolean {
    if (this.#gate === undefined || packet.isPaid || windowBytes === Number.POSITIVE_INFINITY) return true;
    return this.#gate.lets(packet, packet.bytes.length);
  }

  /** Of a connection that is lost the end is told. */
  #waitForRoom(): void {
    const { clock, transport } = this.#options;
    if (transport.connected) this.#again ??= clock.setTimer(ROOM_MS, this.#onAgainTime);
  }

  /** What has left of the packets from this number on, which may have arrived. */
  #sendAgain(number: number): void {
    for (let packet: HeldPacket | undefined = this.#first; packet?.isSent; packet = packet.next) {
      if (packet.number < number) continue;
      packet.isRepeated = true;
      this.#options.toll?.spend('bulk', packet.bytes.length);
      if (!this.#publish(packet)) return;
    }
  }

  /** One packet, to see whether somebody listens again. */
  #tryAgain(refusal: Refusal): void {
    let packet = this.#first;
    while (packet?.isSent && packet.number < refusal.number) packet = packet.next;
    refusal.leaves();
    if (refusal.number === 0) this.#probe();
    else if (packet?.isSent) this.#publish(packet);
  }

  /** Whether it has left: while the transport takes nothing more, it is tried again. */
  #publish(packet: HeldPacket): boolean {
    const { transport, subject, sessions } = this.#options;
    const replyTo = sessions.refusalSubject(this.#session, packet.number);
    try {
      transport.publish(subject, packet.bytes, { replyTo });
      return true;
    } catch (error) {
      if (!hasCode(error, 'not_serializable')) return false;
      this.#hollow(packet, error);
      return this.#publish(packet);
    }
  }

  /** This server takes less than the one before: the packet goes without its messages, so that no number is left out. */
  #hollow(packet: HeldPacket, cause: unknown): void {
    const { bytes, isSent, isRepeated } = packet;
    packet.bytes = bytes.slice(0, PACKET_HEADER);
    if (isSent) this.#inFlightBytes -= bytes.length - PACKET_HEADER;
    this.#options.giveBack([{ bytes, isUncertain: isRepeated, mayAnswer: false }], cause);
  }

  /**
   * All that is kept is given back.
   *
   * @param refusedFrom The first packet that surely has not arrived.
   * @param isThere Whether what was taken in before may still be answered.
   */
  #end(cause: unknown, refusedFrom: number, isThere = refusedFrom !== Number.POSITIVE_INFINITY): void {
    const returned: ReturnedPacket[] = [];
    for (let packet = this.#first; packet !== undefined; packet = packet.next) {
      const { bytes, isSent, isRepeated, number } = packet;
      const mayAnswer = isThere && isSent && number < refusedFrom;
      returned.push({ bytes, isUncertain: isSent && (isRepeated || number < refusedFrom), mayAnswer });
      packet.letGo();
    }
    this.#first = this.#firstUnsent = this.#last = undefined;
    this.#inFlightBytes = this.#waitingBytes = 0;
    this.#refusal = undefined;
    this.#doubtedMs = undefined;
    this.#options.sessions.closeSession(this.#session);
    if (!this.#isClosed) this.#begin();
    if (returned.length > 0) this.#options.giveBack(returned, cause);
  }

  #begin(): void {
    const { sessions } = this.#options;
    this.#session = sessions.openSession(this);
    this.#made = 0;
    this.#control.session = this.#session;
    this.#control.number = 0;
    this.#control.replyTo = sessions.refusalSubject(this.#session, 0);
  }

  /** One timer, which is not touched while things move. */
  #watch(): void {
    if (this.#probing !== undefined || this.#first === undefined || this.#isClosed) return;
    this.#oldest = this.#first;
    this.#probing = this.#options.clock.setTimer(this.#probeMs, this.#onProbeTime);
  }

  #look(): void {
    if (this.#first === undefined || this.#first !== this.#oldest) {
      this.#probeMs = PROBE_MS;
    } else {
      this.#probeMs = Math.min(this.#probeMs * 2, MOST_PROBE_MS);
      if (this.#first.isSent) this.#probe();
    }
    if (this.#firstUnsent !== undefined) this.#pump(this.#windowBytes);
    this.#watch();
  }

  /** What it asks for must not be what still waits to leave: it stays behind the messages. */
  #probe(): void {
    this.#control.add(frames.probe, 0, NOTHING);
    this.#control.flush(false, 'data');
  }

  #rest(): void {
    const { clock, sessions } = this.#options;
    clock.clearTimer(this.#probing);
    clock.clearTimer(this.#again);
    this.#departure.close();
    this.#gate?.close();
    this.#control.close();
    this.#oldest = undefined;
    sessions.closeSession(this.#session);
  }

  #overloaded(): JaegisError {
    const { member, waitingBytes: limit, toll } = this.#options;
    const why = toll === undefined ? 'which does not keep up' : 'which does not keep up or may be sent no more now';
    return new OverloadedError(`${this.#waitingBytes} bytes wait for node "${member.id}", ${why}.`, {
      data: { node: member.id, limit, option: 'wireWaitingBytes' },
    });
  }

  readonly #onAgainTime = (): void => {
    this.#again = undefined;
    if (this.#refusal !== undefined) this.#tryAgain(this.#refusal);
    if (this.#firstUnsent !== undefined) this.#pump(this.#windowBytes);
  };

  readonly #onProbeTime = (): void => {
    this.#probing = undefined;
    this.#look();
  };
}

/** The node is gone, and what was asked has not reached it. Another node is told nothing of the difference. */
export class NotReachedError extends NodeDownError {}

/** For what surely has not arrived where all ends for this reason. */
export function notReached(cause: unknown): unknown {
  if (!(cause instanceof JaegisError) || !hasCode(cause, 'node_down')) return cause;
  return new NotReachedError(cause.message, { cause, data: cause.data });
}

/** @param what happened to it. */
export function nodeDown(member: Member, what: string): JaegisError {
  return new NodeDownError(`Node "${member.id}" ${what}.`, { data: { node: member.id } });
}
