import type { Clock, Codec, Logger, Timer } from '@jaegis/core';
import { encodeRefused, type RefusedTell } from './envelope.ts';
import { OpenAsks } from './frame-reply.ts';
import type { LargeBodies } from './large-bodies.ts';
import { assertPacket, frames, numberOf, packets, readPacket, sessionOf, type TakeFrame, whatIs } from './packet.ts';
import type { Replies } from './replies.ts';

export interface IncomingOptions {
  readonly codec: Codec;
  /** For answers that are too large. */
  readonly bodies: LargeBodies;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the sender may have on its way, in bytes. */
  readonly windowBytes: number;
  readonly replies: Replies;
  readonly onFrame: (kind: number, ask: number, body: Uint8Array, from: Incoming) => void;
  /** The sender says that this large body will not come. */
  readonly onAbsent: (name: Uint8Array) => void;
}

/** How long what was taken in may stay unacknowledged when no answer leaves, in ms. */
const ACKNOWLEDGE_MS = 25;
/** The share of the window of a sender after which it is told at once what was taken in. */
const ACKNOWLEDGED_SHARE = 1 / 4;
const NOTHING = new Uint8Array();

/**
 * What comes from one other node: its packets are taken in by their numbers, each once; what is missing is asked for.
 * Answers acknowledge what was taken in, and where none leaves a packet of its own does.
 */
export class Incoming {
  readonly asks: OpenAsks;
  /** Counts up; who was heard longest ago is forgotten first. */
  heard = 0;
  /** Frames wait for a large body before them: what comes now is not acknowledged, so that its sender slows down. */
  #isWaiting = false;
  readonly #options: IncomingOptions;
  readonly #replies: Replies;
  /** So much is acknowledged at once. */
  #acknowledgeBytes: number;
  #expected = 1;
  /** The number that was expected when the sender was last asked to send again. */
  #askedFor = 0;
  #timer: Timer | undefined;

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#replies = options.replies;
    this.#acknowledgeBytes = options.windowBytes * ACKNOWLEDGED_SHARE;
    this.asks = new OpenAsks(options.codec, options.replies, options.bodies);
  }

  /** @throws CorruptRecordError when it is no packet. */
  receive(packet: Uint8Array): void {
    assertPacket(packet);
    const session = sessionOf(packet);
    // Sessions only grow: one that is behind was given up by the sender.
    if (session < this.#replies.session) return;
    if (session > this.#replies.session) this.#begin(session);
    const number = numberOf(packet);
    const what = whatIs(packet);
    if (what === packets.control) this.#control(packet, number);
    else if (what === packets.data) this.#data(packet, number);
  }

  /** So many answers wait for their asker that it may ask no more. */
  get isFull(): boolean {
    return this.#replies.isFull;
  }

  /** Gives a tell back that was not taken in. False when there is no room for it. */
  refuse(tell: RefusedTell): boolean {
    const body = encodeRefused(this.#options.codec, tell);
    if (this.#replies.isFull || body.length > this.#replies.mostBytes) return false;
    this.#replies.add(frames.refused, 0, body);
    return true;
  }

  /** What may be on its way between the two from now on, in bytes. */
  resize(windowBytes: number): void {
    this.#acknowledgeBytes = windowBytes * ACKNOWLEDGED_SHARE;
    this.#replies.resize(windowBytes);
  }

  /** The connection is back. */
  resume(): void {
    this.#replies.resume();
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Frames wait for a large body from now on. */
  wait(): void {
    this.#isWaiting = true;
  }

  /** All frames that came are delivered. */
  goOn(): void {
    this.#isWaiting = false;
    this.#replies.number = this.#expected - 1;
    this.#replies.flush(true);
  }

  /** What is owed leaves. */
  stop(): void {
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#replies.stop();
  }

  #begin(session: number): void {
    this.#replies.session = session;
    this.#replies.number = 0;
    this.#replies.owedBytes = 0;
    this.#expected = 1;
    this.#askedFor = 0;
  }

  #data(packet: Uint8Array, number: number): void {
    if (number === this.#expected) this.#takeIn(packet);
    else if (number > this.#expected && this.#askedFor !== this.#expected) this.#askAgain();
    if (number <= this.#expected) this.#owe(packet.length);
  }

  #takeIn(packet: Uint8Array): void {
    this.#expected++;
    try {
      readPacket(packet, this.#onFrame);
    } catch (error) {
      this.#options.logger.warn('a packet of another node cannot be read', { error });
    }
    if (!this.#isWaiting) this.#replies.number = this.#expected - 1;
  }

  #owe(bytes: number): void {
    const { clock } = this.#options;
    const replies = this.#replies;
    replies.owedBytes += bytes;
    if (replies.owedBytes >= this.#acknowledgeBytes) replies.flush(true);
    else this.#timer ??= clock.setTimer(ACKNOWLEDGE_MS, this.#onLate);
  }

  #control(packet: Uint8Array, lastSent: number): void {
    const cancelled = new Set<number>();
    readPacket(packet, (kind, ask, body) => {
      if (kind === frames.cancel) cancelled.add(ask);
      else if (kind === frames.probe) this.#answer(lastSent);
      else if (kind === frames.absent) this.#options.onAbsent(body);
      else if (kind === frames.marked) this.#replies.settle(ask);
      else if (kind === frames.lost) this.#replies.again();
    });
    if (cancelled.size > 0) this.asks.cancel(cancelled);
  }

  #answer(lastSent: number): void {
    if (lastSent >= this.#expected) this.#askAgain();
    else this.#replies.flush(true);
  }

  #askAgain(): void {
    this.#askedFor = this.#expected;
    this.#replies.add(frames.again, 0, NOTHING);
    this.#replies.flush();
  }

  readonly #onFrame: TakeFrame = (kind, ask, body) => this.#options.onFrame(kind, ask, body, this);

  readonly #onLate = (): void => {
    this.#timer = undefined;
    if (this.#replies.owedBytes > 0) this.#replies.flush(true);
  };
}
