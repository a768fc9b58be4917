import { defineActor } from '@jaegis/actors';
import { sleep } from '@jaegis/core';
import { VirtualClock } from '@jaegis/sim';
import { expect, it } from 'vitest';
import { createPolicy } from './policies.ts';
import { startSystem } from './start-system.ts';

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

it('an actor of a system without a cluster has the policy that its options say, named after it', async () => {
  await using system = startSystem({ logLevel: 'silent' });
  const actor = defineActor('actor', {
    policy: { bulkhead: { limit: 1 }, fallback: () => 'busy' },
    state: () => 0,
    on: { wait: async (_state, _message: object, context) => void (await sleep(context.clock, 1)) },
  });
  const ref = await system.spawn(actor, { name: 'a' });
  expect(await Promise.all([ref.ask({ type: 'wait' }), ref.ask({ type: 'wait' })])).toEqual([undefined, 'busy']);
  expect(system.report(ref, 'types')?.policy).toEqual({ name: 'actor', underWay: 0, refused: 0 });
  const named = system.spawn(actor, { policy: { name: 'other' } as never });
  await expect(named).rejects.toMatchObject({ code: 'invalid_definition', data: { path: 'policy.name' } });
});
