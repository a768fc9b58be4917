/** What three quiet tenants feel of a noisy one at a bulkhead that they share: all in one process, in real time. */
import { setTimeout as wait } from 'node:timers/promises';
import { realClock, realRandom } from '@jaegis/node';
import { Bulkhead, createPolicy } from '@jaegis/resilience';
import type { Session, Workloads } from '../harness/session.ts';

const SERVICE_MS = 5;
const QUIET = ['a', 'b', 'c'];
/** Slots. Each of the four tenants has a quarter of them. */
const LIMIT = 16;
const SHARE_RATE = (LIMIT / (QUIET.length + 1) / SERVICE_MS) * 1_000;
const NOISY_RATE = 10 * SHARE_RATE;
/** Each of the quiet ones uses a part of its share, so that it needs nothing of the others. */
const QUIET_RATE = SHARE_RATE / 8;
/** Until slots are kept for those that use them. Not measured. */
const WARM_UP_MS = 500;

const serve = () => wait(SERVICE_MS);

/** Calls begin when they are due, however long those before them take. */
async function atRate(perSecond: number, durationMs: number, call: (dueMs: number) => void): Promise<void> {
  const beganMs = performance.now();
  let dueMs = beganMs;
  while (dueMs < beganMs + durationMs) {
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += 1_000 / perSecond) call(dueMs);
    await wait(1);
  }
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

/** Milliseconds from when a call of a quiet one was due until it had its result. */
function quietP99(hasNoisy: boolean, hasShares: boolean): Session {
  return {
    round: async (size) => {
      const durationMs = size + WARM_UP_MS;
      const clock = realClock();
      const shares = hasShares ? { shares: {} } : {};
      const bulkhead = new Bulkhead(clock, { limit: LIMIT, maxQueue: LIMIT, ...shares });
      const policy = createPolicy({ bulkhead }, { clock, random: realRandom() });
      const measuredFromMs = performance.now() + WARM_UP_MS;
      const tookMs: number[] = [];
      const quiet = async (tenant: string, dueMs: number): Promise<void> => {
        await policy.run(serve, { tenant }).catch(() => {}); // who is refused has waited in vain
        if (dueMs >= measuredFromMs) tookMs.push(performance.now() - dueMs);
      };
      const noisy = () => void policy.run(serve, { tenant: 'noisy' }).catch(() => {});
      const all = QUIET.map((tenant) => atRate(QUIET_RATE, durationMs, (dueMs) => void quiet(tenant, dueMs)));
      if (hasNoisy) all.push(atRate(NOISY_RATE, durationMs, noisy));
      await Promise.all(all);
      return p99(tookMs);
    },
  };
}

export const workloads: Workloads = {
  noisy: () => quietP99(true, true),
  alone: () => quietP99(false, true),
  withoutShares: () => quietP99(true, false),
};
