/** One try that failed. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly error: unknown;
  /** When it failed, of the monotonic clock, in ms. */
  readonly atMs: number;
  /** The wait before it, in ms; 0 before the first. */
  readonly waitedMs: number;
}

/** Beside the errors, since errors of others are not ours to write on. It goes with the error. */
const before = new WeakMap<object, readonly Attempt[]>();
const none: readonly Attempt[] = [];

/**
 * The tries that failed before the one that ended with this error, the first of them first. None where it was the first
 * try, and none for an error that is no object: there is nothing to keep them by.
 */
export function attemptsOf(error: unknown): readonly Attempt[] {
  return isObject(error) ? (before.get(error) ?? none) : none;
}

/** Where there were none it leaves what another retry, further in, may have kept beside the error. */
export function keepAttempts(error: unknown, attempts: readonly Attempt[]): void {
  if (attempts.length > 0 && isObject(error)) before.set(error, attempts);
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
