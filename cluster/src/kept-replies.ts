import type { Clock, Timer } from '@jaegis/core';
import { frames, numberOf, PacketWriter, packets, readPacket, sessionOf } from './packet.ts';

/** A dead connection is noticed after 2.7 s at most: what left before that may not have arrived. */
const KEPT_MS = 4_000;

interface Kept {
  readonly packet: Uint8Array;
  /** When it left, in steps of {@link KEPT_MS}. */
  readonly step: number;
}

/**
 * The packets of answers that left lately, in case the server that had them is gone: an ask whose answer was lost there
 * would wait in vain until its time is up. Kept for one to two times {@link KEPT_MS}, and for so many bytes at the most:
 * the newest of them, so that all are among them that may be on their way.
 */
export class KeptReplies {
  readonly #clock: Clock;
  readonly #writer = new PacketWriter();
  /** Oldest first. */
  #packets: Kept[] = [];
  #bytes = 0;
  #step = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param mostBytes Of all that is kept; a single packet may be larger. */
  add(packet: Uint8Array, mostBytes: number): void {
    this.#packets.push({ packet, step: this.#step });
    this.#bytes += packet.length;
    this.#forget((_, left) => this.#bytes > mostBytes && left > 1);
    this.#timer ??= this.#clock.setTimer(KEPT_MS, this.#onTime);
  }

  /**
   * The answers in them, oldest first, as packets: their asker may have them, and ignores them then. Other words are not
   * said twice; neither are the names of large answers, which are fetched only once.
   */
  again(): Uint8Array[] {
    return this.#packets.flatMap(({ packet }) => {
      readPacket(packet, (kind, ask, body) => {
        if (kind === frames.reply || kind === frames.failure) this.#writer.add(kind, ask, body);
      });
      return this.#writer.isEmpty ? [] : [this.#writer.take(packets.replies, sessionOf(packet), numberOf(packet))];
    });
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#packets = [];
    this.#bytes = 0;
  }

  /** The oldest, as long as they are to go. */
  #forget(isToGo: (oldest: Kept, left: number) => boolean): void {
    let gone = 0;
    for (const kept of this.#packets) {
      if (!isToGo(kept, this.#packets.length - gone)) break;
      this.#bytes -= kept.packet.length;
      gone++;
    }
    if (gone > 0) this.#packets.splice(0, gone);
  }

  readonly #onTime = (): void => {
    this.#step++;
    this.#forget(({ step }) => step < this.#step - 1);
    this.#timer = this.#packets.length === 0 ? undefined : this.#clock.setTimer(KEPT_MS, this.#onTime);
  };
}
