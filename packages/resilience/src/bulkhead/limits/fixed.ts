import { whole } from '../checked.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';

/**
 * A limit that does not learn.
 *
 * @throws InvalidConfigError for what is not a whole number of at least 1.
 */
export function fixed(limit: number): AdaptiveLimit {
  whole('limit', limit, 1);
  return { limit, onSample: () => limit };
}
