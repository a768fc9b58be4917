import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Call } from '../call.ts';
import { Bulkhead, type BulkheadOptions } from './bulkhead.ts';
import type { SharesOptions } from './shares.ts';

/** A tenant that calls at random, so often on average in a second; a call takes 100 ms on average. */
interface Caller {
  readonly tenant: string;
  readonly perSecond: number;
}

/** Lets them call for so long. @returns Of each tenant how long its calls waited, in ms, and how many were refused. */
async function simulate(options: BulkheadOptions, callers: readonly Caller[], forMs: number) {
  // Nothing here takes more than a few awaits.
  const clock = new VirtualClock({
    settled: () =>
      Promise.resolve()
        .then(() => {})
        .then(() => {})
        .then(() => {}),
  });
  const bulkhead = new Bulkhead(clock, options);
  const waits = new Map<string, number[]>(callers.map(({ tenant }) => [tenant, []]));
  const refusals = new Map<string, number>();
  const call = (tenant: string, takesMs: number): void => {
    const sinceMs = clock.monotonic();
    const work = () => {
      waits.get(tenant)?.push(clock.monotonic() - sinceMs);
      return new Promise<void>((resolve) => clock.setTimer(takesMs, resolve));
    };
    bulkhead.run(new Call(() => {}, { tenant }), work).catch(() => {
      refusals.set(tenant, (refusals.get(tenant) ?? 0) + 1);
    });
  };
  for (const { tenant, perSecond } of callers) {
    const random = new SeededRandom(tenant);
    const exponential = (meanMs: number) => -meanMs * Math.log(1 - random.next());
    const next = (): void => {
      call(tenant, exponential(100));
      clock.setTimer(exponential(1_000 / perSecond), next);
    };
    clock.setTimer(exponential(1_000 / perSecond), next);
  }
  await clock.advance(forMs);
  return {
    waits: (tenant: string) => waits.get(tenant) ?? [],
    refusals: (tenant: string) => refusals.get(tenant) ?? 0,
  };
}

const mean = (values: readonly number[]) => values.reduce((all, value) => all + value, 0) / values.length;
const percentile99 = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;

const line = { maxQueue: 100, queueMs: Number.POSITIVE_INFINITY };
const weights = { a: 1, b: 1, c: 1, noisy: 1 };

describe('a tenant that asks for ten times its share', () => {
  it.each([20, 35, 45])(
    'does not make others wait longer than each would alone with its share, at %d calls a second of 50 that this can do',
    async (perSecond) => {
      const quiet = ['a', 'b', 'c'].map((tenant) => ({ tenant, perSecond }));
      const noisy = { tenant: 'noisy', perSecond: 500 };
      const together = await simulate({ ...line, limit: 20, shares: { weights } }, [...quiet, noisy], 40_000);
      for (const caller of quiet) {
        const alone = (await simulate({ ...line, limit: 5 }, [caller], 40_000)).waits(caller.tenant);
        const waits = together.waits(caller.tenant);
        expect(mean(waits)).toBeLessThanOrEqual(1.2 * mean(alone));
        expect(percentile99(waits)).toBeLessThanOrEqual(1.2 * percentile99(alone));
        expect(together.refusals(caller.tenant)).toBe(0);
      }
      expect(together.refusals('noisy')).toBeGreaterThan(10_000);
    },
  );
});

/** A bulkhead of shares, with calls that end when they are told to. */
function openShares(shares: SharesOptions, options: Partial<BulkheadOptions> = {}) {
  const clock = new VirtualClock();
  const bulkhead = new Bulkhead(clock, { limit: 8, maxQueue: 10, queueMs: 60_000, shares, ...options });
  const running: { readonly tenant: string; end(): void }[] = [];
  const outcomes: Promise<unknown>[] = [];
  const call = (tenant: string | undefined, count = 1): Promise<unknown> => {
    for (let n = 0; n < count; n++) {
      const outcome = bulkhead.run(new Call(() => {}, { tenant }), () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        running.push({ tenant: tenant ?? 'nobody', end: resolve });
        return promise;
      });
      outcome.catch(() => {});
      outcomes.push(outcome);
    }
    return outcomes.at(-1) ?? Promise.resolve();
  };
  const end = async (tenant: string, count = 1): Promise<void> => {
    for (let n = 0; n < count; n++) {
      running
        .splice(
          running.findIndex((one) => one.tenant === tenant),
          1,
        )[0]
        ?.end();
    }
    await clock.advance(0);
  };
  const view = (tenant: string | undefined) => bulkhead.stats.shares?.find((share) => share.tenant === tenant);
  const inFlight = (...tenants: string[]) => tenants.map((tenant) => view(tenant)?.inFlight ?? 0);
  return { clock, bulkhead, call, end, view, inFlight };
}

const overloaded = { code: 'overloaded' };

describe('shares of a bulkhead', () => {
  it('are by weight, and at least one slot', () => {
    const { view } = openShares({ weights: { big: 5, middle: 2, small: 0.5 } });
    expect(['big', 'middle', 'small'].map((tenant) => view(tenant)?.share)).toEqual([5, 2, 1]);
  });

  it('are lent while nobody needs them, and come back to their owner first', async () => {
    const { call, end, inFlight } = openShares({ weights: { a: 1, b: 1 } });
    void call('a', 12);
    expect(inFlight('a', 'b')).toEqual([8, 0]);
    void call('b', 5);
    await end('a', 4);
    expect(inFlight('a', 'b')).toEqual([4, 4]);
    await end('a');
    expect(inFlight('a', 'b')).toEqual([4, 4]);
    await end('b');
    expect(inFlight('a', 'b')).toEqual([4, 4]);
  });

  it('are kept for who has used them lately, and lent when it has not for a while', async () => {
    const { clock, call, end, inFlight } = openShares({ weights: { a: 1, b: 1 }, lendAfterMs: 1_000 });
    void call('b', 3);
    await end('b', 3);
    void call('a', 8);
    expect(inFlight('a', 'b')).toEqual([5, 0]);
    void call('b', 3);
    expect(inFlight('a', 'b')).toEqual([5, 3]);
    await end('b', 3);
    await clock.advance(1_500);
    void call('a');
    expect(inFlight('a', 'b')).toEqual([5, 0]);
    await clock.advance(1_000);
    void call('a');
    expect(inFlight('a', 'b')).toEqual([8, 0]);
  });

  it('have a line for each tenant, which is full for that one only', async () => {
    const { call, view } = openShares({ weights: { a: 1, b: 1 } }, { maxQueue: 2 });
    void call('a', 10);
    await expect(call('a')).rejects.toMatchObject(overloaded);
    void call('b', 2);
    expect([view('a')?.queued, view('b')?.queued]).toEqual([2, 2]);
  });

  it('give borrowed slots by turns, to one of twice the weight twice as often', async () => {
    const { call, end, inFlight } = openShares({ weights: { idle: 7, a: 1, b: 2 } }, { limit: 10, maxQueue: 100 });
    void call('a', 30);
    void call('b', 30);
    expect(inFlight('a', 'b')).toEqual([10, 0]);
    await end('a', 9);
    // Two of b's were its own, and of the other seven it has the most; a began with one.
    expect(inFlight('a', 'b')).toEqual([4, 6]);
  });

  it('are given to tenants as they come, up to a number, beyond which the others share one', async () => {
    const { call, view, bulkhead } = openShares({ most: 2 });
    for (const tenant of ['a', 'b', 'c', 'd']) void call(tenant);
    void call(undefined);
    expect(bulkhead.stats.shares?.map(({ tenant }) => tenant)).toEqual(['a', 'b', undefined]);
    expect(view(undefined)).toEqual({ tenant: undefined, share: 2, inFlight: 3, queued: 0 });
  });

  it('are taken from tenants that are idle, but for those that are known beforehand', async () => {
    const { clock, call, end, bulkhead } = openShares({ weights: { known: 1 }, most: 1, lendAfterMs: 1_000 });
    void call('passing');
    await end('passing');
    await clock.advance(1_000);
    void call('other');
    expect(bulkhead.stats.shares?.map(({ tenant }) => tenant)).toEqual(['known', 'passing', undefined]);
    await end('other');
    await clock.advance(3_000);
    void call('other');
    expect(bulkhead.stats.shares?.map(({ tenant }) => tenant)).toEqual(['known', 'other']);
  });

  it('follow the limit', async () => {
    const { bulkhead, call, inFlight, view } = openShares({ weights: { a: 1, b: 1 } });
    void call('a', 8);
    void call('b', 4);
    bulkhead.tune({ limit: 12 });
    expect([view('a')?.share, inFlight('a', 'b')]).toEqual([6, [8, 4]]);
  });

  it('are not lost when waiters give up', async () => {
    const { clock, bulkhead, call, end, inFlight } = openShares({ weights: { a: 1, b: 1 } }, { queueMs: 100 });
    void call('a', 8);
    void call('b', 3);
    await clock.advance(100);
    expect(bulkhead.stats).toMatchObject({ queued: 0, refused: 3 });
    void call('b');
    await end('a', 8);
    expect(inFlight('a', 'b')).toEqual([0, 1]);
  });
});
