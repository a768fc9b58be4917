/**
 * Notices that this process reads more slowly than messages come, before the server cuts it off: the answer to a ping
 * comes behind all that the server has for this connection, so what arrives before it was waiting there.
 */
import type { Backlog, Clock, Timer } from '@jaegis/core';
import type { Link } from './link.ts';

/** How often it is measured, in ms. */
const lookMs = 500;
/** A ping that is unanswered for so long, while so much arrives, says that what is there is read too late. */
const lateMs = 1_000;
const lateBytes = 256 * 1024;

interface Ping {
  readonly atMs: number;
  readonly atBytes: number;
}

export class ReadWatch {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #mostBytes: number;
  readonly #onSlow: (backlog: Backlog) => void;
  #ping: Ping | undefined;
  #isSlow = false;
  #timer: Timer | undefined;

  /** @param mostBytes What may wait at the server. @param onSlow Called once each time that it begins. */
  constructor(link: Link, clock: Clock, mostBytes: number, onSlow: (backlog: Backlog) => void) {
    this.#link = link;
    this.#clock = clock;
    this.#mostBytes = mostBytes;
    this.#onSlow = onSlow;
    this.#timer = clock.setTimer(lookMs, this.#look);
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  get #readBytes(): number {
    return this.#link.connection.stats().inBytes;
  }

  #measure({ atMs, atBytes }: Ping): boolean {
    const bytes = this.#readBytes - atBytes;
    const delayMs = this.#clock.monotonic() - atMs;
    const isSlow = bytes >= this.#mostBytes || (delayMs >= lateMs && bytes >= lateBytes);
    if (isSlow && !this.#isSlow) {
      this.#isSlow = true;
      this.#onSlow({ bytes, delayMs });
    }
    return isSlow;
  }

  #send(): void {
    const ping: Ping = { atMs: this.#clock.monotonic(), atBytes: this.#readBytes };
    this.#ping = ping;
    const answered = () => {
      this.#isSlow = this.#measure(ping);
      this.#ping = undefined;
    };
    const lost = () => {
      this.#isSlow = false;
      this.#ping = undefined;
    };
    this.#link.orLost(this.#link.connection.flush()).then(answered, lost);
  }

  readonly #look = (): void => {
    this.#timer = this.#clock.setTimer(lookMs, this.#look);
    if (this.#ping !== undefined) this.#measure(this.#ping);
    else if (this.#link.status === 'connected') this.#send();
  };
}
