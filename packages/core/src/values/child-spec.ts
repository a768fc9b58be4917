/**
 * What a child and its supervisor are declared with, as in OTP's supervisor. The supervisor's specs are made of these,
 * and the rules of restarting are told them.
 */

/** `permanent`: always restarted. `transient`: after a crash only. `temporary`: never. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

export const restartTypes: readonly RestartType[] = ['permanent', 'transient', 'temporary'];

/**
 * Who is restarted when a child is. `one_for_one`: the child. `one_for_all`: all. `rest_for_one`: the child and those
 * that started after it. `simple_one_for_one`: the child, where all children are instances of one spec.
 */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';

export const strategies: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one'];

/** Whether a supervisor ends when its significant children have: never, with the first of them, or with the last. */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

export const autoShutdowns: readonly AutoShutdown[] = ['never', 'any_significant', 'all_significant'];

/** How long a child may take to stop, in ms, before it is killed; `infinity`: it never is; `brutal`: at once. */
export type Shutdown = number | 'infinity' | 'brutal';

/** `stopped`: it is in the list of its supervisor and does not run. `restarting`: its last restart failed, the next is due. */
export type ChildStatus = 'running' | 'restarting' | 'stopped';

/** How often children may be restarted before their supervisor gives up: more than `intensity` restarts within `periodMs` are too many. */
export interface RestartLimit {
  /** Default 1 for a declared supervisor, as in OTP, and 3 for the root of a node. With 0 the first crash is one too many. */
  readonly intensity: number;
  /** Default 5,000 ms. */
  readonly periodMs: number;
}

/** How long a child waits before it is restarted, longer with each crash. As in Pekko's backoff supervisor. */
export interface RestartBackoff {
  /** The first wait, in ms. */
  readonly minMs: number;
  /** No wait is longer but for jitter, in ms. */
  readonly maxMs: number;
  /** By how much each wait is longer than the one before. Default 2. */
  readonly factor?: number;
  /** The part of the wait, from 0 to 1, that chance adds to it at most. Default 0.2. */
  readonly jitter?: number;
  /** After how long without a crash the waits begin anew, in ms. Default: half of `minMs + maxMs`. */
  readonly resetAfterMs?: number;
}
