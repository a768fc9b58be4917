import type { AdaptiveLimit } from './adaptive-limit.ts';
import { Learner, type LearnerOptions } from './learner.ts';

/**
 * Guesses from the round trips how many calls wait at the server, and keeps them between three and six times the
 * logarithm of the limit: after TCP Vegas (Brakmo and Peterson, 1994) as Netflix' concurrency-limits has it. More
 * cautious than the gradient: its queue is shorter.
 *
 * @throws InvalidConfigError for bounds out of their range.
 */
export function vegas(options: LearnerOptions = {}): AdaptiveLimit {
  return new Learner(options, (limit, { baseMs, shortMs }) => {
    const step = Math.max(1, Math.log10(limit));
    const queued = shortMs === 0 ? 0 : limit * (1 - baseMs / shortMs);
    if (queued <= step) return limit + 6 * step;
    if (queued < 3 * step) return limit + step;
    return queued > 6 * step ? limit - Math.max(step, (queued - 6 * step) / 2) : limit;
  });
}
