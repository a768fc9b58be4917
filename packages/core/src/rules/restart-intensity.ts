import type { RestartLimit } from '../values/child-spec.ts';

export type IntensityVerdict = 'restart' | 'give-up';

/**
 * The restarts of one supervisor that still count, and the rule over them, as OTP's supervisor has it: a restart counts
 * while it is at most `periodMs` old, and more than `intensity` of them are too many. The supervisor asks on every
 * crash, so the times are kept in place: an answer costs the same however many restarts the limit allows.
 */
export class RestartWindow {
  /** Oldest first, all of them finite. Those before `#first` count no more. */
  readonly #times: number[] = [];
  #first = 0;

  /** How many counted when last asked. */
  get size(): number {
    return this.#times.length - this.#first;
  }

  /**
   * Counts a restart now, and says whether it is within the limit, which may change from one call to the next. Where
   * the intensity is `Infinity` nothing is counted, since nothing could be too many.
   */
  add(nowMs: number, limit: RestartLimit): IntensityVerdict {
    if (limit.intensity === Number.POSITIVE_INFINITY) return 'restart';
    this.#dropBefore(nowMs - limit.periodMs);
    this.#times.push(nowMs);
    if (this.size <= limit.intensity) return 'restart';
    // One more than allowed says all: no more than that is kept, also if the caller goes on after the verdict.
    this.#first = this.#times.length - (limit.intensity + 1);
    return 'give-up';
  }

  clear(): void {
    this.#times.length = 0;
    this.#first = 0;
  }

  #dropBefore(timeMs: number): void {
    const times = this.#times;
    while (this.#first < times.length && (times[this.#first] ?? 0) < timeMs) this.#first++;
    if (this.#first === times.length) this.clear();
    else if (this.#first > 64 && this.#first > times.length / 2) {
      times.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
