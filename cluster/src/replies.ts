import { type Clock, hasCode, type Lane, type Logger, OverloadedError, type Timer, type Transport } from '@jaegis/core';
import { KeptReplies } from './kept-replies.ts';
import { Outgoing } from './outgoing.ts';
import { frames, PACKET_HEADER, PacketWriter, packets } from './packet.ts';
import { type Toll, TollGate } from './toll.ts';

export interface RepliesOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly subject: string;
  /** Bytes on their way to the asker that it has not said to have taken in. */
  readonly windowBytes: number;
  /** Bytes that wait for room there. */
  readonly waitingBytes: number;
  /** What the bounds of the network are for the asker. Default: there are none. */
  readonly toll?: Toll | undefined;
}

/** How many marks there are in a window. */
const MARKS = 4;
/** How soon another mark is sent when one was not answered, and how seldom in the end, in ms. */
const MARK_MS = 250;
const MOST_MARK_MS = 4_000;
/** Marks without an answer, one after the other, after which nobody is there: 8 seconds. */
const MOST_SILENT = 5;
const NOTHING = new Uint8Array();

/**
 * Answers to one other node, with back-pressure: a mark among them, which the asker sends back, says that those before it
 * have arrived or are lost. So only so much is on its way, and what waits is bounded. Those that left lately are said again
 * where a connection was lost between the two.
 */
export class Replies extends Outgoing {
  readonly #options: RepliesOptions;
  readonly #marker = new PacketWriter();
  #windowBytes: number;
  /** All bytes that left, and those of them that are on their way no more. */
  #left = 0;
  #settled = 0;
  /** How much had left before each mark that was not answered, oldest first. */
  #marks: { readonly number: number; readonly left: number }[] = [];
  #lastMark = 0;
  #markedAt = 0;
  readonly #kept: KeptReplies;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Of answers that wait until the bounds of the network allow them. */
  #bulkBytes = 0;
  readonly #gate: TollGate | undefined;
  readonly #paid = new WeakSet<Uint8Array>();
  #isPaid = false;
  #isStopped = false;
  #timer: Timer | undefined;
  #silent = 0;

  constructor(options: RepliesOptions) {
    super({ ...options, what: packets.replies });
    this.#options = options;
    this.#kept = new KeptReplies(options.clock);
    this.#windowBytes = options.windowBytes;
    this.#gate = options.toll && new TollGate(options.toll, options.clock, () => this.#pump());
  }

  /** No more answers may be added than say that they were given up. */
  get isFull(): boolean {
    return this.#heldBytes > this.#options.waitingBytes;
  }

  /** An answer of so many bytes is bulk: {@link payBulk} before it is added. */
  get fromBulkBytes(): number {
    return this.#options.toll?.bulkBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Resolves when the bounds of the network allow an answer of so many bytes. @throws OverloadedError, CancelledError */
  async payBulk(bytes: number): Promise<void> {
    const { toll, waitingBytes } = this.#options;
    if (toll === undefined || toll.tryTake('bulk', bytes)) return;
    if (this.#bulkBytes > 0 && this.#bulkBytes + bytes > waitingBytes)
      throw new OverloadedError('Too much bulk waits.');
    this.#bulkBytes += bytes;
    try {
      await toll.take('bulk', bytes, this.#gate?.signal);
    } catch (error) {
      if (!this.#isStopped) throw error; // at the end all leaves
    } finally {
      this.#bulkBytes -= bytes;
    }
  }

  /** As {@link add}, with a packet of its own, after {@link payBulk}. */
  addPaid(kind: number, ask: number, body: Uint8Array): void {
    this.flush();
    this.#isPaid = true;
    this.add(kind, ask, body);
    this.flush();
    this.#isPaid = false;
  }

  get waitingBytes(): number {
    return this.#options.waitingBytes;
  }

  /** What may be on its way from now on, in bytes. */
  resize(windowBytes: number): void {
    this.#windowBytes = windowBytes;
  }

  /** The asker has the mark of this number. */
  settle(mark: number): void {
    const at = this.#marks.findLast(({ number }) => number <= mark);
    if (at === undefined) return;
    this.#marks = this.#marks.filter(({ number }) => number > mark);
    this.#settled = at.left;
    this.#silent = 0;
    this.#pump();
  }

  /** Those that left lately may be lost; who has them ignores them. They are no more than a window. */
  again(): void {
    for (const packet of this.#kept.again()) {
      this.#options.toll?.spend('bulk', packet.length);
      this.publish(packet, undefined);
    }
  }

  /** The connection is back: answers and marks may have been lost with it. */
  resume(): void {
    this.again();
    if (this.#held.length === 0) return;
    this.#silent = 0;
    this.#mark();
  }

  /** What was added leaves, if it can; then nothing is kept. */
  stop(): void {
    this.flush(this.owedBytes > 0);
    this.#isStopped = true;
    this.#gate?.close();
    for (const packet of this.#held) super.leave(packet, undefined);
    this.#drop();
    this.#kept.stop();
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  protected override leave(packet: Uint8Array, lane: Lane | undefined): void {
    if (lane === 'control' || this.#isStopped) {
      super.leave(packet, lane);
      return;
    }
    if (this.#isPaid) this.#paid.add(packet);
    if (this.#held.length > 0 || !this.#send(packet)) this.#hold(packet);
  }

  /** Whether it has left, or never will. */
  #send(packet: Uint8Array): boolean {
    const onItsWay = this.#left - this.#settled;
    if (onItsWay > 0 && onItsWay + packet.length > this.#windowBytes) return false;
    if (this.#gate !== undefined && !this.#paid.has(packet) && !this.#gate.lets(packet, packet.length)) return false;
    const error = this.publish(packet, undefined);
    if (hasCode(error, 'transport_unavailable')) return false;
    if (error !== undefined) this.lost(error);
    else this.#kept.add(packet, this.#windowBytes);
    this.#left += packet.length;
    if (this.#left - this.#markedAt >= this.#windowBytes / MARKS) this.#mark();
    return true;
  }

  #hold(packet: Uint8Array): void {
    this.#held.push(packet);
    this.#heldBytes += packet.length;
    // What was taken in is not kept from the asker.
    super.leave(packet.subarray(0, PACKET_HEADER), 'control');
    this.#watch();
  }

  #pump(): void {
    let sent = 0;
    for (const packet of this.#held) {
      if (!this.#send(packet)) break;
      this.#heldBytes -= packet.length;
      sent++;
    }
    this.#held.splice(0, sent);
    this.#watch();
  }

  #mark(): void {
    const number = ++this.#lastMark;
    this.#marker.add(frames.mark, number, NOTHING);
    // Behind the answers that it stands for: in their lane.
    if (this.publish(this.#marker.take(packets.replies, this.session, this.number), undefined) !== undefined) return;
    this.#marks.push({ number, left: this.#left });
    this.#markedAt = this.#left;
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#held.length === 0) return;
    const delayMs = Math.min(MARK_MS * 2 ** this.#silent, MOST_MARK_MS);
    this.#timer = this.#options.clock.setTimer(delayMs, this.#onTime);
  }

  #giveUp(): void {
    const { logger, subject } = this.#options;
    logger.warn('answers were not taken in by their asker', { subject, bytes: this.#heldBytes });
    this.#drop();
    this.#marks = [];
    this.#settled = this.#left;
    this.#silent = 0;
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  readonly #onTime = (): void => {
    this.#timer = undefined;
    if (this.#held.length === 0) return;
    if (this.#options.transport.connected) {
      if (++this.#silent > MOST_SILENT) this.#giveUp();
      else this.#mark();
    }
    this.#pump();
  };
}
