/** The options of what is learned, checked, with their defaults. */
import { refused } from '../settings.ts';
import { classOfError } from './error-mix.ts';

/** Shares are from 0 to 1, of the calls of a window. */
export interface LearnedOptions {
  /** How often it learns from the window, in ms: as long as the window is, so that it learns each call once. Default 60,000. */
  readonly everyMs?: number | undefined;
  /** So many times the usual share of failures, or of slow calls, opens the breaker. Default 3. */
  readonly factor?: number | undefined;
  /** Neither threshold is ever lower. Default 0.1. */
  readonly least?: number | undefined;
  /** Nor higher, whatever was usual. Default 0.8. */
  readonly most?: number | undefined;
  /** The thresholds where nothing is known. Default 0.5. */
  readonly unknown?: number | undefined;
  /** Calls from which on something is known. Default 100. */
  readonly minimumCalls?: number | undefined;
  /** What was learned counts half after so many more lessons of that hour and load. Default 300: five days of busy minutes. */
  readonly halfLife?: number | undefined;
  /** `slowMs` of the breaker is learned too. Default: it stays as it is. */
  readonly slow?: LearnedSlowOptions | undefined;
  readonly errors?: LearnedErrorsOptions | undefined;
}

/** From when on a call is slow. */
export interface LearnedSlowOptions {
  /** So many times what calls usually take, which is the geometric mean of those that go well. Default 5. */
  readonly factor?: number | undefined;
  /** Never less, in ms. Default 10. */
  readonly leastMs?: number | undefined;
  /** Never more, and so much where nothing is known, in ms. Default 30,000. */
  readonly mostMs?: number | undefined;
}

/** Which errors are unusual, and what that means. */
export interface LearnedErrorsOptions {
  /** A failure of a class that is unusual counts so many times. 1: as any other. Default 3. */
  readonly weight?: number | undefined;
  /** A class is unusual while it usually makes up less of all calls. Default 0.001. */
  readonly rare?: number | undefined;
  /** Classes that are remembered, the most frequent ones; all others are one. Default 16. */
  readonly classes?: number | undefined;
  /** The class of an error; its first 64 characters count. Default: its `code`, or else its name. */
  readonly classOf?: ((error: unknown) => string) | undefined;
}

export type LearnedSettings = ReturnType<typeof checkLearned>;

/** @throws InvalidConfigError with the path of what is not usable. */
export function checkLearned(options: LearnedOptions) {
  const { everyMs = 60_000, factor = 3, least = 0.1, most = 0.8, unknown = 0.5 } = options;
  const { minimumCalls = 100, halfLife = 300, slow, errors } = options;
  check(everyMs > 0, 'everyMs', everyMs, 'a number above 0');
  check(factor >= 1, 'factor', factor, 'a number from 1');
  check(least > 0 && least <= 1, 'least', least, 'above 0 and at most 1');
  check(most >= least && most <= 1, 'most', most, 'from least to 1');
  check(unknown > 0 && unknown <= 1, 'unknown', unknown, 'above 0 and at most 1');
  check(minimumCalls >= 1, 'minimumCalls', minimumCalls, 'a number from 1');
  check(halfLife > 0, 'halfLife', halfLife, 'a number above 0');
  const rates = { everyMs, factor, least, most, unknown, minimumCalls, halfLife };
  return { ...rates, slow: slow === undefined ? undefined : checkSlow(slow), errors: checkErrors(errors ?? {}) };
}

function checkSlow({ factor = 5, leastMs = 10, mostMs = 30_000 }: LearnedSlowOptions) {
  check(factor >= 1, 'slow.factor', factor, 'a number from 1');
  check(leastMs > 0, 'slow.leastMs', leastMs, 'a number above 0');
  check(mostMs >= leastMs && Number.isFinite(mostMs), 'slow.mostMs', mostMs, 'a number from leastMs');
  return { factor, leastMs, mostMs };
}

function checkErrors({ weight = 3, rare = 0.001, classes = 16, classOf = classOfError }: LearnedErrorsOptions) {
  check(weight >= 1, 'errors.weight', weight, 'a number from 1');
  check(rare >= 0 && rare <= 1, 'errors.rare', rare, 'from 0 to 1');
  check(
    Number.isInteger(classes) && classes >= 1 && classes <= 256,
    'errors.classes',
    classes,
    'a whole number, 1 to 256',
  );
  return { weight, rare, classes, classOf };
}

function check(isUsable: boolean, name: string, value: number, what: string): void {
  if (!isUsable) throw refused(`learned.${name}`, value, what);
}
