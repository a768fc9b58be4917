/** Ours: the breaker alone, and breaker, bulkhead, retry and timeouts in one call; and what many breakers take. */
import { realClock, realRandom } from '@jaegis/node';
import { Breaker, BreakerSettings, Bulkhead, Call, createPolicy, type Inner } from '@jaegis/resilience';
import type { Workloads } from '../harness/session.ts';
import { added } from './added.ts';
import { memoryOf } from './memory.ts';

const services = { clock: realClock(), random: realRandom() };

const invoke: Inner = async (call) => call.operation(call);
const works = () => 1;
const fails = () => {
  throw new Error('It fails.');
};

/** Each has its own name, and has counted one call that went well and one that did not. */
async function usedBreakers(count: number): Promise<Breaker[]> {
  const settings = new BreakerSettings({ windowMs: 60_000 });
  const breakers: Breaker[] = [];
  for (let made = 0; made < count; made++) {
    const breaker = new Breaker(settings, services, `breaker of ${made}`);
    await breaker.run(new Call(works), invoke);
    await breaker.run(new Call(fails), invoke).catch(() => {});
    breakers.push(breaker);
  }
  return breakers;
}

export const workloads: Workloads = {
  breaker: () => {
    const policy = createPolicy({ breaker: new Breaker({ name: 'bench' }, services) }, services);
    return added((operation) => policy.run(operation));
  },
  chain: () => {
    const policy = createPolicy(
      {
        bulkhead: new Bulkhead(services.clock, { limit: 64, maxQueue: 64 }),
        retry: { tries: 5 },
        breaker: new Breaker({ name: 'bench' }, services),
        tryTimeoutMs: 1_000,
      },
      services,
    );
    return added((operation) => policy.run(operation));
  },
  memory: () => memoryOf(usedBreakers),
};
