import { type Ask, type Asker, FarWait, type Message } from '@jaegis/actors';
import {
  type Blobs,
  type Clock,
  type Codec,
  type Delivery,
  emptyView,
  hasCode,
  type Logger,
  limits,
  type Member,
  type NetworkBounds,
  NotSerializableError,
  type PeerTraffic,
  type Random,
  type Subscription,
  type Transport,
  TransportClosedError,
  type TransportStatus,
  type View,
} from '@jaegis/core';
import { Arrivals } from './arrivals.ts';
import { Detour, type LeavingFrame, type Withdrawable } from './detour.ts';
import {
  type ArrivedRequest,
  decodeFailure,
  decodeRefused,
  encodeAsk,
  encodeTell,
  type Request,
  type Target,
  type TellOptions,
} from './envelope.ts';
import { type ReturnedTells, readReturned, undelivered } from './given-back.ts';
import { LargeBodies, nameFromBytes, nameToBytes } from './large-bodies.ts';
import {
  assertPacket,
  frames,
  isLarge,
  largeOf,
  numberOf,
  plainOf,
  readPacket,
  sessionOf,
  type TakeFrame,
} from './packet.ts';
import { PendingAsks } from './pending-asks.ts';
import { nodeDown, notReached, type ReturnedPacket, Sending, type Sessions } from './sending.ts';
import { Toll } from './toll.ts';
import { windowShare } from './window-share.ts';

export interface WireOptions {
  readonly cluster: string;
  /** The name of this node, below which its replies arrive: permissions can tell nodes apart. */
  readonly node: string;
  readonly transport: Transport;
  /** For messages that are larger than the server takes. */
  readonly blobs: Blobs;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Default `limits.wireWindowBytes`. */
  readonly windowBytes?: number;
  /** Default `limits.wireWaitingBytes`. */
  readonly waitingBytes?: number;
  /** What may be sent to each other node. Default: no bounds. */
  readonly network?: NetworkBounds;
  /** Takes in what another node sent. What it throws is the answer. */
  readonly receive: (request: ArrivedRequest, ask: Ask | undefined) => void;
  /** What the names of this node's asks begin with that actors wait for. Default: those asks are not named. */
  readonly asker?: string;
  /** Takes in what ties processes of two nodes together, in order with all else. */
  readonly onSignal?: (body: Uint8Array) => void;
  /** Takes back a signal that was not acknowledged. */
  readonly signalReturned?: (member: Member, body: Uint8Array, isUncertain: boolean) => void;
  /** Takes back what was told to another node and was not acknowledged. */
  readonly giveBack: (returned: ReturnedTells) => void;
}

/**
 * The traffic of one node with all others: what one turn of the event loop has for a node leaves as one packet, and
 * replies come back to one subject, told apart by number.
 */
export class Wire implements Sessions {
  readonly #options: WireOptions;
  /** On the way to each member. */
  #windowBytes: number;
  readonly #asks: PendingAsks;
  readonly #arrivals: Arrivals;
  readonly #bodies: LargeBodies;
  readonly #replySubject: string;
  #view: View = emptyView;
  /** The subjects of the present view, once somebody wants to know. */
  #present: ReadonlySet<string> | undefined;
  /** By subject. */
  readonly #members = new Map<string, Sending>();
  /** The same by the objects of the present view, which are found faster. */
  #byMember = new WeakMap<Member, Sending>();
  /** Where bulk waits, of those that were sent some: there are none without bounds. */
  readonly #detours = new Map<Sending, Detour>();
  readonly #sessions = new Map<number, Sending>();
  #lastSession = 0;
  readonly #replies: Subscription;
  readonly #status: Subscription;
  #inbox: Subscription | undefined;
  /** Whether the packet of replies that is being read asks for messages again. */
  #lacks = false;
  /** The mark in it, if any, and who sent it. */
  #mark = 0;
  #answering: Member | undefined;

  constructor(options: WireOptions) {
    this.#options = options;
    this.#windowBytes = options.windowBytes ?? limits.wireWindowBytes;
    const { transport, clock, cluster, node, random } = options;
    this.#asks = new PendingAsks(clock);
    this.#bodies = new LargeBodies(options);
    this.#arrivals = new Arrivals({ ...options, bodies: this.#bodies });
    this.#replySubject = `jaegis.${cluster}.reply.${node}.${random.id()}`;
    this.#replies = transport.subscribe(`${this.#replySubject}.*`, (delivery) => this.#onReplies(delivery));
    this.#status = transport.onStatus((status) => this.#onStatus(status));
  }

  /** From now on what is sent to this incarnation of the node is taken in. */
  open(self: Member): void {
    this.#inbox?.unsubscribe(); // that of the incarnation before
    const take = (delivery: Delivery) => this.#arrivals.receive(delivery);
    this.#inbox = this.#options.transport.subscribe(this.#subjectOf(self), take);
  }

  /** Asks to members that are gone end, and tells that they have not acknowledged are given back. */
  onView(view: View): void {
    this.#byMember = new WeakMap();
    this.#resize(windowShare(view.members.length, this.#options.windowBytes));
    this.#view = view;
    this.#present = undefined;
    for (const [subject, sending] of this.#members) {
      if (this.#isPresent(subject)) continue;
      this.#members.delete(subject);
      this.#close(sending, nodeDown(sending.member, 'is gone'));
    }
    this.#asks.onView(view);
  }

  #resize(windowBytes: number): void {
    this.#windowBytes = windowBytes;
    for (const sending of this.#members.values()) sending.resize(windowBytes);
    this.#arrivals.resize(windowBytes);
  }

  /** What was handed over leaves; asks that wait for replies end with the reason. */
  stop(reason: Error): void {
    this.#inbox?.unsubscribe();
    this.#replies.unsubscribe();
    this.#status.unsubscribe();
    for (const detour of this.#detours.values()) detour.flush();
    for (const sending of this.#members.values()) sending.stop();
    this.#arrivals.stop();
    this.#bodies.stop();
    this.#asks.stop(reason);
  }

  /** @throws NotSerializableError, OverloadedError */
  tell(member: Member, to: Target, message: Message, options?: TellOptions): void {
    const kind = typeof to === 'string' ? frames.tellActor : frames.tellEntity;
    const body = encodeTell(this.#options.codec, to, message, options);
    const onFailed = (error: unknown, kept: Uint8Array) => this.#notPut(member, kept, error);
    this.#add(this.#sending(member), { kind, number: 0, body, target: targetKey(to), onFailed });
  }

  /**
   * Above any bound: there are so many as there are ties.
   * @param to Whom it is for, where that is one: what is told to that after it stays after it.
   * @throws NotSerializableError for what no packet can hold.
   */
  signal(member: Member, body: Uint8Array, to?: Target): void {
    const sending = this.#sending(member);
    const { mostBytes } = sending;
    if (body.length > mostBytes) {
      throw new NotSerializableError(`A signal has ${body.length} bytes; ${mostBytes} are taken.`, {
        data: { bytes: body.length, mostBytes },
      });
    }
    const detour = this.#detours.get(sending);
    const onFailed = (_error: unknown, kept: Uint8Array) => this.#options.signalReturned?.(member, kept, false);
    const target = to === undefined ? undefined : targetKey(to);
    const frame = { kind: frames.signal, number: 0, body, target, isSignal: true, onFailed };
    if (detour?.takes(frame)) detour.add(kept(frame));
    else sending.add(frames.signal, 0, body, true);
  }

  /** Ends as {@link PendingAsks} says. */
  ask(member: Member, target: string, request: Request, signal: AbortSignal | undefined): Promise<unknown> {
    const { type } = request.message;
    try {
      const number = this.#asks.begin(type, signal);
      if (request.asker !== undefined) return this.#askFor(request.asker, { member, target, number }, request, signal);
      const packet = this.#addAsk(member, number, request);
      const isForEntity = typeof request.to !== 'string';
      return this.#asks.wait(number, { member, target, isForEntity, type, timeoutMs: request.leftMs, packet, signal });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Asks to entities on other nodes end with the reason. */
  giveUpEntities(reason: Error): void {
    this.#asks.giveUpEntities(reason);
  }

  /** Resolves when all asks of other nodes that are open here now have been answered or given up. */
  settled(): Promise<void> {
    return this.#arrivals.settled();
  }

  /** An actor asks: the wait graph has its wait, and the ask carries its name. */
  #askFor(
    asker: Asker,
    { member, target, number }: { readonly member: Member; readonly target: string; readonly number: number },
    request: Request,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { type } = request.message;
    const giveUp = (error: unknown) => this.#asks.giveUp(number, error);
    const wait = new FarWait(asker, { address: target, node: member.id }, request.message, giveUp);
    const packet = this.#addAsk(member, number, request, wait);
    const leaving = {
      member,
      target,
      isForEntity: typeof request.to !== 'string',
      type,
      timeoutMs: request.leftMs,
      packet,
      signal,
      wait,
    };
    const reply = this.#asks.wait(number, leaving);
    if (this.#options.asker !== undefined) asker.waitFor(wait);
    return reply;
  }

  /** What is under way, to each member that was sent something. */
  get traffic(): PeerTraffic[] {
    return [...this.#members.values()].map((sending) => {
      const detour = this.#detours.get(sending);
      const bulk = detour === undefined ? {} : { bulkBytes: detour.bytes };
      return { node: sending.member.id, ...sending.traffic, ...bulk };
    });
  }

  openSession(sending: Sending): number {
    this.#sessions.set(++this.#lastSession, sending);
    return this.#lastSession;
  }

  closeSession(session: number): void {
    this.#sessions.delete(session);
  }

  refusalSubject(session: number, packet: number): string {
    return `${this.#replySubject}.${session.toString(36)}-${packet.toString(36)}`;
  }

  #addAsk(member: Member, number: number, request: Request, wait?: FarWait): Withdrawable {
    const kind = typeof request.to === 'string' ? frames.askActor : frames.askEntity;
    const { asker, codec } = this.#options;
    const named = wait && asker !== undefined ? { asker, sequence: wait.sequence } : undefined;
    const body = encodeAsk(codec, request, named);
    const onFailed = (error: unknown) => this.#asks.giveUp(number, error);
    return this.#add(this.#sending(member), { kind, number, body, target: targetKey(request.to), onFailed });
  }

  /** @param frame Its body is only lent. */
  #add(sending: Sending, frame: LeavingFrame): Withdrawable {
    const detour = this.#detourFor(sending, frame);
    if (detour === undefined) return this.#leave(sending, frame);
    this.#bodies.assertCarriable(`A message to node "${sending.member.id}"`, frame.body);
    return detour.add(kept(frame));
  }

  /** @param isPaid The bounds of the network were asked for it. */
  #leave(sending: Sending, frame: LeavingFrame, isPaid = false): Withdrawable {
    const { kind, number, body, isSignal } = frame;
    if (body.length > sending.mostBytes) return this.#addLarge(sending, kept(frame));
    if (isPaid) return sending.addPaid(kind, number, body);
    return sending.add(kind, number, body, isSignal);
  }

  /** Undefined: the frame leaves at once. */
  #detourFor(sending: Sending, frame: LeavingFrame): Detour | undefined {
    const { network, clock, waitingBytes: mostBytes = limits.wireWaitingBytes } = this.#options;
    if (network === undefined) return undefined;
    const known = this.#detours.get(sending);
    if (known !== undefined) return known.takes(frame) ? known : undefined;
    if (frame.body.length < network.bulkBytes) return undefined;
    const { id: node } = sending.member;
    const leave = (leaving: LeavingFrame, isPaid: boolean) => this.#leave(sending, leaving, isPaid);
    const detour = new Detour({ toll: new Toll(network, node), clock, node, mostBytes, leave });
    this.#detours.set(sending, detour);
    return detour;
  }

  #close(sending: Sending, cause: unknown): void {
    this.#detours.get(sending)?.close(notReached(cause));
    this.#detours.delete(sending);
    sending.close(cause);
  }

  /** Its name leaves in its place at once; the receiver waits for the body. */
  #addLarge(sending: Sending, { kind, number, body, onFailed }: LeavingFrame): Withdrawable {
    const name = this.#bodies.begin(`A message to node "${sending.member.id}"`, body, (error) => {
      sending.absent(nameToBytes(name));
      onFailed(error, body);
    });
    return sending.add(largeOf(kind), number, nameToBytes(name));
  }

  #notPut(member: Member, body: Uint8Array, cause: unknown): void {
    const { codec, giveBack } = this.#options;
    const isUncertain = hasCode(cause, 'outcome_unknown');
    giveBack({ tells: [undelivered(member, codec, body, { isUncertain, cause })], moreTells: 0 });
  }

  /** Of a session that has ended all was given back already. */
  #onRefused(body: Uint8Array): void {
    const member = this.#answering;
    if (member === undefined) return;
    const { codec, giveBack } = this.#options;
    const tell = decodeRefused(codec, body);
    giveBack({ tells: [{ ...tell, member, isUncertain: false, isRefused: true }], moreTells: 0 });
  }

  #onReplies({ subject, data, noResponders }: Delivery): void {
    if (noResponders) {
      const [session = '', packet = ''] = subject.slice(this.#replySubject.length + 1).split('-');
      this.#sessions.get(Number.parseInt(session, 36))?.refused(Number.parseInt(packet, 36));
      return;
    }
    try {
      this.#readReplies(data);
    } catch (error) {
      this.#options.logger.warn('a packet of replies cannot be read', { subject, error });
    }
  }

  #readReplies(packet: Uint8Array): void {
    assertPacket(packet);
    const sending = this.#sessions.get(sessionOf(packet));
    const number = numberOf(packet);
    sending?.acknowledge(number);
    this.#lacks = false;
    this.#mark = 0;
    this.#answering = sending?.member;
    readPacket(packet, this.#onReply);
    if (this.#lacks) sending?.repeat(number);
    if (this.#mark > 0) sending?.marked(this.#mark);
  }

  #onStatus(status: TransportStatus): void {
    const { awaited } = this.#asks;
    for (const sending of this.#members.values()) {
      if (status === 'connected') sending.resume(awaited.has(sending.member.incarnation));
      else if (status === 'closed')
        this.#close(sending, new TransportClosedError('The connection of this node was closed.'));
    }
    if (status === 'connected') this.#arrivals.resume();
    if (status === 'closed') this.#members.clear();
  }

  #giveBack(member: Member, returned: readonly ReturnedPacket[], cause: unknown): void {
    const { codec, giveBack, signalReturned } = this.#options;
    const { asks, unreached, large, signals, ...tells } = readReturned(returned, member, codec, cause);
    const neverThere = unreached.size > 0 ? notReached(cause) : cause;
    for (const ask of asks) this.#asks.fail(ask, unreached.has(ask) ? neverThere : cause);
    if (tells.tells.length > 0) giveBack(tells);
    for (const { body, isUncertain } of signals) signalReturned?.(member, body, isUncertain);
    for (const { name, isUncertain } of large) {
      this.#bodies.take(name).then(
        (body) => giveBack({ tells: [undelivered(member, codec, body, { isUncertain, cause })], moreTells: 0 }),
        (error: unknown) => this.#options.logger.warn('a large message was not delivered', { name, error }),
      );
    }
  }

  #sending(member: Member): Sending {
    let sending = this.#byMember.get(member);
    if (sending !== undefined) return sending;
    const subject = this.#subjectOf(member);
    sending = this.#members.get(subject) ?? this.#makeSending(member, subject);
    this.#members.set(subject, sending);
    this.#byMember.set(member, sending);
    return sending;
  }

  #makeSending(member: Member, subject: string): Sending {
    const { transport, clock, logger, waitingBytes, network } = this.#options;
    return new Sending({
      toll: network && new Toll(network, member.id),
      isExpected: () => this.#isPresent(subject),
      transport,
      clock,
      logger,
      member,
      subject,
      windowBytes: this.#windowBytes,
      waitingBytes: waitingBytes ?? limits.wireWaitingBytes,
      sessions: this,
      giveBack: (returned, cause) => this.#giveBack(member, returned, cause),
    });
  }

  #isPresent(subject: string): boolean {
    this.#present ??= new Set(this.#view.members.map((member) => this.#subjectOf(member)));
    return this.#present.has(subject);
  }

  #subjectOf(member: Member): string {
    return `jaegis.${this.#options.cluster}.node.${member.id}.${member.incarnation}.in`;
  }

  readonly #onReply: TakeFrame = (kind, number, body) => {
    if (isLarge(kind)) this.#onLargeReply(kind, number, body);
    else this.#onWholeReply(kind, number, body);
  };

  #onLargeReply(kind: number, number: number, body: Uint8Array): void {
    this.#bodies.take(nameFromBytes(body)).then(
      (whole) => this.#onWholeReply(plainOf(kind), number, whole),
      (error: unknown) => this.#asks.fail(number, error),
    );
  }

  #onWholeReply(kind: number, number: number, body: Uint8Array): void {
    const { codec } = this.#options;
    try {
      if (kind === frames.reply) this.#asks.resolve(number, codec.decode(body));
      else if (kind === frames.failure) this.#asks.fail(number, decodeFailure(codec, body));
      else if (kind === frames.again) this.#lacks = true;
      else if (kind === frames.mark) this.#mark = number;
      else if (kind === frames.refused) this.#onRefused(body);
    } catch (error) {
      this.#asks.fail(number, error);
    }
  }
}

/** Names the receiver on its node: a path, or the type and key of an entity. */
function targetKey(to: Target): string {
  return typeof to === 'string' ? to : to.join('/');
}

/** With a body of its own. */
function kept(frame: LeavingFrame): LeavingFrame {
  return { ...frame, body: frame.body.slice() };
}
