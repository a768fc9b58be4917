import type { Ask, ReplyTo } from '@jaegis/actors';
import { type Codec, type JaegisErrorClass, OverloadedError, ReplyLostError } from '@jaegis/core';
import { encodeFailure } from './envelope.ts';
import { type LargeBodies, nameToBytes } from './large-bodies.ts';
import { frames, largeOf } from './packet.ts';
import type { Replies } from './replies.ts';

/** The asks of one other node that are not answered yet: a list, since nearly none is ever looked for. */
export class OpenAsks {
  readonly codec: Codec;
  readonly replies: Replies;
  readonly bodies: LargeBodies;
  newest: FrameReply | undefined = undefined;

  constructor(codec: Codec, replies: Replies, bodies: LargeBodies) {
    this.codec = codec;
    this.replies = replies;
    this.bodies = bodies;
  }

  /** Resolves when those that are open now have been answered or given up. One that waits for its body is not open yet. */
  async settled(): Promise<void> {
    const open: Promise<void>[] = [];
    for (let reply = this.newest; reply !== undefined; reply = reply.earlier) {
      const { ask } = reply;
      if (ask !== undefined) open.push(new Promise((resolve) => ask.onceSettled(resolve)));
    }
    await Promise.all(open);
  }

  /** Their asker has given these asks up. */
  cancel(asks: ReadonlySet<number>): void {
    for (let reply = this.newest; reply !== undefined; ) {
      const { earlier } = reply;
      if (asks.has(reply.number)) reply.cancel();
      reply = earlier;
    }
  }
}

/** Answers one ask of another node. */
export class FrameReply implements ReplyTo {
  readonly number: number;
  ask: Ask | undefined = undefined;
  earlier: FrameReply | undefined;
  #later: FrameReply | undefined = undefined;
  readonly #open: OpenAsks;
  #isAwaited = true;

  constructor(open: OpenAsks, number: number) {
    this.number = number;
    this.#open = open;
    this.earlier = open.newest;
    if (open.newest !== undefined) open.newest.#later = this;
    open.newest = this;
  }

  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** A reply that cannot be carried is a failure that says so. */
  resolve(value: unknown): void {
    if (!this.#close()) return;
    try {
      this.#leave(frames.reply, this.#open.codec.encode(value));
    } catch (error) {
      this.#fail(error);
    }
  }

  reject(error: unknown): void {
    if (this.#close()) this.#fail(error);
  }

  /** It is not handed over: too many answers wait for its asker already. */
  refuse(): void {
    if (this.#close()) this.#leaveBare(OverloadedError, 'this ask was not taken in');
  }

  /** It is not handed over, since nobody waits for it. */
  drop(): void {
    this.#close();
  }

  /** Nobody waits for it. */
  cancel(): void {
    this.#isAwaited = false;
    this.ask?.cancel();
  }

  #fail(error: unknown): void {
    const { codec } = this.#open;
    try {
      this.#leave(frames.failure, encodeFailure(codec, error));
    } catch (cause) {
      // It says why that could not be said; as large as the reason for it.
      this.#leave(frames.failure, encodeFailure(codec, cause));
    }
  }

  #leave(kind: typeof frames.reply | typeof frames.failure, body: Uint8Array): void {
    const { replies } = this.#open;
    if (replies.isFull) this.#leaveBare(ReplyLostError, 'this one was given up');
    else if (body.length >= replies.fromBulkBytes) this.#leaveAsBulk(kind, body);
    else if (body.length > replies.mostBytes) this.#leaveLarge(kind, body);
    else replies.add(kind, this.number, body);
  }

  /** Small, since too much waits already. */
  #leaveBare(Kind: JaegisErrorClass, what: string): void {
    const { codec, replies } = this.#open;
    const limit = replies.waitingBytes;
    const text = `More than ${limit} bytes of answers wait for the node that asks: ${what}.`;
    const error = new Kind(text, { data: { limit, option: 'wireWaitingBytes' } });
    delete error.stack;
    replies.add(frames.failure, this.number, encodeFailure(codec, error));
  }

  /** When the bounds of the network allow it. No reply waits for another. */
  #leaveAsBulk(kind: typeof frames.reply | typeof frames.failure, body: Uint8Array): void {
    const { replies } = this.#open;
    replies.payBulk(body.length).then(
      () => {
        if (body.length > replies.mostBytes) this.#leaveLarge(kind, body);
        else replies.addPaid(kind, this.number, body);
      },
      () => this.#leaveBare(ReplyLostError, 'this one was given up'),
    );
  }

  /** Its asker waits for this reply alone: the word of it leaves when it can be fetched. */
  #leaveLarge(kind: typeof frames.reply | typeof frames.failure, body: Uint8Array): void {
    const { bodies, replies } = this.#open;
    bodies.put('A reply', body).then(
      (name) => replies.add(largeOf(kind), this.number, nameToBytes(name)),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Takes it off the list. Whether an answer is to leave. */
  #close(): boolean {
    const { earlier } = this;
    const later = this.#later;
    if (later !== undefined) later.earlier = earlier;
    else if (this.#open.newest === this) this.#open.newest = earlier;
    if (earlier !== undefined) earlier.#later = later;
    this.earlier = this.#later = undefined;
    return this.#isAwaited;
  }
}
