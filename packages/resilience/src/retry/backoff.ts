import { InvalidConfigError } from '@jaegis/core';
import { checkOptions, namesOf } from '../known-options.ts';
import { checkNumber } from '../number-option.ts';

/** Waits that grow with each retry and are drawn by chance, so that those who failed together do not return together. */
export interface ExponentialBackoff {
  readonly kind: 'exponential';
  /** What the first retry waits at most, in ms. Default 100. */
  readonly firstMs?: number | undefined;
  /** No wait is longer, in ms. Default 10,000. */
  readonly maxMs?: number | undefined;
  /** The most grows by it with each retry. Default 2. */
  readonly factor?: number | undefined;
  /**
   * `full`: anything from 0 to the most. `decorrelated`: anything from `firstMs` to three times the wait before, so that
   * none is very short. Both as in "Exponential Backoff And Jitter" of the AWS Architecture Blog, which finds `full` to
   * make the fewest calls. Default `full`.
   */
  readonly jitter?: 'full' | 'decorrelated' | undefined;
}

/** Always the same wait. */
export interface ConstantBackoff {
  readonly kind: 'constant';
  /** In ms. */
  readonly delayMs: number;
}

/**
 * One's own rule.
 *
 * @param retry Counts the retries from 1.
 * @param chance From 0 up to, but not including, 1.
 * @param beforeMs The wait before this one; 0 at the first retry.
 * @returns The wait in ms; what is negative is 0, and what is not finite ends the retries.
 */
export type OwnBackoff = (retry: number, chance: number, beforeMs: number) => number;

export type RetryBackoff = ExponentialBackoff | ConstantBackoff | OwnBackoff;

const constantNames = namesOf<ConstantBackoff>({ kind: true, delayMs: true });
const exponentialNames = namesOf<ExponentialBackoff>({
  kind: true,
  firstMs: true,
  maxMs: true,
  factor: true,
  jitter: true,
});

const usual: ExponentialBackoff = { kind: 'exponential' };

/** The wait before the retry, in ms; not finite where one's own rule says that there is to be none. */
export function retryDelay(retry: number, chance: number, beforeMs: number, backoff: RetryBackoff = usual): number {
  if (typeof backoff === 'function') return Math.max(0, backoff(retry, chance, beforeMs));
  if (backoff.kind === 'constant') return backoff.delayMs;
  const { firstMs = 100, maxMs = 10_000, factor = 2, jitter = 'full' } = backoff;
  if (jitter === 'full') return chance * Math.min(maxMs, firstMs * factor ** (retry - 1));
  return Math.min(maxMs, firstMs + chance * (3 * Math.max(firstMs, beforeMs) - firstMs));
}

/** @throws InvalidConfigError */
export function checkBackoff(path: string, backoff: RetryBackoff | undefined): void {
  if (backoff === undefined || typeof backoff === 'function') return;
  if (backoff?.kind === 'constant') {
    checkOptions(path, backoff, constantNames);
    // It has no default.
    checkNumber(`${path}.delayMs`, backoff.delayMs ?? Number.NaN, { least: 0 });
    return;
  }
  if (backoff?.kind !== 'exponential') throw unknownChoice(`${path}.kind`, 'exponential or constant');
  checkOptions(path, backoff, exponentialNames);
  const { firstMs, maxMs, factor, jitter = 'full' } = backoff;
  checkNumber(`${path}.firstMs`, firstMs, { above: 0 });
  checkNumber(`${path}.maxMs`, maxMs, { least: firstMs ?? 100 });
  checkNumber(`${path}.factor`, factor, { least: 1 });
  if (jitter !== 'full' && jitter !== 'decorrelated') throw unknownChoice(`${path}.jitter`, 'full or decorrelated');
}

function unknownChoice(path: string, choices: string) {
  return new InvalidConfigError(`${path} must be ${choices}.`, { data: { path } });
}
