import { describe, expect, it } from 'vitest';
import { Breaker } from '../breaker/breaker.ts';
import { KeyedBreakers } from '../breaker/keyed-breakers.ts';
import { Bulkhead } from '../bulkhead/bulkhead.ts';
import { errorOf, failing, testWorld } from '../world.test-kit.ts';
import { createPolicy } from './policy.ts';
import type { PolicyOptions } from './policy-options.ts';

function start(options: PolicyOptions) {
  const world = testWorld();
  return { ...world, policy: createPolicy(options, world.services) };
}

const hanging = () => new Promise<never>(() => {});

describe('a breaker by options', () => {
  it('is the policy’s own, has its name and tells its events as those of the policy', async () => {
    const heard: string[] = [];
    const { policy, events } = start({
      name: 'prices',
      breaker: { failures: 2, openMs: 1_000, onEvent: ({ type }) => heard.push(type) },
    });
    const error = new Error('down');
    await errorOf(policy.run(failing(1)));
    await errorOf(policy.run(failing(1, () => error)));
    expect(await errorOf(policy.run(() => 'never'))).toMatchObject({
      code: 'breaker_open',
      data: { breaker: 'prices', retryAfterMs: 1_000 },
    });
    const named = { policy: 'prices', breaker: 'prices', part: 'breaker' };
    expect(events).toEqual([
      { ...named, type: 'opened', reason: { kind: 'failures', failures: 2, error }, retryAfterMs: 1_000 },
      { ...named, type: 'refused', reason: 'open', retryAfterMs: 1_000 },
    ]);
    expect(heard).toEqual(['opened', 'refused']);
  });

  it('is shown with its state and counts', async () => {
    const { policy } = start({ breaker: {} });
    await errorOf(policy.run(failing(1)));
    const state = { name: 'breaker', state: 'closed', calls: 1, failures: 1 };
    expect(policy.inspect().parts).toEqual([{ name: 'breaker', state: expect.objectContaining(state) }]);
  });

  it('keeps its state and its other options when it is tuned', async () => {
    const { clock, policy } = start({ breaker: { failures: 3, openMs: 1_000 } });
    await errorOf(policy.run(failing(1)));
    policy.tune({ breaker: { failures: 2 } });
    await errorOf(policy.run(failing(1)));
    policy.tune({ timeoutMs: 50 });
    expect(await errorOf(policy.run(() => 'never'))).toMatchObject({ data: { retryAfterMs: 1_000 } });
    await clock.advance(1_000);
    expect(await policy.run(() => 'a probe')).toBe('a probe');
  });
});

describe('a bulkhead by options', () => {
  it('is the policy’s own, has its name and tells what it refuses', async () => {
    const { policy, events } = start({ name: 'prices', bulkhead: { limit: 1 } });
    void policy.run(hanging);
    expect(await errorOf(policy.run(() => 'never'))).toMatchObject({ data: { bulkhead: 'prices', why: 'full' } });
    expect(events).toEqual([{ type: 'overloaded', part: 'bulkhead', why: 'full', policy: 'prices' }]);
    const state = { limit: 1, inFlight: 1, queued: 0, refused: 1 };
    expect(policy.inspect().parts).toEqual([{ name: 'bulkhead', state }]);
  });

  it('keeps what is under way, and its other options, when it is tuned', async () => {
    const { policy } = start({ bulkhead: { limit: 1, maxQueue: 1 } });
    void policy.run(hanging);
    policy.tune({ bulkhead: { maxQueue: 3 } });
    policy.tune({ bulkhead: { limit: 2 } });
    void policy.run(hanging);
    void policy.run(hanging);
    expect(policy.inspect().parts[0]?.state).toEqual({ limit: 2, inFlight: 2, queued: 1, refused: 0 });
  });

  it('refuses to have shares from now on while it works, and all is as it was then', () => {
    const { policy } = start({ bulkhead: { limit: 1 }, timeoutMs: 5 });
    const before = JSON.stringify(policy.inspect());
    expect(() => policy.tune({ timeoutMs: 9, bulkhead: { limit: 2, shares: {} } })).toThrow(
      expect.objectContaining({ data: { path: 'bulkhead.shares' } }),
    );
    expect(JSON.stringify(policy.inspect())).toBe(before);
  });
});

it('ready parts may stand in the place of options, several policies sharing them', async () => {
  const { clock, services } = testWorld();
  const breaker = new Breaker({ failures: 1 }, { clock });
  const bulkhead = new Bulkhead(clock, { limit: 1 });
  const [first, second] = [1, 2].map(() => createPolicy({ breaker, bulkhead }, services));
  await errorOf(first?.run(failing(1)) ?? hanging());
  expect(await errorOf(second?.run(() => 'never') ?? hanging())).toMatchObject({ code: 'breaker_open' });
});

it('events of ready parts are told by each policy that is listened to, and by no other', async () => {
  const { clock, services } = testWorld();
  const breaker = new KeyedBreakers({ failures: 1 }, { clock });
  const bulkhead = new Bulkhead(clock, { limit: 1 });
  const [first, second] = ['first', 'second'].map((name) =>
    createPolicy({ name, breaker, bulkhead }, { clock, random: services.random }),
  );
  const heard: string[] = [];
  const listen = (policy = first) => policy?.onEvent((event) => heard.push(`${event.policy} ${event.type}`));
  const stop = [listen(first), listen(second)];
  await errorOf(first?.run(failing(1)) ?? hanging());
  stop[1]?.();
  void first?.run(hanging, { tenant: 'a' });
  await errorOf(first?.run(hanging, { tenant: 'a' }) ?? hanging());
  first?.tune({ bulkhead: undefined });
  await errorOf(second?.run(hanging) ?? hanging());
  stop[0]?.();
  await errorOf(first?.run(failing(1), { tenant: 'b' }) ?? hanging());
  expect(heard).toEqual(['first opened', 'second opened', 'first overloaded']);
});

it('breakers by key show how many there are, and those that are not closed', async () => {
  const { clock, services } = testWorld();
  const breaker = new KeyedBreakers({ failures: 1 }, { clock });
  const policy = createPolicy({ breaker }, services);
  await errorOf(policy.run(failing(1), { tenant: 'a' }));
  await policy.run(() => 1, { tenant: 'b' });
  const notClosed = [expect.objectContaining({ name: 'breaker:a', state: 'open' })];
  expect(policy.inspect().parts[0]?.state).toEqual({ name: 'breaker', breakers: 2, notClosed });
});

it.each<[PolicyOptions, string]>([
  [{ breaker: { failures: 0 } }, 'breaker.failures'],
  [{ bulkhead: { limit: 0 } }, 'bulkhead.limit'],
  [{ bulkhead: { limit: 1, shares: { usualWeight: -1 } } }, 'bulkhead.shares.usualWeight'],
])('%j is refused by the path of the bad value', (options, path) => {
  expect(() => start(options)).toThrow(expect.objectContaining({ data: expect.objectContaining({ path }) }));
});

it('a breaker that is neither options nor a part is refused', () => {
  // As from JavaScript.
  const options = { breaker: true } as unknown as PolicyOptions;
  expect(() => start(options)).toThrow(expect.objectContaining({ data: { path: 'breaker' } }));
});
