import type { Logger } from '@jaegis/core';
import type { FrameReply } from './frame-reply.ts';
import type { Incoming } from './incoming.ts';
import { type LargeBodies, nameFromBytes } from './large-bodies.ts';
import { isLarge } from './packet.ts';

export interface ArrivedFrame {
  readonly kind: number;
  readonly body: Uint8Array;
  /** Of an ask. */
  readonly replyTo: FrameReply | undefined;
}

export interface WaitingFramesOptions {
  readonly bodies: LargeBodies;
  readonly logger: Logger;
  readonly deliver: (frame: ArrivedFrame) => void;
}

/** The frames of one sender that came since one the body of which is still to be fetched: delivered in their order. */
export class WaitingFrames {
  readonly #options: WaitingFramesOptions;
  readonly #from: Incoming;
  readonly #frames: ArrivedFrame[] = [];

  constructor(from: Incoming, options: WaitingFramesOptions) {
    this.#from = from;
    this.#options = options;
  }

  add(frame: ArrivedFrame): void {
    // The packet that it lies in may be used again.
    this.#frames.push({ ...frame, body: frame.body.slice() });
    if (this.#from.isWaiting) return;
    this.#from.wait();
    void this.#deliverAll();
  }

  async #deliverAll(): Promise<void> {
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      const whole = isLarge(frame.kind) ? await this.#fetched(frame) : frame;
      if (frame.replyTo?.isAwaited === false) frame.replyTo.drop();
      else if (whole !== undefined) this.#options.deliver(whole);
    }
    this.#from.goOn();
  }

  async #fetched(frame: ArrivedFrame): Promise<ArrivedFrame | undefined> {
    const name = nameFromBytes(frame.body);
    try {
      return { ...frame, body: await this.#options.bodies.take(name) };
    } catch (error) {
      if (frame.replyTo !== undefined) frame.replyTo.reject(error);
      else this.#options.logger.warn('a large message of another node was not delivered', { name, error });
      return undefined;
    }
  }
}
