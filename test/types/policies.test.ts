/** What the compiler lets one say of a policy. */
import { Policy, type PolicyOptions } from '@jaegis/resilience';
import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { expect, test } from 'vitest';

const services = { clock: new VirtualClock(), random: new SeededRandom(1) };

test('a setting that may be left out may be undefined', () => {
  const setting: number | undefined = services.clock.monotonic() === 0 ? undefined : 5;
  const bulkhead = {
    limit: 1,
    maxQueue: setting,
    shares: { most: setting, weights: undefined },
    shedding: { targetMs: setting },
  };
  const options: PolicyOptions = { name: undefined, timeoutMs: setting, bulkhead };
  expect(new Policy(options, services).parts).toEqual(['bulkhead']);
});

test('a part is tuned by one option alone, which makes none that is not there', () => {
  const options = { bulkhead: { limit: 1 }, rateLimit: { perSecond: 5 } };
  const policy = new Policy(options, services);
  policy.tune({ bulkhead: { maxQueue: 3 }, rateLimit: { waitMs: 5 } });
  // @ts-expect-error it has no such option
  expect(() => policy.tune({ bulkhead: { most: 3 } })).toThrow('bulkhead.most is no option');
  // @ts-expect-error a policy cannot be made of it
  expect(() => new Policy({ bulkhead: { maxQueue: 3 } }, services)).toThrow('bulkhead.limit');
  expect(() => new Policy({}, services).tune({ bulkhead: { maxQueue: 3 } })).toThrow('bulkhead.limit');
});
