import { VirtualClock } from '@jaegis/sim';
import { expect, it } from 'vitest';
import { createPolicy } from './policies.ts';

it('a policy needs nothing but its options', async () => {
  const policy = createPolicy({
    name: 'prices',
    retry: {},
    breaker: { failures: 1 },
    bulkhead: { limit: 1 },
    timeoutMs: 1_000,
  });
  expect(await policy.run(() => 7)).toBe(7);
  expect(policy.parts).toEqual(['timeout', 'bulkhead', 'retry', 'breaker']);
});

it('a policy goes by the clock that is given', async () => {
  const clock = new VirtualClock();
  const policy = createPolicy({ timeoutMs: 5_000 }, { clock });
  const hangs = policy.run(() => new Promise(() => {}));
  await expect(clock.runUntilSettled(hangs)).rejects.toMatchObject({ code: 'operation_timeout' });
  expect(clock.monotonic()).toBe(5_000);
});

it('whoever is given with it is told of its events', async () => {
  const heard: string[] = [];
  const policy = createPolicy({ breaker: { failures: 1 } }, { onEvent: ({ type }) => heard.push(type) });
  await expect(policy.run(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(heard).toEqual(['opened']);
});
