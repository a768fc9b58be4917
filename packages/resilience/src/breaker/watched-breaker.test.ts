import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it, test } from 'vitest';
import { Call } from '../call.ts';
import { Breaker } from './breaker.ts';
import type { BreakerEvent } from './events.ts';
import { type Forecast, ForecastWatcher } from './forecast.ts';
import { LearnedRate, type LearnedRateOptions } from './learned-rate.ts';
import { type BreakerWatcher, WatchedBreaker } from './watched-breaker.ts';

function stage(watchersOf: (clock: VirtualClock) => BreakerWatcher[]) {
  // Midnight, UTC.
  const clock = new VirtualClock({ startMs: 1_767_225_600_000 });
  const events: BreakerEvent[] = [];
  const breaker = new Breaker(
    { name: 'db', failures: Number.POSITIVE_INFINITY, onEvent: (event) => events.push(event) },
    { clock },
  );
  const watched = new WatchedBreaker({ breaker, watchers: watchersOf(clock) }, { clock });
  const run = (inner: () => Promise<unknown>) => watched.run(new Call(inner), inner).catch((error: unknown) => error);
  const good = () => run(() => Promise.resolve('well'));
  const bad = () => run(() => Promise.reject(new Error('down')));
  /** 100 calls over a minute, so many of which fail. */
  const minute = async (failures: number) => {
    for (let call = 0; call < 100; call++) {
      await clock.advance(600);
      await ((call * failures) % 100 < failures ? bad() : good());
    }
  };
  return { clock, breaker, events, good, bad, minute };
}

describe('a forecast', () => {
  const of = (forecast: Forecast) => stage(() => [new ForecastWatcher(forecast)]);

  it('opens the breaker before anything fails, and its reason is told', async () => {
    let likelihood = 0.5;
    const { clock, breaker, good, events } = of(() => ({ likelihood, reason: 'the queue grows' }));
    await clock.advance(1_000);
    expect([await good(), breaker.state]).toEqual(['well', 'closed']);
    likelihood = 0.95;
    expect([await good(), breaker.state]).toEqual(['well', 'closed']);
    await clock.advance(1_000);
    expect(await good()).toMatchObject({ code: 'breaker_open' });
    expect(events[0]).toMatchObject({
      type: 'opened',
      reason: { kind: 'forecast', likelihood: 0.95, reason: 'the queue grows' },
    });
  });

  it('that throws, or knows nothing, changes nothing', async () => {
    const { clock, breaker, good } = of(({ calls }) => {
      if (calls === 0) return undefined;
      throw new Error('of the forecast');
    });
    for (let left = 5; left > 0; left--) {
      await clock.advance(1_000);
      expect(await good()).toBe('well');
    }
    expect(breaker.state).toBe('closed');
  });

  it.each([{ likelihood: 0 }, { likelihood: 1.1 }, { everyMs: -1 }])('with %j is refused', (options) => {
    expect(() => new ForecastWatcher(() => undefined, options)).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    );
  });
});

describe('a learned rate', () => {
  function learning(options: LearnedRateOptions = {}) {
    let learned: LearnedRate | undefined;
    const made = stage((clock) => {
      learned = new LearnedRate(options, { clock });
      return [learned];
    });
    const known = (hour: number) => learned?.learned[hour];
    return { ...made, known, forget: () => learned?.forget() };
  }

  it('tells what is usual at an hour, and opens at a multiple of it', async () => {
    const { breaker, bad, minute, known, good } = learning();
    for (let left = 10; left > 0; left--) await minute(10);
    await good();
    const { rate = 0, threshold = 0, calls = 0 } = known(0) ?? {};
    expect(rate).toBeGreaterThan(0.08);
    expect(rate).toBeLessThan(0.12);
    expect(threshold).toBeCloseTo(3 * rate);
    expect(calls).toBeGreaterThan(800);
    expect(known(1)).toEqual({ hour: 1, rate: undefined, calls: 0, threshold: 0.5 });
    for (let call = 0; call < 15; call++) await bad();
    expect(breaker.state).toBe('closed');
    for (let call = 0; call < 30; call++) await bad();
    expect(breaker.state).toBe('open');
  });

  it('has bounds, whatever was usual', async () => {
    const calm = learning();
    for (let left = 5; left > 0; left--) await calm.minute(0);
    expect(calm.known(0)?.threshold).toBe(0.1);
    const ill = learning({ most: 0.6 });
    for (let left = 5; left > 0; left--) await ill.minute(30);
    expect(ill.known(0)?.threshold).toBe(0.6);
  });

  it('is one for each hour of the day', async () => {
    const { clock, minute, known } = learning();
    for (let left = 5; left > 0; left--) await minute(5);
    await clock.advance(55 * 60_000);
    for (let left = 5; left > 0; left--) await minute(20);
    expect(known(0)?.rate).toBeLessThan(0.07);
    expect(known(1)?.rate).toBeGreaterThan(0.17);
    expect(known(2)?.rate).toBeUndefined();
  });

  it('can be told to forget', async () => {
    const { minute, known, forget } = learning();
    for (let left = 5; left > 0; left--) await minute(5);
    forget();
    expect(known(0)).toEqual({ hour: 0, rate: undefined, calls: 0, threshold: 0.5 });
  });

  it.each<LearnedRateOptions>([
    { everyMs: 0 },
    { factor: 0.5 },
    { least: 0 },
    { most: 1.1 },
    { least: 0.5, most: 0.4 },
    { unknown: 0 },
    { minimumCalls: 0 },
    { halfLife: 0 },
  ])('with %j is refused', (options) => {
    expect(() => learning(options)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });
});

test('a breaker that nobody calls is not looked at', async () => {
  let looks = 0;
  const { clock, good } = stage(() => [{ everyMs: 10, look: () => looks++ }]);
  await clock.advance(1_000);
  expect([looks, clock.pending]).toEqual([0, 0]);
  await good();
  await good();
  expect(looks).toBe(1);
});
