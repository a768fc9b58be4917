/** The peer cockatiel: its sampling breaker, and its four policies as one. */
import {
  bulkhead,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { Workloads } from '../harness/session.ts';
import { added } from './added.ts';

const breaker = () =>
  circuitBreaker(handleAll, {
    halfOpenAfter: 30_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 60_000, minimumRps: 5 }),
  });

export const workloads: Workloads = {
  breaker: () => {
    const policy = breaker();
    return added((operation) => policy.execute(operation));
  },
  chain: () => {
    const policy = wrap(
      bulkhead(64, 64),
      retry(handleAll, { maxAttempts: 4, backoff: new ExponentialBackoff() }),
      breaker(),
      timeout(1_000, TimeoutStrategy.Aggressive),
    );
    return added((operation) => policy.execute(operation));
  },
};
