/**
 * How much there was in the last `windowMs`, in slots that are dropped one by one as time goes on. Told the time; costs
 * the same however much is counted, and nothing while nothing is.
 *
 * The slots cover the window and the present slot, so up to one slot more than the window: whoever bounds by it never
 * allows more in a window than was meant.
 */
export class SlidingCount {
  readonly #slotMs: number;
  readonly #slots: Float64Array;
  #slot = Number.NEGATIVE_INFINITY;
  #place = 0;
  #total = 0;

  /** @param slots How finely the window is divided. Default 10. */
  constructor(windowMs: number, slots = 10) {
    this.#slotMs = windowMs / slots;
    this.#slots = new Float64Array(slots + 1);
  }

  add(nowMs: number, amount = 1): void {
    this.#moveTo(nowMs);
    this.#slots[this.#place] = (this.#slots[this.#place] ?? 0) + amount;
    this.#total += amount;
  }

  total(nowMs: number): number {
    this.#moveTo(nowMs);
    return this.#total;
  }

  #moveTo(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    if (slot <= this.#slot) return;
    const slots = this.#slots;
    if (slot - this.#slot >= slots.length) this.#clear();
    else for (let passed = this.#slot; passed < slot; passed++) this.#dropOldest();
    this.#slot = slot;
  }

  #dropOldest(): void {
    this.#place = this.#place + 1 === this.#slots.length ? 0 : this.#place + 1;
    this.#total -= this.#slots[this.#place] ?? 0;
    this.#slots[this.#place] = 0;
  }

  #clear(): void {
    this.#slots.fill(0);
    this.#total = 0;
  }
}
