import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { describe, expect, it, test } from 'vitest';
import { Call, type CallInfo } from '../call.ts';
import { Breaker } from './breaker.ts';
import type { BreakerEvent } from './events.ts';
import type { BreakerOptions } from './settings.ts';

function stage(options: BreakerOptions = {}) {
  const clock = new VirtualClock();
  const breaker = new Breaker(options, { clock, random: new SeededRandom(1) });
  const run = (inner: (call: CallInfo) => Promise<unknown>, call = new Call(inner)) =>
    breaker.run(call, inner).catch((error: unknown) => error);
  const good = () => run(() => Promise.resolve('well'));
  const bad = () => run(() => Promise.reject(new Error('down')));
  return { clock, breaker, run, good, bad };
}

test.each<[BreakerOptions, string]>([
  [{ failures: 0 }, 'failures'],
  [{ failures: 1.5 }, 'failures'],
  [{ failuresMs: 0 }, 'failuresMs'],
  [{ failuresMs: 60_001, windowMs: 60_000 }, 'failuresMs'],
  [{ failuresMs: 4_999, windowMs: 60_000 }, 'failuresMs'],
  [{ failureRate: 0 }, 'failureRate'],
  [{ failureRate: 1.01 }, 'failureRate'],
  [{ slowMs: 0 }, 'slowMs'],
  [{ slowRate: 0.5 }, 'slowMs'],
  [{ slowMs: 1, slowRate: Number.NaN }, 'slowRate'],
  [{ minimumCalls: 0 }, 'minimumCalls'],
  [{ windowMs: Number.POSITIVE_INFINITY }, 'windowMs'],
  [{ buckets: 61 }, 'buckets'],
  [{ openMs: -1 }, 'openMs'],
  [{ openJitter: 2 }, 'openJitter'],
  [{ successes: 0 }, 'successes'],
  [{ probes: 0 }, 'probes'],
  [{ probeMs: 0 }, 'probeMs'],
])('the options %j are refused', (options, name) => {
  expect(() => stage(options)).toThrow(
    expect.objectContaining({ code: 'invalid_config', data: { path: `breaker.${name}` } }),
  );
});

test.each<BreakerOptions>([
  {},
  { failures: Number.POSITIVE_INFINITY },
  { failuresMs: 1_000 },
  { windowMs: 1_000 },
  { failuresMs: 60_000, windowMs: 60_000 },
  { probeMs: Number.POSITIVE_INFINITY, openMs: 0, slowMs: 5, failureRate: 1, buckets: 1, windowMs: 30_000 },
])('the options %j are taken', (options) => {
  expect(stage(options).breaker.state).toBe('closed');
});

test('jitter without chance is refused', () => {
  const make = () => new Breaker({ openJitter: 0.5 }, { clock: new VirtualClock() });
  expect(make).toThrow(expect.objectContaining({ data: { path: 'breaker.openJitter' } }));
});

test('with jitter each wait is between openMs and so much more', async () => {
  const { breaker } = stage({ openJitter: 0.5, openMs: 1_000 });
  const waits = Array.from({ length: 50 }, () => {
    breaker.trip({ kind: 'forced' });
    const { retryAfterMs } = breaker.figures;
    breaker.reset();
    return retryAfterMs;
  });
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_500);
  expect(new Set(waits).size).toBeGreaterThan(10);
});

describe('a call whose caller gave up', () => {
  it.each([
    ['with an error of its own', 'left'],
    ['without one', undefined],
  ])('%s is no failure, whatever its signal says', async (_, reason) => {
    const { breaker, run } = stage();
    const caller = new AbortController();
    const call = new Call(() => 'well', { signal: caller.signal });
    const result = run(
      ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      call,
    );
    caller.abort(reason);
    await result;
    expect(breaker.figures).toMatchObject({ calls: 0, failures: 0 });
  });

  it('through a time limit of the platform is one', async () => {
    const { breaker, run } = stage();
    await run(() => Promise.reject(new DOMException('late', 'TimeoutError')));
    expect(breaker.figures).toMatchObject({ calls: 1, failures: 1 });
  });
});

test('it sets no timer, whatever its state', async () => {
  const { clock, breaker, good, bad } = stage({ failures: 1, slowMs: 5 });
  await bad();
  await good();
  await clock.advance(30_000);
  await good();
  expect([breaker.state, clock.pending]).toEqual(['half_open', 0]);
});

test('a filter that throws lets the call keep its error, and counts it as a failure', async () => {
  const { breaker, bad } = stage({
    isFailure: () => {
      throw new Error('of the filter');
    },
  });
  expect(await bad()).toMatchObject({ message: 'down' });
  expect(breaker.figures.failures).toBe(1);
});

test('an operation that throws at once counts as one whose promise is rejected', async () => {
  const { breaker, run } = stage();
  await run(() => {
    throw new Error('at once');
  });
  expect(breaker.figures.failures).toBe(1);
});

test('who is told of half-open may close it, and the call goes through', async () => {
  const clock = new VirtualClock();
  const onEvent = ({ type }: BreakerEvent) => type === 'half_opened' && breaker.reset();
  const breaker: Breaker = new Breaker({ onEvent }, { clock });
  breaker.trip({ kind: 'forced' });
  await clock.advance(30_000);
  expect(await breaker.run(new Call(() => 1), () => Promise.resolve('well'))).toBe('well');
  expect(breaker.figures).toMatchObject({ state: 'closed', calls: 1 });
});

describe('tuned while it runs', () => {
  it('keeps what it has counted where the buckets stay', async () => {
    const { breaker, bad } = stage();
    await bad();
    await bad();
    breaker.tune({ failures: 3 });
    await bad();
    expect(breaker.state).toBe('open');
  });

  it('waits by the new openMs already', async () => {
    const { clock, breaker, good } = stage();
    breaker.trip({ kind: 'forced' });
    await clock.advance(5_000);
    breaker.tune({ openMs: 5_000 });
    expect([await good(), breaker.state]).toEqual(['well', 'half_open']);
  });

  it('begins a clean window where the buckets are others', async () => {
    const { breaker, bad } = stage();
    await bad();
    breaker.tune({ windowMs: 30_000 });
    expect(breaker.figures.calls).toBe(0);
  });

  it('stays as it is where the options are not usable', async () => {
    const { breaker, bad } = stage({ failures: 2 });
    expect(() => breaker.tune({ failures: 1, openMs: -1 })).toThrow();
    await bad();
    expect(breaker.state).toBe('closed');
  });

  it('calls nothing slow that began before it knew what slow is', async () => {
    const { clock, breaker, run } = stage({ minimumCalls: 1 });
    await clock.advance(10_000);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const result = run(() => promise);
    breaker.tune({ slowMs: 1 });
    resolve('well');
    await result;
    expect(breaker.figures).toMatchObject({ state: 'closed', calls: 1, slow: 0 });
  });
});

test.each([
  [{ version: 2 }, 'version'],
  [{ state: 'ajar' }, 'state'],
  [{ waitMs: -1 }, 'waitMs'],
  [{ successes: 0.5 }, 'successes'],
  [{ window: null }, 'window'],
  [{ window: { bucketMs: 1, ageMs: Number.NaN, counts: [] } }, 'window.ageMs'],
  [{ window: { bucketMs: 1, ageMs: 0, counts: ['x'] } }, 'window.counts'],
])('an exported state with %j is refused', (wrong, name) => {
  const { breaker } = stage();
  const data = JSON.parse(JSON.stringify({ ...breaker.export(), ...wrong }));
  expect(() => breaker.import(data)).toThrow(expect.objectContaining({ data: { path: `breaker.state.${name}` } }));
  expect(breaker.state).toBe('closed');
});

test('what became of an imported state is told', () => {
  const told: unknown[] = [];
  const { breaker } = stage({ onEvent: ({ type, reason }) => told.push([type, reason]) });
  const data = breaker.export();
  for (const state of ['open', 'half_open', 'disabled', 'forced_open', 'closed'] as const) {
    breaker.import({ ...data, state });
    breaker.import({ ...data, state });
  }
  expect(told).toEqual([
    ['opened', { kind: 'imported' }],
    ['half_opened', 'imported'],
    ['disabled', 'imported'],
    ['opened', { kind: 'imported' }],
    ['closed', 'imported'],
  ]);
});

test('of what was exported a while ago so much is over', async () => {
  const options = { failures: 2, failuresMs: 10_000, openMs: 30_000 };
  const [one, other] = [stage(options), stage(options)];
  await one.bad();
  const counted = one.breaker.export();
  await one.bad();
  other.breaker.import(one.breaker.export(), 25_000);
  expect(other.breaker.figures.retryAfterMs).toBe(5_000);
  other.breaker.import(one.breaker.export(), 3_600_000);
  expect([other.breaker.figures.retryAfterMs, await other.good()]).toEqual([0, 'well']);
  other.breaker.import(counted, 5_000);
  expect(other.breaker.figures.failures).toBe(1);
  other.breaker.import(counted, 60_000);
  expect(other.breaker.figures.failures).toBe(0);
});
