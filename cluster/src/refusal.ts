/**
 * That nobody listened where a packet went, as the server says. A member of the view may be on its way from one server
 * to another, where its subscriptions are not known yet: so the packet is held for a while and tried again.
 */
export class Refusal {
  /** Of the packet that was refused first; 0: it was control. */
  readonly number: number;
  readonly #sinceMs: number;
  #left = 1;
  #refused = 1;

  constructor(number: number, nowMs: number) {
    this.number = number;
    this.#sinceMs = nowMs;
  }

  /** The packet leaves once more. */
  leaves(): void {
    this.#left++;
  }

  /** It was refused once more. */
  again(): void {
    this.#refused++;
  }

  /** Whether it is tried long enough. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#sinceMs >= HOLD_MS;
  }

  /** Each time that it left it was refused: it has surely not arrived. */
  get isCertain(): boolean {
    return this.number !== 0 && this.#left === this.#refused;
  }
}

/** How soon a packet that was refused is tried again, and how long in all, in ms. */
export const AGAIN_MS = 50;
const HOLD_MS = 2_000;
