/** What is given up first when there is more than can be done. Pure; told the time. */
import { PRIORITIES } from '@jaegis/core';
import { checkOptions, namesOf } from '../known-options.ts';
import { positive, within } from './checked.ts';

export interface SheddingOptions {
  /**
   * For each priority from 0 to 9 the part of the limit that may be in use for a call of it to begin or to wait: with 0.5
   * it is refused while half of the slots or more are taken. A shorter list goes on with its last entry. Default: all of
   * it down to the usual priority of 5; then 0.9, 0.8, 0.7 and 0.6.
   */
  readonly thresholds?: readonly number[] | undefined;
  /** The longest that the first in line should wait, in ms. Default 50. */
  readonly targetMs?: number | undefined;
  /** When it has waited longer for all this time, in ms, the line is too long. More than a call takes. Default 500. */
  readonly intervalMs?: number | undefined;
}

const names = namesOf<SheddingOptions>({ thresholds: true, targetMs: true, intervalMs: true });
const usualThresholds: readonly number[] = [1, 1, 1, 1, 1, 1, 0.9, 0.8, 0.7, 0.6];

/** Less urgent calls are refused before the limit is reached, so that it is there for the more urgent ones. */
export class Shedding {
  #thresholds: readonly number[] = [];
  #targetMs = 0;
  #intervalMs = 0;

  /** @throws InvalidConfigError for options out of their range; `data.path` begins with `path`. */
  constructor(options: SheddingOptions = {}, path = 'shedding') {
    this.tune(options, path);
  }

  get targetMs(): number {
    return this.#targetMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** From the next call on, also for lines that wait. @throws InvalidConfigError as the constructor; nothing is changed then. */
  tune(options: SheddingOptions, path = 'shedding'): void {
    checkOptions(path, options, names);
    const { thresholds = usualThresholds, targetMs = 50, intervalMs = 500 } = options;
    positive(`${path}.targetMs`, targetMs);
    positive(`${path}.intervalMs`, intervalMs);
    const checked = thresholds.map((part, index) => within(`${path}.thresholds.${index}`, part, 0, 1));
    const last = checked.at(-1) ?? 1;
    this.#thresholds = Array.from({ length: PRIORITIES }, (_, priority) => checked[priority] ?? last);
    this.#targetMs = targetMs;
    this.#intervalMs = intervalMs;
  }

  /** Whether a call of this priority may begin or wait while so many of the slots are taken. */
  admits(priority: number, inFlight: number, limit: number): boolean {
    const part = this.#thresholds[priority] ?? this.#thresholds[PRIORITIES - 1] ?? 1;
    return part === 1 || inFlight < part * limit;
  }

  /** For one line, which has its own delay. */
  standingDelay(): StandingDelay {
    return new StandingDelay(this);
  }
}

/** In ms. */
export interface DelayTimes {
  readonly targetMs: number;
  readonly intervalMs: number;
}

/**
 * Whether a line is long for good, and not by a burst that it works off: after CoDel (Nichols and Jacobson, 2012), with
 * what Facebook's servers do then (Maurer, "Fail at Scale", 2015).
 */
export class StandingDelay {
  readonly #times: DelayTimes;
  /** Since when the first in line has waited too long at each look. */
  #sinceMs: number | undefined;

  /** @param times Looked at each time: they may change. */
  constructor(times: DelayTimes) {
    this.#times = times;
  }

  /** While the delay stands, who has waited longer than this has waited in vain. In ms. */
  get mostMs(): number {
    return 2 * this.#times.targetMs;
  }

  /** The line was empty. */
  rest(): void {
    this.#sinceMs = undefined;
  }

  /** @param delayMs How long the first in line has waited. */
  look(delayMs: number, nowMs: number): boolean {
    if (delayMs <= this.#times.targetMs) this.#sinceMs = undefined;
    else this.#sinceMs ??= nowMs;
    return this.#sinceMs !== undefined && nowMs - this.#sinceMs >= this.#times.intervalMs;
  }
}
