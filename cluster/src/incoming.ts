import type { Ask, ReplyTo } from '@jaegis/actors';
import type { Codec } from '@jaegis/core';
import { encodeFailure } from './envelope.ts';
import type { Outgoing } from './outgoing.ts';
import { frames } from './packet.ts';

/** What comes from one other node: its asks that are not answered yet, and the way back for their answers. */
export class Incoming {
  readonly replies: Outgoing;
  readonly codec: Codec;
  /** The newest of the open asks. */
  newest: FrameReply | undefined = undefined;

  constructor(replies: Outgoing, codec: Codec) {
    this.replies = replies;
    this.codec = codec;
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

/** Answers one ask of another node. Those that are open are a list, since nearly none is ever looked for. */
export class FrameReply implements ReplyTo {
  readonly number: number;
  ask: Ask | undefined = undefined;
  earlier: FrameReply | undefined;
  #later: FrameReply | undefined = undefined;
  readonly #from: Incoming;
  #isAwaited = true;

  constructor(from: Incoming, number: number) {
    this.number = number;
    this.#from = from;
    this.earlier = from.newest;
    if (from.newest !== undefined) from.newest.#later = this;
    from.newest = this;
  }

  /** A reply that cannot be carried, or is too large, is a failure that says so. */
  resolve(value: unknown): void {
    if (!this.#close()) return;
    const { replies, codec } = this.#from;
    try {
      replies.add(frames.reply, this.number, codec.encode(value));
    } catch (error) {
      this.#fail(error);
    }
  }

  reject(error: unknown): void {
    if (this.#close()) this.#fail(error);
  }

  /** Nobody waits for it. */
  cancel(): void {
    this.#isAwaited = false;
    this.ask?.cancel();
  }

  #fail(error: unknown): void {
    const { replies, codec } = this.#from;
    replies.add(frames.failure, this.number, encodeFailure(codec, error));
  }

  /** Takes it off the list. Whether an answer is to leave. */
  #close(): boolean {
    const { earlier } = this;
    const later = this.#later;
    if (later !== undefined) later.earlier = earlier;
    else if (this.#from.newest === this) this.#from.newest = earlier;
    if (earlier !== undefined) earlier.#later = later;
    this.earlier = this.#later = undefined;
    return this.#isAwaited;
  }
}
