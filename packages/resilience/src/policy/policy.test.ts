import { BreakerOpenError, OverloadedError } from '@jaegis/core';
import { SeededRandom } from '@jaegis/sim';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { KeyedBreakers } from '../breaker/keyed-breakers.ts';
import type { Part } from '../call.ts';
import { attemptsOf } from '../retry/attempts.ts';
import { errorOf, failing, slow, testWorld } from '../world.test-kit.ts';
import type { Outcome } from './outcome.ts';
import { createPolicy, resilient } from './policy.ts';
import type { PolicyOptions } from './policy-options.ts';

const everyTen = { kind: 'constant', delayMs: 10 } as const;

/** A part that writes down what passes it. */
function watching(name: string, seen: string[]): Part {
  return {
    name,
    run: async (call, inner) => {
      seen.push(`${name} in`);
      try {
        return await inner(call);
      } finally {
        seen.push(`${name} out`);
      }
    },
  };
}

const refusing = (name: string, error: Error): Part => ({ name, run: () => Promise.reject(error) });

function start<Fallen = never>(options: PolicyOptions<Fallen>) {
  const world = testWorld();
  return { ...world, policy: createPolicy(options, world.services) };
}

describe('the order of the parts', () => {
  it('does not depend on the order of the options', () => {
    const { policy } = start({
      tryTimeoutMs: 1,
      breaker: watching('breaker', []),
      hedge: {},
      bulkhead: watching('bulkhead', []),
      rateLimit: { perSecond: 1 },
      retry: {},
      timeoutMs: 1,
      fallback: () => 'fallback',
    });
    expect(policy.parts).toEqual([
      'fallback',
      'timeout',
      'rateLimit',
      'bulkhead',
      'retry',
      'breaker',
      'hedge',
      'tryTimeout',
    ]);
  });

  it('shows the breaker each try, and the bulkhead the call', async () => {
    const seen: string[] = [];
    const { clock, policy } = start({
      retry: { backoff: everyTen },
      breaker: watching('breaker', seen),
      bulkhead: watching('bulkhead', seen),
    });
    await clock.runUntilSettled(policy.run(failing(1)));
    expect(seen).toEqual(['bulkhead in', 'breaker in', 'breaker out', 'breaker in', 'breaker out', 'bulkhead out']);
  });

  it('does not repeat what the bulkhead refuses', async () => {
    const full = new OverloadedError('full');
    const { policy, events } = start({ retry: {}, bulkhead: refusing('bulkhead', full) });
    expect(await errorOf(policy.run(() => 'never'))).toBe(full);
    expect(events).toEqual([]);
  });

  it('lets the fallback answer also for a timeout of the whole', async () => {
    const { clock, policy } = start({ timeoutMs: 50, fallback: () => 'fallback' });
    expect(await clock.runUntilSettled(policy.run(() => new Promise<string>(() => {})))).toBe('fallback');
    expect(clock.monotonic()).toBe(50);
  });

  it('shows the breaker a timeout where the whole ends during a try that hangs', async () => {
    const failures: unknown[] = [];
    const breaker: Part = {
      name: 'breaker',
      run: (call, inner) =>
        inner(call).catch((error) => {
          failures.push(error);
          throw error;
        }),
    };
    const { clock, policy } = start({ timeoutMs: 50, tryTimeoutMs: 80, breaker });
    const error = await errorOf(clock.runUntilSettled(policy.run(() => new Promise(() => {}))));
    await clock.advance(0);
    expect(error).toMatchObject({ code: 'operation_timeout' });
    expect(failures).toEqual([expect.objectContaining({ code: 'operation_timeout' })]);
  });
});

describe('a call', () => {
  it('under a policy without parts is the call itself', async () => {
    const { policy } = start({});
    expect(policy.parts).toEqual([]);
    expect(await policy.run(({ attempt }) => attempt)).toBe(1);
    const failure = new Error('thrown');
    const throwing = () => {
      throw failure;
    };
    expect(await errorOf(policy.run(throwing))).toBe(failure);
  });

  it('rejects where a part throws at once, and leaves nothing behind in those around it', async () => {
    const failure = new Error('no key');
    const key = () => {
      throw failure;
    };
    const world = testWorld();
    const breaker = new KeyedBreakers({ key }, world.services);
    const policy = createPolicy({ breaker, timeoutMs: 50 }, world.services);
    expect(await errorOf(policy.run(() => 'never'))).toBe(failure);
    await world.clock.advance(50);
    expect(world.events).toEqual([]);
  });

  it('may wait for something that is only like a promise', async () => {
    const { policy } = start({ retry: {} });
    // biome-ignore lint/suspicious/noThenProperty: that is what it is about.
    const like = { then: (resolve: (value: string) => void) => resolve('done') } as PromiseLike<string>;
    expect(await policy.run(() => like)).toBe('done');
  });

  it('keeps the deadline of its caller, also without a timeout', async () => {
    const { clock, policy } = start({ retry: {} });
    const error = errorOf(policy.run(() => new Promise(() => {}), { deadlineMs: 30 }));
    expect(await clock.runUntilSettled(error)).toMatchObject({ code: 'operation_timeout' });
    expect(clock.monotonic()).toBe(30);
  });

  it('ends at once when its caller cancels, whatever the operation does, and tells of the tries before', async () => {
    const { clock, policy } = start({ retry: { backoff: everyTen }, timeoutMs: 1_000 });
    const caller = new AbortController();
    let signal: AbortSignal | undefined;
    const operation = failing(1);
    const hanging = async (call: { readonly signal: AbortSignal }) => {
      await operation();
      signal = call.signal;
      return await slow(clock, 500, () => 'late')();
    };
    const error = errorOf(policy.run(hanging, { signal: caller.signal }));
    await clock.advance(20);
    caller.abort('enough');
    expect(await error).toMatchObject({ code: 'cancelled', cause: 'enough' });
    expect(attemptsOf(await error)).toHaveLength(1);
    expect(signal?.reason).toBe('enough');
    await clock.advance(500);
    expect(await errorOf(policy.run(operation, { signal: caller.signal }))).toMatchObject({ code: 'cancelled' });
    expect(operation.calls()).toBe(2);
  });

  it('leaves nothing on a signal that lives longer', async () => {
    const { clock, policy } = start({ retry: { backoff: everyTen }, timeoutMs: 1_000, tryTimeoutMs: 100 });
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await clock.runUntilSettled(policy.run(failing(2), { signal }));
    await clock.advance(0);
    expect(listeners).toBe(0);
  });

  it('may be a function that is wrapped, or the one call of `resilient`', async () => {
    const { clock, policy } = start({ retry: { backoff: everyTen } });
    const add = policy.wrap((a: number, b: number) => Promise.resolve(a + b));
    expect(await add(1, 2)).toBe(3);
    expect(await clock.runUntilSettled(resilient(failing(1), policy))).toBe('done');
  });
});

describe('an outcome', () => {
  it('tells the value, the tries, the time and who gave it', async () => {
    const { clock, policy } = start({ retry: { backoff: everyTen } });
    const outcome = policy.outcome(failing(2));
    expect(await clock.runUntilSettled(outcome)).toEqual({
      ok: true,
      value: 'done',
      tries: 3,
      tookMs: 20,
      by: 'operation',
    });
  });

  it('names the fallback that answered', async () => {
    const use = [() => Promise.reject(new Error('no')), () => 7];
    const { policy } = start<number>({ fallback: { use } });
    expect(await policy.outcome(failing(1))).toMatchObject({ ok: true, value: 7, by: 'fallback 2' });
  });

  it('never rejects, and names the part that refused', async () => {
    const open = new BreakerOpenError('open');
    const { policy } = start({ breaker: refusing('breaker', open) });
    expect(await policy.outcome(() => 'never')).toEqual({
      ok: false,
      error: open,
      tries: 0,
      tookMs: 0,
      refusedBy: 'breaker',
    });
  });

  it('takes an error of the operation for no refusal, though it may be that of another policy', async () => {
    const { policy } = start({ rateLimit: { perSecond: 1 } });
    const outcome = await policy.outcome(() => Promise.reject(new OverloadedError('of another one')));
    expect(outcome).not.toHaveProperty('refusedBy');
    expect(await policy.outcome(() => 'done')).toMatchObject({ ok: false, tries: 0, refusedBy: 'rateLimit' });
  });

  it('has the type of the operation or of the fallbacks', () => {
    const { policy } = start({ fallback: { use: [() => 7] } });
    expectTypeOf(policy.outcome<string>).returns.toEqualTypeOf<Promise<Outcome<string | number>>>();
    expectTypeOf(start({}).policy.run<string>).returns.toEqualTypeOf<Promise<string>>();
  });
});

describe('a policy that is tuned', () => {
  it('goes by the new options and keeps the state of the parts that stay', async () => {
    const { clock, policy } = start({
      retry: { tries: 2, backoff: everyTen },
      rateLimit: { perSecond: 1, capacity: 5 },
    });
    await errorOf(clock.runUntilSettled(policy.run(failing(9))));
    policy.tune({ retry: { tries: 3 }, tryTimeoutMs: 100 });
    const operation = failing(9);
    await errorOf(clock.runUntilSettled(policy.run(operation)));
    expect([operation.calls(), clock.monotonic()]).toEqual([3, 30]);
    expect(policy.parts).toEqual(['rateLimit', 'retry', 'tryTimeout']);
    expect(policy.inspect().parts.map(({ state }) => state)).toEqual([
      { perSecond: 1, capacity: 5, tokens: expect.closeTo(3.03), waiting: 0, refused: 0 },
      expect.objectContaining({ tries: 3, retries: 3 }),
      { timeoutMs: 100, timeouts: 0 },
    ]);
  });

  it('loses a part that is given as undefined', async () => {
    const { policy } = start({ retry: {}, timeoutMs: 10 });
    policy.tune({ retry: undefined });
    expect(policy.parts).toEqual(['timeout']);
    const operation = failing(9);
    await errorOf(policy.run(operation));
    expect(operation.calls()).toBe(1);
  });

  it('is as it was where an option cannot be used', () => {
    const { policy } = start({ retry: { tries: 2 }, timeoutMs: 10 });
    const before = JSON.stringify(policy.inspect());
    expect(() => policy.tune({ timeoutMs: 20, retry: { tries: 0 } })).toThrow('retry.tries is 0');
    expect(JSON.stringify(policy.inspect())).toBe(before);
  });

  it('lets calls under way go on with the parts that they began with', async () => {
    const { clock, policy } = start({ retry: { backoff: everyTen } });
    const operation = failing(2);
    const result = policy.run(operation);
    await clock.advance(5);
    policy.tune({ retry: undefined });
    expect(await clock.runUntilSettled(result)).toBe('done');
  });
});

it('a policy for a tenant hands on whose calls they are, unless a call says it itself', async () => {
  const tenants: unknown[] = [];
  const breaker: Part = {
    name: 'breaker',
    run: (call, inner) => {
      tenants.push([call.tenant, call.priority]);
      return inner(call);
    },
  };
  const shop = start({ breaker }).policy.for({ tenant: 'shop', priority: 2 });
  await shop.run(() => 1);
  await shop.run(() => 1, { priority: 9 });
  expect(tenants).toEqual([
    ['shop', 2],
    ['shop', 9],
  ]);
});

it('events tell of which policy they are, until the listener is taken back, whatever it throws', async () => {
  const { clock, services } = testWorld();
  const policy = createPolicy({ name: 'prices', retry: { backoff: everyTen } }, { clock, random: services.random });
  const seen: unknown[] = [];
  const stop = policy.onEvent((event) => {
    seen.push(event);
    throw new Error('a bad listener');
  });
  await clock.runUntilSettled(policy.run(failing(1)));
  stop();
  await clock.runUntilSettled(policy.run(failing(1)));
  expect(seen).toEqual([{ type: 'retry', number: 1, error: new Error('try 1'), delayMs: 10, policy: 'prices' }]);
});

it('its state is plain data', async () => {
  const { policy } = start({
    name: 'prices',
    hedge: {},
    retry: {},
    rateLimit: { perSecond: 5 },
    fallback: () => 0,
    bulkhead: watching('bulkhead', []),
  });
  const state = policy.inspect();
  expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(structuredClone(state))));
  expect(state).toMatchObject({ name: 'prices' });
});

it('the same seed gives the same waits', async () => {
  const endsAt = async () => {
    const { clock } = testWorld();
    const policy = createPolicy({ retry: {} }, { clock, random: new SeededRandom(7) });
    await errorOf(clock.runUntilSettled(policy.run(failing(9))));
    return clock.monotonic();
  };
  expect(await endsAt()).toBe(await endsAt());
});

it.each<[PolicyOptions<unknown>, string]>([
  [{ timeoutMs: -1 }, 'timeoutMs'],
  [{ tryTimeoutMs: Number.NaN }, 'tryTimeoutMs'],
  [{ retry: { tries: 0 } }, 'retry.tries'],
  [{ hedge: { tries: 1 } }, 'hedge.tries'],
  [{ rateLimit: { perSecond: 0 } }, 'rateLimit.perSecond'],
  [{ fallback: { use: [] } }, 'fallback.use'],
])('%j is refused by the path of the bad value', (options, path) => {
  expect(() => start(options)).toThrow(expect.objectContaining({ data: expect.objectContaining({ path }) }));
});

it.each<[unknown, string]>([
  [5, ''],
  [{ timeout: 5 }, 'timeout'],
  [{ name: 5 }, 'name'],
  [{ name: '' }, 'name'],
  [{ fallback: { use: [() => 0], four: () => true } }, 'fallback.four'],
  [{ rateLimit: 5 }, 'rateLimit'],
  [{ rateLimit: {} }, 'rateLimit.perSecond'],
  [{ rateLimit: { perSecond: 5, wait: 5 } }, 'rateLimit.wait'],
  [{ bulkhead: 8 }, 'bulkhead'],
  [{ bulkhead: {} }, 'bulkhead.limit'],
  [{ bulkhead: { limit: {} } }, 'bulkhead.limit'],
  [{ bulkhead: { limit: 8, queue: 5 } }, 'bulkhead.queue'],
  [{ bulkhead: { limit: 8, shares: 5 } }, 'bulkhead.shares'],
  [{ bulkhead: { limit: 8, shares: { a: 2 } } }, 'bulkhead.shares.a'],
  [{ bulkhead: { limit: 8, shedding: true } }, 'bulkhead.shedding'],
  [{ bulkhead: { limit: 8, shedding: { target: 5 } } }, 'bulkhead.shedding.target'],
  [{ retry: 3 }, 'retry'],
  [{ retry: { retries: 3 } }, 'retry.retries'],
  [{ retry: { budget: 5 } }, 'retry.budget'],
  [{ retry: { backoff: null } }, 'retry.backoff.kind'],
  [{ retry: { backoff: { kind: 'constant' } } }, 'retry.backoff.delayMs'],
  [{ retry: { backoff: { kind: 'constant', delayMs: 1, firstMs: 1 } } }, 'retry.backoff.firstMs'],
  [{ retry: { backoff: { kind: 'exponential', delayMs: 1 } } }, 'retry.backoff.delayMs'],
  [{ breaker: [] }, 'breaker'],
  [{ breaker: { openMS: 5 } }, 'breaker.openMS'],
  [{ breaker: { isFailure: 5 } }, 'breaker.isFailure'],
  [{ hedge: 5 }, 'hedge'],
  [{ hedge: { afterMs: 5 } }, 'hedge.afterMs'],
  [{ hedge: { budget: {} } }, 'hedge.budget'],
])('%j, as JavaScript allows it, is refused by its path', (options, path) => {
  const refusal = expect.objectContaining({ code: 'invalid_config', data: expect.objectContaining({ path }) });
  expect(() => start(options as PolicyOptions<unknown>)).toThrow(refusal);
});

it('what is tuned by a name that nobody reads is refused, and nothing is changed', () => {
  const { policy } = start({ timeoutMs: 5 });
  const change: object = { timeoutMs: 7, breakers: {} };
  expect(() => policy.tune(change)).toThrow('breakers is no option');
  expect(policy.inspect().parts).toMatchObject([{ state: { timeoutMs: 5 } }]);
});

describe('the state of a policy', () => {
  const down = () => Promise.reject(new Error('down'));

  it('goes on in another one, for what is left of a wait', async () => {
    const [one, other] = [start({ breaker: { failures: 1, openMs: 500 } }), start({ breaker: { openMs: 500 } })];
    await errorOf(one.policy.run(down));
    other.policy.import(JSON.parse(JSON.stringify(one.policy.export())), 200);
    expect(other.policy.inspect().parts).toMatchObject([{ state: { state: 'open', retryAfterMs: 300 } }]);
  });

  it.each([undefined, 7, { version: 2, parts: {} }, { version: 1, parts: { breaker: {} } }])('%j is none', (state) => {
    const { policy } = start({ breaker: {} });
    const before = policy.export();
    expect(() => policy.import(state as never)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
    expect(policy.export()).toEqual(before);
  });

  it('of which nothing fits any part changes nothing', () => {
    const { policy } = start({ timeoutMs: 5 });
    policy.import({ version: 1, parts: { breaker: {}, timeout: {} } });
    expect(policy.export()).toEqual({ version: 1, parts: {} });
  });
});
