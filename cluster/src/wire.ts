import { Ask, type Message } from '@jaegis/actors';
import type { Clock, Codec, Delivery, Logger, Member, Random, Subscription, Transport, View } from '@jaegis/core';
import { decodeFailure, decodeRequest, encodeAsk, encodeTell, type Request, type Target } from './envelope.ts';
import { FrameReply, Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import { type FrameKind, frames, readPacket } from './packet.ts';
import { PendingAsks } from './pending-asks.ts';

export interface WireOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Takes in what another node sent. What it throws is the answer. */
  readonly receive: (to: Target, message: Message, ask: Ask | undefined) => void;
}

/** The last part of the subject of replies, where the number of a packet stands otherwise. */
const REPLIES = 'r';
/** Nodes and clients whose packets of replies are kept ready; when there are more they are made anew. */
const MOST_ASKERS = 1_024;
const NOTHING = new Uint8Array();

/**
 * The traffic of one node with all others: what one turn of the event loop has for a node leaves as one packet, and
 * replies come back to one subject, told apart by number.
 */
export class Wire {
  readonly #options: WireOptions;
  readonly #asks: PendingAsks;
  readonly #replySubject: string;
  /** By subject. */
  readonly #members = new Map<string, Outgoing>();
  /** The same by the objects of the present view, which are found faster. */
  #byMember = new WeakMap<Member, Outgoing>();
  readonly #askers = new Map<string, Incoming>();
  readonly #replies: Subscription;
  #inbox: Subscription | undefined;
  #packets = 0;

  constructor(options: WireOptions) {
    this.#options = options;
    const { transport, clock, cluster, random } = options;
    this.#asks = new PendingAsks(clock, (member, ask) => this.#cancel(member, ask));
    this.#replySubject = `jaegis.${cluster}.reply.${random.id()}`;
    this.#replies = transport.subscribe(`${this.#replySubject}.*`, (delivery) => this.#onReplies(delivery));
  }

  /** From now on what is sent to this incarnation of the node is taken in. */
  open(self: Member): void {
    this.#inbox?.unsubscribe(); // that of the incarnation before
    this.#inbox = this.#options.transport.subscribe(this.#subjectOf(self), (delivery) => this.#onPacket(delivery));
  }

  /** Asks to members that are gone end, and what waits to leave for them is dropped. */
  onView(view: View): void {
    this.#byMember = new WeakMap();
    const present = new Set(view.members.map((member) => this.#subjectOf(member)));
    for (const [subject, outgoing] of this.#members) {
      if (present.has(subject)) continue;
      outgoing.close();
      this.#members.delete(subject);
    }
    this.#asks.onView(view);
  }

  /** What was handed over leaves; asks that wait for replies end with the reason. */
  stop(reason: Error): void {
    this.#inbox?.unsubscribe();
    this.#replies.unsubscribe();
    for (const outgoing of this.#members.values()) outgoing.flush();
    for (const { replies } of this.#askers.values()) replies.flush();
    this.#asks.stop(reason);
  }

  /** @throws NotSerializableError */
  tell(member: Member, to: Target, message: Message): void {
    const kind = typeof to === 'string' ? frames.tellActor : frames.tellEntity;
    this.#outgoing(member).add(kind, 0, encodeTell(this.#options.codec, to, message));
  }

  /** Ends as {@link PendingAsks} says. */
  ask(member: Member, target: string, request: Request, signal: AbortSignal | undefined): Promise<unknown> {
    const kind = typeof request.to === 'string' ? frames.askActor : frames.askEntity;
    const about = { target, type: request.message.type, timeoutMs: request.leftMs };
    const send = (number: number) => this.#outgoing(member).add(kind, number, encodeAsk(this.#options.codec, request));
    return this.#asks.add(member, about, send, signal);
  }

  #cancel(member: Member, ask: number): void {
    this.#outgoing(member).add(frames.cancel, ask, NOTHING);
  }

  #onPacket({ data, replyTo }: Delivery): void {
    const base = replyTo?.slice(0, replyTo.lastIndexOf('.') + 1);
    const from = base === undefined ? undefined : this.#incoming(`${base}${REPLIES}`);
    const cancelled = new Set<number>();
    try {
      readPacket(data, (kind, number, body) => {
        if (kind === frames.cancel) cancelled.add(number);
        else this.#onFrame(kind, number, body, from);
      });
    } catch (error) {
      this.#options.logger.warn('a packet of another node cannot be read', { replyTo, error });
    }
    if (cancelled.size > 0) from?.cancel(cancelled);
  }

  #onFrame(kind: number, number: number, body: Uint8Array, from: Incoming | undefined): void {
    const { codec, logger, receive } = this.#options;
    const replyTo = number === 0 || from === undefined ? undefined : new FrameReply(from, number);
    try {
      if (!isRequest(kind)) throw new Error(`There is no frame of kind ${kind}.`);
      const { to, message, leftMs, id, isFresh = false } = decodeRequest(codec, body);
      const ask = replyTo === undefined ? undefined : new Ask(message, replyTo, id);
      if (ask !== undefined) {
        ask.limitMs = leftMs;
        ask.isFresh = isFresh;
        if (replyTo !== undefined) replyTo.ask = ask;
      }
      receive(to, message, ask);
    } catch (error) {
      if (replyTo === undefined) logger.warn('a message of another node was not delivered', { error });
      else replyTo.reject(error);
    }
  }

  #onReplies({ subject, data, noResponders }: Delivery): void {
    if (noResponders) {
      this.#asks.lost(Number.parseInt(subject.slice(subject.lastIndexOf('.') + 1), 36));
      return;
    }
    try {
      readPacket(data, (kind, number, body) => this.#onReply(kind, number, body));
    } catch (error) {
      this.#options.logger.warn('a packet of replies cannot be read', { subject, error });
    }
  }

  #onReply(kind: number, number: number, body: Uint8Array): void {
    const { codec } = this.#options;
    try {
      if (kind === frames.reply) this.#asks.resolve(number, codec.decode(body));
      else this.#asks.fail(number, decodeFailure(codec, body));
    } catch (error) {
      this.#asks.fail(number, error);
    }
  }

  #outgoing(member: Member): Outgoing {
    let outgoing = this.#byMember.get(member);
    if (outgoing !== undefined) return outgoing;
    const subject = this.#subjectOf(member);
    outgoing = this.#members.get(subject);
    if (outgoing === undefined) {
      outgoing = this.#makeOutgoing(subject, (packet) => `${this.#replySubject}.${packet.toString(36)}`);
      this.#members.set(subject, outgoing);
    }
    this.#byMember.set(member, outgoing);
    return outgoing;
  }

  #incoming(subject: string): Incoming {
    let incoming = this.#askers.get(subject);
    if (incoming === undefined) {
      if (this.#askers.size >= MOST_ASKERS) this.#forgetAskers();
      incoming = new Incoming(this.#makeOutgoing(subject, undefined), this.#options.codec);
      this.#askers.set(subject, incoming);
    }
    return incoming;
  }

  #forgetAskers(): void {
    for (const { replies } of this.#askers.values()) replies.flush();
    this.#askers.clear();
  }

  #makeOutgoing(subject: string, replyTo: ((packet: number) => string) | undefined): Outgoing {
    const { transport, clock, logger } = this.#options;
    return new Outgoing({
      transport,
      clock,
      subject,
      replyTo,
      nextPacket: () => ++this.#packets,
      onLost: (packet, error) => {
        logger.warn('a packet could not leave', { subject, error });
        if (replyTo !== undefined) this.#asks.lost(packet, error);
      },
    });
  }

  #subjectOf(member: Member): string {
    return `jaegis.${this.#options.cluster}.node.${member.id}.${member.incarnation}.in`;
  }
}

function isRequest(kind: number): kind is FrameKind {
  return kind >= frames.tellActor && kind <= frames.askEntity;
}
