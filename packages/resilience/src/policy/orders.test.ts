import { describe, expect, it } from 'vitest';
import { Breaker } from '../breaker/breaker.ts';
import { ClusterBreaker } from '../breaker/cluster-breaker.ts';
import { KeyedBreakers } from '../breaker/keyed-breakers.ts';
import { MemoryBoard } from '../breaker/memory-board.ts';
import { WatchedBreaker } from '../breaker/watched-breaker.ts';
import { vegas } from '../bulkhead/limits/vegas.ts';
import { errorOf, failing, testWorld } from '../world.test-kit.ts';
import { Policy } from './policy.ts';
import type { PolicyOptions } from './policy-options.ts';

function start(options: PolicyOptions) {
  const world = testWorld();
  return { ...world, policy: new Policy(options, world.services) };
}

const all: PolicyOptions = {
  timeoutMs: 1_000,
  rateLimit: { perSecond: 100 },
  bulkhead: { limit: 5, shares: { weights: { a: 1 } }, shedding: {} },
  retry: { tries: 2 },
  breaker: { failures: 3 },
  hedge: { delayMs: 50 },
};

describe('an order', () => {
  it('sets options, and those that it does not name stay', async () => {
    const { clock, policy } = start({ breaker: { failures: 2, openMs: 1_000 }, retry: { tries: 1 } });
    await errorOf(policy.run(failing(1)));
    policy.obey({ set: { breaker: { openMs: 50 }, retry: { tries: 3, backoff: { firstMs: 1 } } } });
    // The second failure opens the breaker, which the retry waits for.
    expect(await clock.runUntilSettled(policy.run(failing(1)))).toBe('done');
    expect(clock.monotonic()).toBeLessThan(100);
    expect(stateOf(policy, 'retry')).toMatchObject({ tries: 3 });
  });

  it('gives a retry waits of another kind, without what only those before knew', () => {
    const { policy } = start({ retry: { backoff: { kind: 'exponential', firstMs: 5 } } });
    policy.obey({ set: { retry: { backoff: { kind: 'constant', delayMs: 7 } } } });
    policy.obey({ set: { retry: { backoff: { delayMs: 8 } } } });
    expect(() => policy.obey({ set: { retry: { backoff: { firstMs: 5 } } } })).toThrow('retry.backoff.firstMs');
  });

  it('lets JSON say what is infinite', () => {
    const { policy } = start(all);
    policy.obey({ set: { timeoutMs: 'Infinity' } });
    expect(stateOf(policy, 'timeout')).toMatchObject({ timeoutMs: Number.POSITIVE_INFINITY });
  });

  it('gives a bulkhead a fixed limit in the place of one that it learns', () => {
    const { policy } = start({ bulkhead: { limit: vegas() } });
    policy.obey({ set: { bulkhead: { limit: 3 } } });
    expect(stateOf(policy, 'bulkhead')).toMatchObject({ limit: 3 });
  });

  it('opens the breaker, disables it and closes it', async () => {
    const { policy } = start({ breaker: { failures: 1 } });
    policy.obey({ breaker: 'open' });
    expect(await errorOf(policy.run(() => 'done'))).toMatchObject({ code: 'breaker_open' });
    policy.obey({ breaker: 'disable' });
    await errorOf(policy.run(failing(1)));
    expect(await policy.run(() => 'done')).toBe('done');
    policy.obey({ breaker: 'reset' });
    await errorOf(policy.run(failing(1)));
    expect(await errorOf(policy.run(() => 'done'))).toMatchObject({ code: 'breaker_open' });
  });

  it('reaches a breaker that was given ready, though not its options', () => {
    const world = testWorld();
    const breaker = new Breaker({}, world.services);
    const policy = new Policy({ breaker }, world.services);
    policy.obey({ breaker: 'open' });
    expect(breaker.state).toBe('forced_open');
    expect(() => policy.obey({ set: { breaker: { openMs: 5 } }, breaker: 'reset' })).toThrow('given ready');
    expect(breaker.state).toBe('forced_open');
  });
});

it('what its watchers have learned is forgotten where that is ordered, and its breaker obeys too', () => {
  const { services } = testWorld();
  let known = 3;
  const forget = () => {
    known = 0;
  };
  const breaker = new Breaker({}, services);
  const watched = new WatchedBreaker(
    { breaker, watchers: [{ name: 'own', everyMs: 10, look: () => {}, forget }] },
    services,
  );
  const policy = new Policy({ breaker: watched }, services);
  policy.obey({ breaker: 'open' });
  policy.obey({ breaker: 'forget' });
  expect([known, breaker.state]).toEqual([0, 'forced_open']);
});

it('of a breaker that the cluster shares this node’s own obeys', () => {
  const { clock, services } = testWorld();
  const board = new MemoryBoard(clock);
  const [one, other] = ['n1', 'n2'].map((node) => new ClusterBreaker({}, { clock, board, node }));
  const policy = new Policy({ breaker: one }, services);
  policy.obey({ breaker: 'open' });
  expect([one?.breaker.state, other?.breaker.state]).toEqual(['forced_open', 'closed']);
});

it.each([
  [{ set: { breaker: { failures: 0 } } }, 'breaker.failures'],
  [{ set: { timeoutMs: 5, breaker: { openMs: '5' } } }, 'breaker.openMs'],
  [{ set: { timeoutMs: 5, breaker: { failure: 5 } } }, 'breaker.failure'],
  [{ set: { timeoutMs: 5, breaker: { isFailure: 5 } } }, 'breaker.isFailure'],
  [{ set: { timeoutMs: 5, breaker: 7 } }, 'breaker'],
  [{ set: { timeoutMs: 5, breaker: null } }, 'breaker'],
  [{ set: { bulkhead: { limit: 9 }, retry: { tries: 0 } } }, 'retry.tries'],
  [{ set: { bulkhead: { limit: 9, queueMs: '9' } } }, 'bulkhead.queueMs'],
  [{ set: { bulkhead: { limit: 9, shares: { weights: { a: 0 } } } } }, 'bulkhead.shares.weights.a'],
  [{ set: { bulkhead: { limit: 9, shares: { weights: { a: '1' } } } } }, 'bulkhead.shares.weights'],
  [{ set: { bulkhead: { limit: 9, shedding: { thresholds: [2] } } } }, 'bulkhead.shedding.thresholds.0'],
  [{ set: { bulkhead: { limit: 9 }, rateLimit: { perSecond: -1 } } }, 'rateLimit.perSecond'],
  [{ set: { bulkhead: { limit: 9 }, hedge: { delayMs: -1 } } }, 'hedge.delayMs'],
  [{ set: { bulkhead: { limit: 9 }, retry: { backoff: { kind: 'odd' } } } }, 'retry.backoff.kind'],
  [{ set: { bulkhead: { limit: 9 }, retry: { backoff: { kind: 'constant' } } } }, 'retry.backoff.delayMs'],
  [{ set: { name: 'other' } }, 'name'],
  [{ set: { fallback: 7 } }, 'fallback'],
  [{ set: 7 }, 'set'],
  [{}, 'set'],
  [{ breaker: 'shut' }, 'breaker'],
  [{ set: { timeoutMs: 5 }, breaker: 'forget' }, 'breaker'],
  [{ sets: {} }, 'sets'],
])('an order of %o is refused by its path, and nothing of it is done', async (order, path) => {
  const { policy } = start(all);
  const before = policy.inspect();
  expect(() => policy.obey(order as never)).toThrow(
    expect.objectContaining({ code: 'invalid_config', data: expect.objectContaining({ path }) }),
  );
  expect(policy.inspect()).toEqual(before);
  // Its options too are as before: a change of them goes on from these.
  policy.tune({ name: 'other' });
  expect(policy.inspect().parts).toEqual(before.parts);
});

it.each([{ breaker: { openMs: 5 } }, { retry: { tries: 5 } }, { bulkhead: { shares: { usualWeight: 2 } } }])(
  'what a policy does not have cannot be set: %o',
  (set) => {
    const { policy } = start({ bulkhead: { limit: 1 } });
    expect(() => policy.obey({ set })).toThrow('none that could be changed');
  },
);

it('a breaker that is many takes no order', () => {
  const world = testWorld();
  const policy = new Policy({ breaker: new KeyedBreakers({}, world.services) }, world.services);
  expect(() => policy.obey({ breaker: 'open' })).toThrow(expect.objectContaining({ data: { path: 'breaker' } }));
});

function stateOf(policy: Policy, name: string): unknown {
  return policy.inspect().parts.find((part) => part.name === name)?.state;
}
