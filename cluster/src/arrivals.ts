import { Ask } from '@jaegis/actors';
import {
  type Clock,
  type Codec,
  type Delivery,
  type Logger,
  limits,
  type NetworkBounds,
  type Transport,
} from '@jaegis/core';
import { type ArrivedRequest, decodeRequest } from './envelope.ts';
import { FrameReply } from './frame-reply.ts';
import { Incoming } from './incoming.ts';
import { type LargeBodies, nameFromBytes } from './large-bodies.ts';
import { frames, isAsk, isLarge, isTell } from './packet.ts';
import { Replies } from './replies.ts';
import { Toll } from './toll.ts';
import { type ArrivedFrame, WaitingFrames } from './waiting-frames.ts';

export interface ArrivalsOptions {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bodies: LargeBodies;
  readonly windowBytes?: number;
  readonly waitingBytes?: number;
  /** What may be sent to each other node. Default: no bounds. */
  readonly network?: NetworkBounds;
  /** Takes in what another node sent. What it throws is the answer. */
  readonly receive: (request: ArrivedRequest, ask: Ask | undefined) => void;
  readonly onSignal?: (body: Uint8Array) => void;
}

/** The last part of the subject of replies, where the session and number of a packet stand otherwise. */
export const REPLIES = 'r';
/** Nodes and clients that are remembered; a sender that was forgotten and goes on is told so, and begins anew. */
const MOST_SENDERS = 4_096;

/** What comes to this node from all others. */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** By their subject of replies without its last part. */
  readonly #senders = new Map<string, Incoming>();
  readonly #waiting = new WeakMap<Incoming, WaitingFrames>();
  #heard = 0;
  #windowBytes: number;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
    this.#windowBytes = options.windowBytes ?? limits.wireWindowBytes;
  }

  receive({ data, replyTo }: Delivery): void {
    try {
      if (replyTo === undefined) throw new Error('It does not say where it comes from.');
      const incoming = this.#incoming(replyTo.slice(0, replyTo.lastIndexOf('.') + 1));
      incoming.heard = ++this.#heard;
      incoming.receive(data);
    } catch (error) {
      this.#options.logger.warn('a packet of another node cannot be read', { replyTo, error });
    }
  }

  /** What may be on its way between two nodes from now on, in bytes. */
  resize(windowBytes: number): void {
    this.#windowBytes = windowBytes;
    for (const incoming of this.#senders.values()) incoming.resize(windowBytes);
  }

  /** The connection is back. */
  resume(): void {
    for (const incoming of this.#senders.values()) incoming.resume();
  }

  /** Resolves when all asks that are open now have been answered or given up. */
  async settled(): Promise<void> {
    await Promise.all([...this.#senders.values()].map(({ asks }) => asks.settled()));
  }

  /** Answers and acknowledgements that wait leave. */
  stop(): void {
    for (const incoming of this.#senders.values()) incoming.stop();
  }

  #onFrame(kind: number, number: number, body: Uint8Array, from: Incoming): void {
    const replyTo = isAsk(kind) ? new FrameReply(from.asks, number) : undefined;
    if (replyTo !== undefined && from.isFull) replyTo.refuse();
    else if (from.isWaiting || isLarge(kind)) this.#waitingOf(from).add({ kind, body, replyTo });
    else this.#deliver(kind, body, replyTo, from);
  }

  #deliver(kind: number, body: Uint8Array, replyTo: FrameReply | undefined, from: Incoming): void {
    const { codec, logger, receive, onSignal } = this.#options;
    let request: ArrivedRequest | undefined;
    try {
      if (kind === frames.signal) {
        onSignal?.(body);
        return;
      }
      if (replyTo === undefined && !isTell(kind)) throw new Error(`There is no frame of kind ${kind}.`);
      request = decodeRequest(codec, body);
      const { message, leftMs, id, isFresh = false, sender } = request;
      let ask: Ask | undefined;
      if (replyTo !== undefined) {
        ask = new Ask(message, replyTo, id);
        ask.limitMs = leftMs;
        ask.isFresh = isFresh;
        ask.sender = sender;
        replyTo.ask = ask;
      }
      receive(request, ask);
    } catch (error) {
      if (replyTo !== undefined) replyTo.reject(error);
      else if (request === undefined || !from.refuse({ ...request, error })) {
        logger.warn('a message of another node was not delivered', { error });
      }
    }
  }

  #waitingOf(from: Incoming): WaitingFrames {
    let waiting = this.#waiting.get(from);
    if (waiting === undefined) {
      const { bodies, logger } = this.#options;
      const deliver = ({ kind, body, replyTo }: ArrivedFrame) => this.#deliver(kind, body, replyTo, from);
      waiting = new WaitingFrames(from, { bodies, logger, deliver });
      this.#waiting.set(from, waiting);
    }
    return waiting;
  }

  #incoming(base: string): Incoming {
    let incoming = this.#senders.get(base);
    if (incoming === undefined) {
      if (this.#senders.size >= MOST_SENDERS) this.#forget();
      incoming = this.#makeIncoming(`${base}${REPLIES}`);
      this.#senders.set(base, incoming);
    }
    return incoming;
  }

  /** The half that was heard longest ago. */
  #forget(): void {
    const oldest = [...this.#senders].sort(([, a], [, b]) => a.heard - b.heard);
    for (const [base, incoming] of oldest.slice(0, MOST_SENDERS / 2)) {
      incoming.stop();
      this.#senders.delete(base);
    }
  }

  #makeIncoming(subject: string): Incoming {
    const { transport, codec, clock, logger, bodies } = this.#options;
    const { waitingBytes = limits.wireWaitingBytes, network } = this.#options;
    const toll = network && new Toll(network, nodeOf(subject));
    const windowBytes = this.#windowBytes;
    return new Incoming({
      codec,
      bodies,
      clock,
      logger,
      windowBytes,
      replies: new Replies({ transport, clock, logger, subject, windowBytes, waitingBytes, toll }),
      onAbsent: (name) => bodies.giveUp(nameFromBytes(name)),
      onFrame: (kind, number, body, from) => this.#onFrame(kind, number, body, from),
    });
  }
}

/** The node that replies below this subject are for: `jaegis.<cluster>.reply.<node>.…`. */
function nodeOf(replySubject: string): string {
  return replySubject.split('.')[3] ?? '';
}
