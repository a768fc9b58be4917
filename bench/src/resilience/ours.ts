/** Ours: the breaker alone, and breaker, bulkhead, retry and timeouts in one call. */
import { realClock, realRandom } from '@jaegis/node';
import { Breaker, createPolicy } from '@jaegis/resilience';
import type { Workloads } from '../harness/session.ts';
import { added } from './added.ts';

const services = { clock: realClock(), random: realRandom() };

export const workloads: Workloads = {
  breaker: () => {
    const policy = createPolicy({ breaker: new Breaker({ name: 'bench' }, services) }, services);
    return added((operation) => policy.run(operation));
  },
  chain: () => {
    const policy = createPolicy(
      {
        retry: { tries: 5 },
        breaker: new Breaker({ name: 'bench' }, services),
        tryTimeoutMs: 1_000,
      },
      services,
    );
    return added((operation) => policy.run(operation));
  },
};
