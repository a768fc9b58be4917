/** What three quiet tenants feel of a noisy one at a bulkhead that they share: all in one process, in real time. */
import { setTimeout as wait } from 'node:timers/promises';
import { realClock, realRandom } from '@jaegis/node';
import { Bulkhead, createPolicy } from '@jaegis/resilience';
import type { Session, Workloads } from '../harness/session.ts';

const SERVICE_MS = 20;
const QUIET = ['a', 'b', 'c'];
/** Slots. Each of the four tenants has a quarter of them. */
const LIMIT = 8;
const SHARE_RATE = (LIMIT / (QUIET.length + 1) / SERVICE_MS) * 1_000;
const NOISY_RATE = 10 * SHARE_RATE;
/** Each of the quiet ones uses a part of its share, so that it needs nothing of the others. */
const QUIET_RATE = SHARE_RATE / 2;
const QUEUE_MS = 1_000;
/** Until slots are kept for those that use them. Not measured. */
const WARM_UP_MS = 500;

const serve = () => wait(SERVICE_MS);

/** Of what is due `most` calls begin together; what a stall of the machine leaves beyond that is nobody's call. */
async function atRate(perSecond: number, durationMs: number, most: number, call: () => void): Promise<void> {
  const everyMs = 1_000 / perSecond;
  const endMs = performance.now() + durationMs;
  let dueMs = performance.now();
  for (let nowMs = dueMs; nowMs < endMs; nowMs = performance.now()) {
    for (let begun = 0; begun < most && dueMs <= nowMs; begun++, dueMs += everyMs) call();
    if (dueMs <= nowMs) dueMs = nowMs + everyMs;
    await wait(1);
  }
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

/** Milliseconds that a call of a quiet one took. One that was refused got nothing for as long as it might have waited. */
function quietP99(hasNoisy: boolean, hasShares: boolean): Session {
  return {
    round: async (size) => {
      const durationMs = size + WARM_UP_MS;
      const clock = realClock();
      const shares = hasShares ? { shares: {} } : {};
      const bulkhead = new Bulkhead(clock, { limit: LIMIT, maxQueue: LIMIT, queueMs: QUEUE_MS, ...shares });
      const policy = createPolicy({ bulkhead }, { clock, random: realRandom() });
      const measuredFromMs = performance.now() + WARM_UP_MS;
      const tookMs: number[] = [];
      const quiet = async (tenant: string): Promise<void> => {
        const beganMs = performance.now();
        const { ok } = await policy.outcome(serve, { tenant });
        if (beganMs >= measuredFromMs) tookMs.push(ok ? performance.now() - beganMs : QUEUE_MS);
      };
      const noisy = () => void policy.run(serve, { tenant: 'noisy' }).catch(() => {});
      const all = QUIET.map((tenant) => atRate(QUIET_RATE, durationMs, 1, () => void quiet(tenant)));
      if (hasNoisy) all.push(atRate(NOISY_RATE, durationMs, LIMIT * 2, noisy));
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
