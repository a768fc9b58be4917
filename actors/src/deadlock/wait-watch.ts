import { type Clock, limits, type Timer, type WaitEdge } from '@jaegis/core';

/**
 * Asks that wait, and when to look for a deadlock across nodes behind them: not before they have waited for a while,
 * which most never do, then at growing distances, since a probe may be lost. One timer for all, and none when nothing
 * waits.
 */
export class WaitWatch {
  readonly #clock: Clock;
  readonly #look: (edge: WaitEdge, round: number) => boolean;
  /** How often each has been seen waiting. */
  readonly #waits = new Map<WaitEdge, number>();
  #timer: Timer | undefined;

  /** @param look called with each ask that is due; false: it need not be looked at again. */
  constructor(clock: Clock, look: (edge: WaitEdge, round: number) => boolean) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Above its bound it takes no more: those asks end by their time limits. */
  add(edge: WaitEdge): void {
    if (this.#waits.size >= limits.waitProbes) return;
    this.#waits.set(edge, 0);
    this.#timer ??= this.#clock.setTimer(limits.waitProbeMs, () => this.#sweep());
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#waits.clear();
  }

  #sweep(): void {
    this.#timer = undefined;
    for (const [edge, before] of this.#waits) {
      const seen = before + 1;
      const stays = edge.waiting && (!isDue(seen) || this.#look(edge, seen));
      if (stays) this.#waits.set(edge, seen);
      else this.#waits.delete(edge);
    }
    if (this.#waits.size > 0) this.#timer ??= this.#clock.setTimer(limits.waitProbeMs, () => this.#sweep());
  }
}

/** At the second, fourth, eighth … time: by then it has waited for one interval at least. */
function isDue(seen: number): boolean {
  return seen > 1 && (seen & (seen - 1)) === 0;
}
