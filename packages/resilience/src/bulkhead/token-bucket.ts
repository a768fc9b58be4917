/** Sums of fractions fall a little short. */
const tolerance = 1e-9;

/** An amount of bytes and of messages. */
export interface Traffic {
  readonly bytes: number;
  readonly messages: number;
}

export const nothing: Traffic = { bytes: 0, messages: 0 };

export function sum(amounts: readonly Traffic[]): Traffic {
  return amounts.reduce((a, b) => ({ bytes: a.bytes + b.bytes, messages: a.messages + b.messages }), nothing);
}

/**
 * Tokens for bytes and for messages, which come with time up to what `burstMs` brings. It may be overdrawn by the last
 * one that goes, so that also what is larger than the bucket goes, and the rate holds all the same.
 */
export class TokenBucket {
  /** For each ms. */
  readonly #rate: Traffic;
  readonly #most: Traffic;
  #bytes: number;
  #messages: number;

  constructor(perMs: Traffic, burstMs: number) {
    this.#rate = perMs;
    // Less than one message would never let one go.
    this.#most = {
      bytes: perMs.bytes * burstMs,
      messages: Math.max(perMs.messages * burstMs, perMs.messages > 0 ? 1 : 0),
    };
    this.#bytes = this.#most.bytes;
    this.#messages = this.#most.messages;
  }

  /** What comes each ms and finds no room. */
  get surplus(): Traffic {
    return this.isFull ? this.#rate : nothing;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#most.bytes && this.#messages >= this.#most.messages;
  }

  /** Whether one may go. */
  get isOpen(): boolean {
    return this.#bytes > 0 && this.#messages >= 1 - tolerance;
  }

  /** @param extra Tokens that others have no use for. @returns What it has no room for. */
  refill(ms: number, extra: Traffic): Traffic {
    const bytes = this.#bytes + this.#rate.bytes * ms + extra.bytes;
    const messages = this.#messages + this.#rate.messages * ms + extra.messages;
    this.#bytes = Math.min(this.#most.bytes, bytes);
    this.#messages = Math.min(this.#most.messages, messages);
    return { bytes: bytes - this.#bytes, messages: messages - this.#messages };
  }

  take(bytes: number): void {
    this.#bytes -= bytes;
    this.#messages -= 1;
  }

  /** How long until one may go, in ms; infinite where nothing comes. @param extra What comes each ms besides its own. */
  opensInMs(extra: Traffic): number {
    if (this.isOpen) return 0;
    if (this.#most.bytes === 0) return Number.POSITIVE_INFINITY; // it holds nothing, whatever comes
    // Nothing left is not enough: at least one byte.
    const bytesMs = this.#bytes > 0 ? 0 : (1 - this.#bytes) / (this.#rate.bytes + extra.bytes);
    return Math.max(0, bytesMs, (1 - this.#messages) / (this.#rate.messages + extra.messages));
  }
}
