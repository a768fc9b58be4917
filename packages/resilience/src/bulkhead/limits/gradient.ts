import { within } from '../checked.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import { Learner, type LearnerOptions } from './learner.ts';

export interface GradientOptions extends LearnerOptions {
  /** So many times the round trip without a queue is still as good as without, from 1 on. Default 1.2. */
  readonly tolerance?: number;
  /** How far one round trip moves the limit to where it should be, above 0 and up to 1. Default 0.5. */
  readonly smoothing?: number;
}

/** However much longer calls take, one step does not more than halve the limit. */
const LEAST_GRADIENT = 0.5;

/**
 * Follows the ratio of the round trip without a queue to the present one, and allows for a queue of the square root of
 * the limit: after Gradient2 of Netflix' concurrency-limits. It holds where calls take `tolerance / (1 - 1/√limit)` times
 * as long as without a queue: a little above what the server can do at once. Good for calls that take about equally long.
 *
 * @throws InvalidConfigError for options out of their range.
 */
export function gradient(options: GradientOptions = {}): AdaptiveLimit {
  const tolerance = within('limit.tolerance', options.tolerance ?? 1.2, 1, 100);
  const smoothing = within('limit.smoothing', options.smoothing ?? 0.5, Number.EPSILON, 1);
  return new Learner(options, (limit, { baseMs, shortMs }) => {
    const slope = shortMs === 0 ? 1 : Math.min(1, Math.max(LEAST_GRADIENT, (tolerance * baseMs) / shortMs));
    const wanted = limit * slope + Math.sqrt(limit);
    return limit + (wanted - limit) * smoothing;
  });
}
