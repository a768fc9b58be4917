import { BreakerWindow, type Clock, InvalidConfigError } from '@jaegis/core';
import type { Call } from '../../call.ts';
import type { Breaker } from '../breaker.ts';
import type { BreakerWatcher } from '../watched-breaker.ts';
import { ErrorMix, type ErrorMixData, type ErrorShare } from './error-mix.ts';
import { checkLearned, type LearnedOptions, type LearnedSettings } from './learned-options.ts';
import {
  BANDS,
  type Basis,
  bandOf,
  HOURS,
  type Lesson,
  type LoadBand,
  loadOf,
  logOf,
  type Usual,
  UsualRates,
} from './usual-rates.ts';

/** What opens the breaker. */
export interface Thresholds {
  readonly failureRate: number;
  /** Only where calls are timed, by `slowMs` of the breaker or what is learned of it. */
  readonly slowRate: number;
  /** Undefined where it is not learned. */
  readonly slowMs: number | undefined;
}

/** What is usual, and which thresholds follow from it. */
export interface LearnedUsual extends Usual {
  /** Of the day, from 0 to 23, UTC. Undefined: of all. */
  readonly hour: number | undefined;
  /** Undefined: at any. */
  readonly load: LoadBand | undefined;
  readonly thresholds: Thresholds;
}

/** All that has been learned. */
export interface Learned {
  /** Of all hours together, then of each, then of each with its loads; where enough calls are known. */
  readonly usual: readonly LearnedUsual[];
  /** The most frequent first. */
  readonly errors: readonly ErrorShare[];
}

/** What was learned, to be gone on from. */
export interface LearnedSnapshot {
  readonly version: 1;
  readonly rates: readonly (readonly number[])[];
  readonly errors: ErrorMixData;
}

/** What holds since the breaker was last looked at, and by what. */
export interface PresentThresholds extends Thresholds {
  readonly basis: Basis;
  readonly hour: number;
  readonly load: LoadBand;
}

const HOUR_MS = 3_600_000;
/** Thresholds follow the load at most so often, and the load is that of about the last so many ms. */
const LOOK_MS = 1_000;
const LATE_MS = 5_000;
const nothing: Readonly<Lesson> = { calls: 0, failures: 0, slow: 0, timed: 0, logMs: 0 };

/**
 * Sets thresholds of one breaker by what is usual, within bounds: its `failureRate`, its `slowRate` where calls are timed, and
 * its `slowMs` where it is asked to. What is usual it knows by the hour of the day and by load, in steps of four; where
 * too little is known of that, it goes by the hour, then by all hours. Errors of a class that was hardly seen before weigh
 * more than others.
 *
 * It learns only while the breaker is closed, and nothing where most calls failed though they were too few to open it, so
 * an outage does not become usual. `minimumCalls` of the breaker and its other thresholds stay: give it `failures: Infinity` where a share
 * of failures is usual. With its breaker it takes about 6 kB.
 */
export class LearnedThresholds implements BreakerWatcher {
  readonly name = 'learned';
  readonly everyMs: number;
  readonly #clock: Clock;
  readonly #settings: LearnedSettings;
  readonly #rates: UsualRates;
  readonly #mix: ErrorMix;
  /** Failures of unusual classes, as long as the breaker's own window is. */
  #unusual: BreakerWindow | undefined;
  /** Since the last lesson. */
  #next: Lesson = { ...nothing };
  #learnedMs: number;
  /** Calls since it last looked, and those of each second before. */
  #ended = 0;
  #perSecond = 0;
  #lookedMs: number;
  #present: PresentThresholds | undefined;

  /** @throws InvalidConfigError with the path of what is not usable. */
  constructor(options: LearnedOptions, { clock }: { readonly clock: Clock }) {
    this.#settings = checkLearned(options);
    const { everyMs, minimumCalls, halfLife, errors } = this.#settings;
    this.everyMs = Math.min(LOOK_MS, everyMs);
    this.#clock = clock;
    this.#learnedMs = clock.monotonic();
    this.#lookedMs = this.#learnedMs;
    this.#rates = new UsualRates(0.5 ** (1 / halfLife), minimumCalls);
    // One table for all hours, which learns at each of them.
    this.#mix = new ErrorMix(errors.classes, 0.5 ** (1 / (halfLife * HOURS)), minimumCalls);
  }

  look(breaker: Breaker): void {
    const nowMs = this.#clock.monotonic();
    const hour = Math.floor(this.#clock.now() / HOUR_MS) % HOURS;
    if (nowMs - this.#learnedMs >= this.#settings.everyMs) {
      this.#learnedMs = nowMs;
      this.#take(breaker, hour);
    }
    const band = bandOf(this.#load(nowMs));
    const { basis, usual } = this.#rates.find(hour, band);
    this.#tell(breaker, { basis, hour, load: loadOf(band), ...this.#thresholdsBy(usual) });
  }

  succeeded(tookMs: number): void {
    this.#ended++;
    this.#mix.count();
    this.#next.timed++;
    this.#next.logMs += logOf(tookMs);
  }

  failed(breaker: Breaker, error: unknown, call: Call): void {
    this.#ended++;
    const isOpen = breaker.state !== 'closed';
    if (isOpen) this.#drop();
    if (isOpen || !breaker.isFailure(error, call)) return;
    const errorClass = this.#classOf(error);
    this.#mix.count(errorClass);
    const { weight, rare } = this.#settings.errors;
    const share = this.#mix.shareOf(errorClass);
    if (weight > 1 && share !== undefined && share < rare) this.#weigh(breaker, errorClass, error);
  }

  /** All that it has learned so far. */
  learned(): Learned {
    const hours = Array.from({ length: HOURS }, (_, hour) => hour);
    const bands = Array.from({ length: BANDS }, (_, band) => band);
    const ofHours = hours.flatMap((hour) => this.#learnedOf(hour));
    const ofLoads = hours.flatMap((hour) => bands.flatMap((band) => this.#learnedOf(hour, band)));
    return { usual: [...this.#learnedOf(), ...ofHours, ...ofLoads], errors: this.#mix.shares };
  }

  /** What holds at present; undefined before the breaker was looked at. */
  inspect(): PresentThresholds | undefined {
    return this.#present;
  }

  /** Nothing was usual. The breaker is told the next time it is looked at. */
  forget(): void {
    this.#rates.forget();
    this.#mix.forget();
    this.#drop();
  }

  export(): LearnedSnapshot {
    return { version: 1, rates: this.#rates.export(), errors: this.#mix.export() };
  }

  /**
   * Goes on from there; what it knew before is forgotten. The breaker is told the next time it is looked at.
   * @throws InvalidConfigError where it is not what `export` gives; then all stays as it is.
   */
  import(snapshot: unknown): void {
    const { version, rates, errors } = Object(snapshot) as Record<keyof LearnedSnapshot, unknown>; // seen through below
    if (version !== 1 || !UsualRates.isKnown(rates) || !ErrorMix.isKnown(errors)) {
      throw new InvalidConfigError('What a breaker is said to have learned is not usable.', {
        data: { path: 'breaker.learned' },
      });
    }
    this.#drop();
    this.#rates.import(rates);
    this.#mix.import(errors);
  }

  #weigh(breaker: Breaker, errorClass: string, error: unknown): void {
    const nowMs = this.#clock.monotonic();
    const { bucketMs, buckets, minimumCalls } = breaker.settings;
    const window = this.#unusual;
    if (window?.bucketMs !== bucketMs || window.buckets !== buckets)
      this.#unusual = new BreakerWindow(bucketMs, buckets);
    this.#unusual?.count(nowMs, true, false);
    const { calls, failures } = breaker.figures;
    if (calls < minimumCalls) return;
    // The window of the breaker begins anew with its states, this one does not.
    const unusual = Math.min(failures, this.#unusual?.failures(nowMs) ?? 0);
    const weighed = (failures + (this.#settings.errors.weight - 1) * unusual) / calls;
    const { failureRate } = this.#present ?? this.#thresholdsBy(undefined);
    if (weighed < failureRate) return;
    this.#drop();
    breaker.trip({ kind: 'unusual_errors', errorClass, rate: failures / calls, calls, error });
  }

  /** From the window. */
  #take(breaker: Breaker, hour: number): void {
    const { bucketMs, buckets, minimumCalls } = breaker.settings;
    const { calls, failures, slow } = breaker.figures;
    const next = this.#next;
    next.calls += calls;
    next.failures += failures;
    next.slow += slow;
    // Of fewer calls a share may be chance.
    if (next.calls >= minimumCalls) this.#learn(next, hour, bandOf((calls * 1_000) / (bucketMs * buckets)));
  }

  #learn(lesson: Lesson, hour: number, band: number): void {
    const { calls, failures, slow } = lesson;
    const { failureRate, slowRate } = this.#present ?? this.#thresholdsBy(undefined);
    const { unknown } = this.#settings;
    // A share above the threshold that did not open it was one of few calls in each window, and may be chance.
    const isOutage = failures / calls >= Math.max(failureRate, unknown) || slow / calls >= Math.max(slowRate, unknown);
    if (!isOutage) {
      this.#rates.learn(hour, band, lesson);
      this.#mix.learn();
    }
    this.#drop();
  }

  /** Calls per second of late. */
  #load(nowMs: number): number {
    const passedMs = nowMs - this.#lookedMs;
    if (passedMs <= 0) return this.#perSecond;
    const weight = 1 - Math.exp(-passedMs / LATE_MS);
    this.#perSecond += ((this.#ended * 1_000) / passedMs - this.#perSecond) * weight;
    this.#lookedMs = nowMs;
    this.#ended = 0;
    return this.#perSecond;
  }

  /** What was counted since the last lesson is not learned. */
  #drop(): void {
    this.#mix.drop();
    this.#next = { ...nothing };
  }

  #learnedOf(hour?: number, band?: number): LearnedUsual[] {
    const usual = this.#rates.of(hour, band);
    if (usual === undefined) return [];
    const load = band === undefined ? undefined : loadOf(band);
    return [{ hour, load, ...usual, thresholds: this.#thresholdsBy(usual) }];
  }

  #thresholdsBy(usual: Usual | undefined): Thresholds {
    const { factor, least, most, unknown, slow } = this.#settings;
    const rate = (share: number | undefined) => (share === undefined ? unknown : within(least, share * factor, most));
    const { failureRate, slowRate, tookMs } = usual ?? {};
    const slowMs =
      slow && (tookMs === undefined ? slow.mostMs : within(slow.leastMs, tookMs * slow.factor, slow.mostMs));
    return { failureRate: rate(failureRate), slowRate: rate(slowRate), slowMs };
  }

  #tell(breaker: Breaker, present: PresentThresholds): void {
    const before = this.#present;
    this.#present = present;
    const { failureRate, slowRate, slowMs } = present;
    if (before?.failureRate === failureRate && before.slowRate === slowRate && before.slowMs === slowMs) return;
    const isTimed = slowMs !== undefined || breaker.settings.isTimed;
    breaker.tune({
      failureRate,
      ...(slowMs === undefined ? {} : { slowMs }),
      ...(isTimed ? { slowRate } : {}),
    });
  }

  #classOf(error: unknown): string {
    try {
      return this.#settings.errors.classOf(error);
    } catch {
      return 'unknown';
    }
  }
}

function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
