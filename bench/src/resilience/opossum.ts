/** The peer opossum: a breaker with its defaults, but for its timeout, which the others' breakers have not. */
import CircuitBreaker from 'opossum';
import type { Workloads } from '../harness/session.ts';
import { added } from './added.ts';

export const workloads: Workloads = {
  breaker: () => {
    const breaker = new CircuitBreaker((operation: () => Promise<number>) => operation(), { timeout: false });
    return added(
      (operation) => breaker.fire(operation),
      () => breaker.shutdown(),
    );
  },
};
