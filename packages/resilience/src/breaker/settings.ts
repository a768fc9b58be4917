/** The options of a circuit breaker, checked, with their defaults. */
import { InvalidConfigError, isFaultOfCaller, type Random } from '@jaegis/core';
import type { Call } from '../call.ts';
import { checkOptions, namesOf } from '../known-options.ts';
import { checkFunction, checkName } from '../number-option.ts';
import type { BreakerEvent } from './events.ts';
import { isGivenUp } from './given-up.ts';

/** Judges an error with which a guarded call ended. One that throws is taken to have said yes. */
export type ErrorFilter = (error: unknown, call: Call) => boolean;

/** All times in ms. Any threshold that is reached opens it. */
export interface BreakerOptions {
  /** What events and errors call it. Default `breaker`. */
  readonly name?: string | undefined;
  /** So many failures within {@link failuresMs} open it; `Infinity` for none. Default 5. */
  readonly failures?: number | undefined;
  /** At most {@link windowMs}, and at least one bucket of it. Default 30,000, or the window if that is shorter. */
  readonly failuresMs?: number | undefined;
  /** This share of failures among the calls of the window opens it, from above 0 to 1. Default: none does. */
  readonly failureRate?: number | undefined;
  /** This share of slow calls among the calls of the window opens it, from above 0 to 1. Default 0.5 where {@link slowMs} is given. */
  readonly slowRate?: number | undefined;
  /** From then on a call is slow, whether it goes well or not. Default: no call is. */
  readonly slowMs?: number | undefined;
  /** With fewer calls in the window no rate is judged. Default 10. */
  readonly minimumCalls?: number | undefined;
  /** How long what is counted is remembered. Default 60,000, or twice {@link failuresMs} if that is given. */
  readonly windowMs?: number | undefined;
  /** Of the window: it forgets by so many steps. From 1 to 60. Default 12. */
  readonly buckets?: number | undefined;
  /** How long it stays open; the first call after that is a probe. Default 30,000. */
  readonly openMs?: number | undefined;
  /** Up to this share of {@link openMs} more, by chance, so that many do not probe together; from 0 to 1. Default 0. */
  readonly openJitter?: number | undefined;
  /** Probes in a row that must go well to close it. Default 3. */
  readonly successes?: number | undefined;
  /** Probes at once. Default 1. */
  readonly probes?: number | undefined;
  /**
   * When all places of probes have been taken for so long, they count as one failure: what guards itself by no timeout
   * would else keep it half-open for ever. `Infinity` for never. Default 30,000.
   */
  readonly probeMs?: number | undefined;
  /**
   * Errors that count neither way. Default: those of calls whose caller gave up, a timeout not among them; and errors of
   * JAEGIS that say that the caller was wrong, as `invalid_message` and `no_such_actor`.
   */
  readonly ignores?: ErrorFilter | undefined;
  /** Which of the others are failures; the rest shows that what is guarded works. Default: all. */
  readonly isFailure?: ErrorFilter | undefined;
  /** Told once of each thing that happens, after it has. What it throws is dropped: it must not change a call. */
  readonly onEvent?: ((event: BreakerEvent) => void) | undefined;
}

const names = namesOf<BreakerOptions>({
  name: true,
  failures: true,
  failuresMs: true,
  failureRate: true,
  slowRate: true,
  slowMs: true,
  minimumCalls: true,
  windowMs: true,
  buckets: true,
  openMs: true,
  openJitter: true,
  successes: true,
  probes: true,
  probeMs: true,
  ignores: true,
  isFailure: true,
  onEvent: true,
});

const allFail: ErrorFilter = () => true;
const saysNothing: ErrorFilter = (error, call) => isGivenUp(error, call) || isFaultOfCaller(error);

interface Range {
  readonly least: number;
  readonly most?: number;
  readonly isWhole?: boolean;
  /** The least itself is not allowed. */
  readonly isAbove?: boolean;
}

const share: Range = { least: 0, most: 1, isAbove: true };
const duration: Range = { least: 0, isAbove: true };
const count: Range = { least: 1, isWhole: true };

/** Made once and shared by any number of breakers. @throws InvalidConfigError with the path of what is not usable. */
export class BreakerSettings {
  readonly options: BreakerOptions;
  readonly name: string;
  readonly failures: number;
  /** Of the window, for {@link failures}. */
  readonly failureBuckets: number;
  readonly failureRate: number;
  readonly slowRate: number;
  readonly slowMs: number;
  /** Whether the time that calls take matters. */
  readonly isTimed: boolean;
  readonly minimumCalls: number;
  readonly buckets: number;
  readonly bucketMs: number;
  readonly openMs: number;
  readonly openJitter: number;
  readonly successes: number;
  readonly probes: number;
  readonly probeMs: number;
  readonly ignores: ErrorFilter;
  readonly isFailure: ErrorFilter;
  readonly onEvent: ((event: BreakerEvent) => void) | undefined;

  constructor(options: BreakerOptions = {}) {
    checkOptions('breaker', options, names);
    checkName('breaker.name', options.name);
    for (const name of ['ignores', 'isFailure', 'onEvent'] as const) checkFunction(`breaker.${name}`, options[name]);
    this.options = options;
    this.name = options.name ?? 'breaker';
    this.failures = number(options, 'failures', 5, { ...count, most: Number.POSITIVE_INFINITY });
    this.buckets = number(options, 'buckets', 12, { ...count, most: 60 });
    const { windowMs, failuresMs } = spans(options);
    this.bucketMs = windowMs / this.buckets;
    this.failureBuckets = bucketsOf(failuresMs, this.bucketMs, windowMs);
    // A rate that none can reach is never judged.
    this.failureRate = number(options, 'failureRate', Number.POSITIVE_INFINITY, share);
    this.slowMs = number(options, 'slowMs', Number.POSITIVE_INFINITY, duration);
    this.isTimed = this.slowMs !== Number.POSITIVE_INFINITY;
    this.slowRate = number(options, 'slowRate', this.isTimed ? 0.5 : Number.POSITIVE_INFINITY, share);
    if (options.slowRate !== undefined && options.slowMs === undefined) {
      throw refused('slowMs', undefined, 'given where slowRate is');
    }
    this.minimumCalls = number(options, 'minimumCalls', 10, count);
    this.openMs = number(options, 'openMs', 30_000, { least: 0 });
    this.openJitter = number(options, 'openJitter', 0, { least: 0, most: 1 });
    this.successes = number(options, 'successes', 3, count);
    this.probes = number(options, 'probes', 1, count);
    this.probeMs = number(options, 'probeMs', 30_000, { ...duration, most: Number.POSITIVE_INFINITY });
    this.ignores = options.ignores ?? saysNothing;
    this.isFailure = options.isFailure ?? allFail;
    this.onEvent = options.onEvent;
  }

  /** With other options; those that are left out stay. */
  with(options: BreakerOptions): BreakerSettings {
    return new BreakerSettings({ ...this.options, ...options });
  }

  /** Whether a window of the other's could go on under these. */
  hasWindowOf(other: BreakerSettings): boolean {
    return this.buckets === other.buckets && this.bucketMs === other.bucketMs;
  }
}

function spans(options: BreakerOptions): { windowMs: number; failuresMs: number } {
  const ownMs = number(options, 'failuresMs', 30_000, duration);
  const windowMs = number(options, 'windowMs', options.failuresMs === undefined ? 60_000 : 2 * ownMs, duration);
  return { windowMs, failuresMs: options.failuresMs === undefined ? Math.min(ownMs, windowMs) : ownMs };
}

function bucketsOf(failuresMs: number, bucketMs: number, windowMs: number): number {
  if (failuresMs > windowMs) throw refused('failuresMs', failuresMs, `at most windowMs, which is ${windowMs}`);
  if (failuresMs < bucketMs) throw refused('failuresMs', failuresMs, `at least one bucket, which is ${bucketMs} ms`);
  // A rounding error must not add a bucket.
  return Math.ceil(failuresMs / bucketMs - 1e-9);
}

type NumberOption = {
  [Key in keyof BreakerOptions]-?: number extends BreakerOptions[Key] ? Key : never;
}[keyof BreakerOptions];

function number(options: BreakerOptions, name: NumberOption, fallback: number, range: Range): number {
  const value: unknown = options[name];
  if (value === undefined) return fallback;
  const { least, most = Number.MAX_VALUE, isWhole = false, isAbove = false } = range;
  const isInside = typeof value === 'number' && (isAbove ? value > least : value >= least) && value <= most;
  if (isInside && (!isWhole || Number.isInteger(value) || value === most)) return value;
  const bounds = most < Number.MAX_VALUE ? ` to ${most}` : '';
  throw refused(name, value, `a ${isWhole ? 'whole ' : ''}number ${isAbove ? 'above' : 'from'} ${least}${bounds}`);
}

/** @throws InvalidConfigError where there is jitter and no chance to draw it by. */
export function checkJitter({ openJitter }: BreakerSettings, random: Random | undefined): void {
  if (openJitter > 0 && random === undefined) throw refused('openJitter', openJitter, '0 where no random is given');
}

/** The error for an option of a breaker. */
export function refused(name: string, value: unknown, what: string): Error {
  return new InvalidConfigError(`breaker.${name} is ${String(value)}; it must be ${what}.`, {
    data: { path: `breaker.${name}` },
  });
}
