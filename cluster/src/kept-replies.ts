import type { Clock, Timer } from '@jaegis/core';
import { frames, numberOf, PacketWriter, packets, readPacket, sessionOf } from './packet.ts';

/** A dead connection is noticed after 2.7 s at most: what left before that may not have arrived. */
const KEPT_MS = 4_000;

/**
 * The packets of answers that left lately, in case the server that had them is gone: an ask whose answer was lost there
 * would wait in vain until its time is up. Kept for one to two times {@link KEPT_MS}, and for so many bytes at the most.
 */
export class KeptReplies {
  readonly #clock: Clock;
  readonly #writer = new PacketWriter();
  #newer: Uint8Array[] = [];
  #older: Uint8Array[] = [];
  #newerBytes = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param mostBytes Of all that is kept. */
  add(packet: Uint8Array, mostBytes: number): void {
    if (this.#newerBytes + packet.length > mostBytes / 2) this.#turn();
    this.#newer.push(packet);
    this.#newerBytes += packet.length;
    this.#timer ??= this.#clock.setTimer(KEPT_MS, this.#onTime);
  }

  /**
   * The answers in them, oldest first, as packets: their asker may have them, and ignores them then. Other words are not
   * said twice; neither are the names of large answers, which are fetched only once.
   */
  again(): Uint8Array[] {
    return [...this.#older, ...this.#newer].flatMap((packet) => {
      readPacket(packet, (kind, ask, body) => {
        if (kind === frames.reply || kind === frames.failure) this.#writer.add(kind, ask, body);
      });
      return this.#writer.isEmpty ? [] : [this.#writer.take(packets.replies, sessionOf(packet), numberOf(packet))];
    });
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#newer = this.#older = [];
    this.#newerBytes = 0;
  }

  #turn(): void {
    this.#older = this.#newer;
    this.#newer = [];
    this.#newerBytes = 0;
  }

  readonly #onTime = (): void => {
    this.#turn();
    this.#timer = this.#older.length === 0 ? undefined : this.#clock.setTimer(KEPT_MS, this.#onTime);
  };
}
