import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Call } from '../../call.ts';
import { Breaker } from '../breaker.ts';
import type { BreakerEvent } from '../events.ts';
import type { BreakerOptions } from '../settings.ts';
import { WatchedBreaker } from '../watched-breaker.ts';
import type { LearnedOptions } from './learned-options.ts';
import { LearnedThresholds } from './learned-thresholds.ts';

interface Minute {
  /** Of a hundred calls. */
  readonly failures: number;
  /** In all. Default 100. */
  readonly calls?: number;
  readonly tookMs?: number;
  readonly code?: string;
}

/** It begins at midnight, UTC. */
function stage(options: LearnedOptions = {}, ofBreaker: BreakerOptions = {}) {
  const clock = new VirtualClock({ startMs: 1_767_225_600_000 });
  const events: BreakerEvent[] = [];
  const onEvent = (event: BreakerEvent) => events.push(event);
  const breaker = new Breaker({ name: 'db', failures: Number.POSITIVE_INFINITY, ...ofBreaker, onEvent }, { clock });
  const learned = new LearnedThresholds(options, { clock });
  const watched = new WatchedBreaker({ breaker, watchers: [learned] }, { clock });
  const call = async (isBad: boolean, { tookMs = 0, code = 'USUAL' }: Partial<Minute> = {}) => {
    const inner = async () => {
      if (tookMs > 0) await clock.advance(tookMs);
      if (isBad) throw Object.assign(new Error('down'), { code });
    };
    await watched.run(new Call(inner), inner).catch(() => {});
  };
  const minute = async (given: Minute) => {
    const { failures, calls = 100, tookMs = 0 } = given;
    for (let made = 0; made < calls; made++) {
      await clock.advance(60_000 / calls - tookMs);
      await call(((made + 50) * failures) % 100 < failures, given);
    }
  };
  const minutes = async (count: number, given: Minute) => {
    for (let left = count; left > 0; left--) await minute(given);
  };
  /** Without calls. */
  const toHour = (hour: number) => clock.advance(hour * 3_600_000 - (clock.monotonic() % 86_400_000));
  const usual = (hour?: number, from?: number) =>
    learned.learned().usual.find((each) => each.hour === hour && each.load?.from === from);
  return { clock, breaker, watched, learned, events, call, minutes, toHour, usual };
}

describe('learned from the hour', () => {
  it('one that usually fails in 20 % stays closed at 25 %, where one that fails in 1 % opens', async () => {
    const { breaker, minutes, toHour, usual } = stage();
    await minutes(5, { failures: 20 });
    await toHour(1);
    await minutes(5, { failures: 1 });
    expect([usual(0)?.failureRate, usual(1)?.failureRate]).toEqual([expect.closeTo(0.2, 1), expect.closeTo(0.01, 2)]);
    await toHour(24);
    await minutes(3, { failures: 25 });
    expect(breaker.state).toBe('closed');
    await toHour(25);
    await minutes(1, { failures: 25 });
    expect(breaker.state).toBe('open');
  });

  it('it goes by all hours where nothing is known of one, and by what it is told where nothing is known at all', async () => {
    const { learned, minutes, toHour, call, usual } = stage({ unknown: 0.4 });
    await call(false);
    expect(learned.inspect()).toMatchObject({ basis: 'nothing', failureRate: 0.4 });
    await minutes(3, { failures: 20 });
    expect(learned.inspect()).toMatchObject({ basis: 'hour and load', hour: 0 });
    await toHour(5);
    await call(false);
    expect(learned.inspect()).toMatchObject({ basis: 'all', hour: 5, failureRate: usual()?.thresholds.failureRate });
    expect(usual(5)).toBeUndefined();
  });

  it('thresholds have bounds, whatever was usual', async () => {
    const calm = stage();
    await calm.minutes(3, { failures: 0 });
    expect(calm.usual(0)).toMatchObject({ failureRate: 0, hour: 0 });
    expect(calm.learned.inspect()?.failureRate).toBe(0.1);
    const ill = stage({ most: 0.6 });
    await ill.minutes(3, { failures: 30 });
    expect(ill.learned.inspect()?.failureRate).toBe(0.6);
    expect(ill.breaker.settings.failureRate).toBe(0.6);
  });
});

describe('learned from the load', () => {
  it('what is usual under much load opens it under little', async () => {
    const { breaker, minutes, usual } = stage();
    // In turn, so that both are of the same hour.
    for (let left = 3; left > 0; left--) {
      await minutes(2, { failures: 20, calls: 1_200 });
      await minutes(3, { failures: 1, calls: 100 });
    }
    expect(usual(0, 1)?.failureRate).toBeLessThan(0.1);
    expect(usual(0, 16)).toMatchObject({ failureRate: expect.closeTo(0.2, 1), load: { from: 16, below: 64 } });
    await minutes(3, { failures: 25, calls: 1_200 });
    expect(breaker.state).toBe('closed');
    await minutes(2, { failures: 0, calls: 100 });
    await minutes(1, { failures: 25, calls: 100 });
    expect(breaker.state).toBe('open');
  });

  it('where a load is new, it goes by the hour', async () => {
    const { learned, minutes, usual } = stage();
    await minutes(3, { failures: 10 });
    // Nobody has seen it yet when it is looked at first, and it is too little to be known then.
    await minutes(2, { failures: 10, calls: 20 });
    expect(learned.inspect()).toMatchObject({ basis: 'hour', load: { from: 0, below: 1 } });
    expect(usual(0, 0)).toBeUndefined();
  });
});

describe('learned from the time that calls take', () => {
  it('a call is slow by what is usual, and so is the share of slow calls that opens it', async () => {
    const slow = { factor: 4, leastMs: 5 };
    const { breaker, events, learned, minutes, usual } = stage({ slow });
    await minutes(1, { failures: 0, tookMs: 20 });
    expect(breaker.settings.slowMs).toBe(30_000);
    await minutes(2, { failures: 0, tookMs: 20 });
    expect(usual(0)).toMatchObject({
      tookMs: expect.closeTo(20, 3),
      slowRate: 0,
      thresholds: { slowMs: expect.closeTo(80, 3), slowRate: 0.1 },
    });
    expect(breaker.settings.slowMs).toBeCloseTo(80, 3);
    expect(learned.inspect()?.slowRate).toBe(0.1);
    await minutes(1, { failures: 0, tookMs: 100 });
    expect(events[0]).toMatchObject({ type: 'opened', reason: { kind: 'slow_rate' } });
  });

  it('it has bounds in time too, and failures teach it nothing', async () => {
    const quick = stage({ slow: { leastMs: 50 } });
    await quick.minutes(3, { failures: 20, tookMs: 1 });
    expect([quick.breaker.settings.slowMs, quick.usual(0)?.tookMs]).toEqual([50, expect.closeTo(1)]);
    const lame = stage({ slow: { mostMs: 60 } });
    await lame.minutes(3, { failures: 0, tookMs: 40 });
    expect(lame.breaker.settings.slowMs).toBe(60);
  });

  it('without being asked, it leaves what is slow as it is, and learns the share', async () => {
    const { breaker, minutes } = stage({}, { slowMs: 15 });
    await minutes(3, { failures: 0, tookMs: 10 });
    expect([breaker.settings.slowMs, breaker.settings.slowRate]).toEqual([15, 0.1]);
  });
});

describe('learned from the mix of errors', () => {
  it('errors that were hardly seen before open it earlier than usual ones', async () => {
    const fails = async (code: string) => {
      const { breaker, events, minutes, learned } = stage();
      await minutes(5, { failures: 5 });
      expect(learned.inspect()?.failureRate).toBeCloseTo(0.15, 1);
      await minutes(1, { failures: 9, code });
      return { state: breaker.state, reason: events[0]?.reason };
    };
    expect((await fails('USUAL')).state).toBe('closed');
    const unusual = await fails('NEW');
    expect(unusual.state).toBe('open');
    expect(unusual.reason).toMatchObject({ kind: 'unusual_errors', errorClass: 'NEW', error: { code: 'NEW' } });
  });

  it('a class that keeps coming becomes usual', async () => {
    const { breaker, minutes, learned } = stage();
    await minutes(3, { failures: 5 });
    await minutes(3, { failures: 3, code: 'NEW' });
    expect(learned.learned().errors.map(({ errorClass }) => errorClass)).toEqual(['USUAL', 'NEW']);
    await minutes(2, { failures: 9, code: 'NEW' });
    expect(breaker.state).toBe('closed');
  });

  it('with a weight of 1 all errors are the same', async () => {
    const { breaker, minutes } = stage({ errors: { weight: 1 } });
    await minutes(5, { failures: 5 });
    await minutes(1, { failures: 9, code: 'NEW' });
    expect(breaker.state).toBe('closed');
  });

  it('errors that the breaker does not count are not known', async () => {
    const { minutes, learned } = stage({}, { ignores: () => true });
    await minutes(3, { failures: 20 });
    expect(learned.learned().errors).toEqual([]);
  });
});

describe('what it has learned', () => {
  it('is no outage', async () => {
    const { breaker, clock, minutes, learned, usual } = stage();
    await minutes(5, { failures: 1 });
    await minutes(10, { failures: 100, code: 'NEW' });
    expect(breaker.state).not.toBe('closed');
    await clock.advance(60_000);
    await minutes(3, { failures: 0 });
    expect(breaker.state).toBe('closed');
    expect(usual()?.failureRate).toBeLessThan(0.02);
    expect(learned.learned().errors.map(({ errorClass }) => errorClass)).toEqual(['USUAL']);
  });

  it('is no outage either where there are too few calls to open it', async () => {
    const { breaker, minutes, usual } = stage({}, { minimumCalls: 50 });
    await minutes(40, { failures: 5, calls: 20 });
    await minutes(15, { failures: 100, calls: 20 });
    expect(breaker.state).toBe('closed');
    expect(usual()?.failureRate).toBeGreaterThan(0.02);
    expect(usual()?.failureRate).toBeLessThan(0.1);
  });

  it('can be forgotten', async () => {
    const { breaker, minutes, learned } = stage({ slow: {} });
    await minutes(3, { failures: 5, tookMs: 10 });
    expect(breaker.settings).toMatchObject({ slowMs: expect.closeTo(50, 3) });
    learned.forget();
    expect(learned.learned()).toEqual({ usual: [], errors: [] });
    await minutes(1, { failures: 0, calls: 2 });
    expect(breaker.settings).toMatchObject({ failureRate: 0.5, slowRate: 0.5, slowMs: 30_000 });
  });

  it.each([1, 2, 3])('is known to another one that goes on from it, and has bounds (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const between = (least: number, most: number) => least + Math.floor(random.next() * (most - least + 1));
    const options = { slow: {}, errors: { classes: 3 } };
    const [one, other] = [stage(options), stage(options)];
    const story = Array.from({ length: 8 }, () => ({
      hour: between(0, 3),
      failures: between(0, 12),
      calls: between(4, 8) * 25,
      tookMs: between(1, 40),
      code: `E${between(0, 7)}`,
    }));
    for (const [day, { hour, ...minute }] of story.entries()) {
      await one.toHour(day * 24 + hour);
      await one.minutes(2, minute);
    }
    other.learned.import(JSON.parse(JSON.stringify(one.learned.export())));
    expect(other.learned.learned()).toEqual(one.learned.learned());
    expect(other.learned.learned().usual.length).toBeGreaterThan(2);
    const { errors, usual } = one.learned.learned();
    expect(errors.length).toBeLessThanOrEqual(4);
    for (const { thresholds } of usual) {
      const { failureRate, slowRate, slowMs = 0 } = thresholds;
      expect([failureRate >= 0.1, failureRate <= 0.8, slowRate >= 0.1, slowRate <= 0.8]).not.toContain(false);
      expect([slowMs >= 10, slowMs <= 30_000]).not.toContain(false);
    }
  });

  it.each([
    undefined,
    7,
    { version: 2 },
    { version: 1, rates: [[24, 0, 1, 1, 1, 1, 1]], errors: { calls: 0, counts: [] } },
    { version: 1, rates: [[0, 0, 1, -1, 1, 1, 1]], errors: { calls: 0, counts: [] } },
    { version: 1, rates: [[0, 0, 1]], errors: { calls: 0, counts: [] } },
    { version: 1, rates: [], errors: { calls: 0, counts: [['a', Number.NaN]] } },
    { version: 1, rates: [], errors: {} },
  ])('is refused as %j, and stays as it is', async (data) => {
    const { learned, minutes } = stage();
    await minutes(3, { failures: 5 });
    const before = learned.learned();
    expect(() => learned.import(data)).toThrow(expect.objectContaining({ data: { path: 'breaker.learned' } }));
    expect(learned.learned()).toEqual(before);
  });
});

it.each<[LearnedOptions, string]>([
  [{ everyMs: 0 }, 'everyMs'],
  [{ factor: 0.5 }, 'factor'],
  [{ least: 0 }, 'least'],
  [{ most: 1.1 }, 'most'],
  [{ least: 0.5, most: 0.4 }, 'most'],
  [{ unknown: 0 }, 'unknown'],
  [{ minimumCalls: 0 }, 'minimumCalls'],
  [{ halfLife: 0 }, 'halfLife'],
  [{ slow: { factor: 0 } }, 'slow.factor'],
  [{ slow: { leastMs: 0 } }, 'slow.leastMs'],
  [{ slow: { leastMs: 20, mostMs: 10 } }, 'slow.mostMs'],
  [{ errors: { weight: 0 } }, 'errors.weight'],
  [{ errors: { rare: 2 } }, 'errors.rare'],
  [{ errors: { classes: 0 } }, 'errors.classes'],
])('the options %j are refused', (options, name) => {
  expect(() => stage(options)).toThrow(
    expect.objectContaining({ code: 'invalid_config', data: { path: `breaker.learned.${name}` } }),
  );
});
