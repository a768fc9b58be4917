/** The peer cockatiel: its sampling breaker, alone and many of them, and its four policies as one. */
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
import { memoryOf } from './memory.ts';

const breaker = () =>
  circuitBreaker(handleAll, {
    halfOpenAfter: 30_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 60_000, minimumRps: 5 }),
  });

async function usedBreakers(count: number): Promise<unknown[]> {
  const breakers: unknown[] = [];
  for (let made = 0; made < count; made++) {
    const policy = breaker();
    await policy.execute(() => 1);
    await policy.execute(() => Promise.reject(new Error('It fails.'))).catch(() => {});
    breakers.push(policy);
  }
  return breakers;
}

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
  memory: () => memoryOf(usedBreakers),
};
