import { OperationTimeoutError } from '@jaegis/core';
import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Call, type CallOptions } from '../call.ts';
import { Bulkhead, type BulkheadOptions } from './bulkhead.ts';
import { fixed } from './limits/fixed.ts';

/** Calls of a name, each of which ends when it is told to, and the order in which they began. */
function openBulkhead(options: Partial<BulkheadOptions> = {}) {
  const clock = new VirtualClock();
  const bulkhead = new Bulkhead(clock, { limit: 1, maxQueue: 10, ...options });
  const began: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const call = (name: string, callOptions: CallOptions = {}): Promise<unknown> => {
    const outcome = bulkhead.run(new Call(() => name, callOptions), () => {
      began.push(name);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
      return promise;
    });
    outcome.catch(() => {});
    return outcome;
  };
  const start = (name: string, callOptions?: CallOptions): void => void call(name, callOptions);
  const end = async (name: string, error?: Error): Promise<void> => {
    ends.get(name)?.(error);
    await clock.advance(0);
  };
  return { clock, bulkhead, began, ends, call, start, end };
}

const overloaded = (data: Record<string, unknown>) => ({ code: 'overloaded', data: { bulkhead: 'bulkhead', ...data } });

describe('a bulkhead', () => {
  it('gives back what the call gives or throws, and frees its slot', async () => {
    const { bulkhead, call, end } = openBulkhead();
    const [first, second] = [call('a'), call('b')];
    await end('a');
    await end('b', new RangeError('as asked'));
    await expect(first).resolves.toBe('a');
    await expect(second).rejects.toThrow('as asked');
    expect(bulkhead.stats).toEqual({ limit: 1, inFlight: 0, queued: 0, refused: 0 });
  });

  it('refuses at once beyond its limit where nobody may wait, which is the default', async () => {
    const { call, start } = openBulkhead({ maxQueue: 0 });
    start('a');
    await expect(call('b')).rejects.toMatchObject(overloaded({ limit: 1, queued: 0, why: 'full' }));
    const plain = new Bulkhead(new VirtualClock(), { limit: 1 });
    void plain.run(new Call(() => 1), () => new Promise(() => {}));
    await expect(plain.run(new Call(() => 1), async () => 1)).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('lets the more urgent begin first, and among equals those that came first', async () => {
    const { began, start, end } = openBulkhead();
    start('running');
    for (const [name, priority] of [
      ['late', 9],
      ['usual 1', 5],
      ['urgent', 0],
      ['usual 2', 5],
    ] as const) {
      start(name, { priority });
    }
    for (const name of ['running', 'urgent', 'usual 1', 'usual 2', 'late']) await end(name);
    expect(began).toEqual(['running', 'urgent', 'usual 1', 'usual 2', 'late']);
  });

  it('refuses who waits longer than it may', async () => {
    const { clock, bulkhead, call, start } = openBulkhead({ queueMs: 100 });
    start('a');
    const waiting = call('b');
    await clock.advance(99);
    expect(bulkhead.stats.queued).toBe(1);
    await clock.advance(1);
    await expect(waiting).rejects.toMatchObject(overloaded({ why: 'waited' }));
    expect(bulkhead.stats).toMatchObject({ queued: 0, refused: 1 });
  });

  it('refuses who waits past its deadline, also when its turn comes at that moment', async () => {
    const { clock, began, ends, call, start } = openBulkhead({ queueMs: Number.POSITIVE_INFINITY });
    start('a');
    clock.setTimer(100, () => ends.get('a')?.());
    const waiting = [call('b', { deadlineMs: 50 }), call('c', { deadlineMs: 100 })];
    await clock.advance(100);
    for (const outcome of waiting) await expect(outcome).rejects.toMatchObject(overloaded({ why: 'deadline' }));
    start('d');
    await expect(call('e', { deadlineMs: 100 })).rejects.toMatchObject(overloaded({ why: 'deadline' }));
    expect(began).toEqual(['a', 'd']);
  });

  it('lets a waiter that is aborted go at once, with what it was aborted with', async () => {
    const { bulkhead, call, start } = openBulkhead({ maxQueue: 1 });
    const abort = new AbortController();
    start('a');
    const waiting = call('b', { signal: abort.signal });
    await expect(call('c')).rejects.toMatchObject({ code: 'overloaded' });
    abort.abort(new OperationTimeoutError('too late'));
    expect(bulkhead.stats.queued).toBe(0);
    await expect(waiting).rejects.toMatchObject({ code: 'operation_timeout' });
    const other = call('d', { signal: AbortSignal.abort(new Error('enough')) });
    await expect(other).rejects.toMatchObject({ code: 'cancelled', cause: { message: 'enough' } });
  });

  it('gives on the slot of a call that is aborted when its turn has just come', async () => {
    const { clock, bulkhead, began, call, start } = openBulkhead();
    const abort = new AbortController();
    start('a');
    const aborted = call('b', { signal: abort.signal });
    start('c');
    bulkhead.tune({ limit: 2 });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'cancelled' });
    await clock.advance(0);
    expect([began, bulkhead.stats.inFlight]).toEqual([['a', 'c'], 2]);
  });

  it('has no timer left when nobody waits', async () => {
    const { clock, start, end } = openBulkhead({ queueMs: 100 });
    start('a');
    start('b');
    await end('a');
    await end('b');
    await clock.advance(100);
    expect(clock.pending).toBe(0);
  });

  it('can be tuned while it works', async () => {
    const { clock, bulkhead, began, call, start, end } = openBulkhead({ maxQueue: 0 });
    start('a');
    bulkhead.tune({ maxQueue: 3, queueMs: 50 });
    start('b');
    start('c');
    const last = call('d');
    bulkhead.tune({ limit: 3 });
    await clock.advance(0);
    expect(began).toEqual(['a', 'b', 'c']);
    bulkhead.tune({ limit: 1 });
    await end('a');
    expect(bulkhead.stats).toMatchObject({ limit: 1, inFlight: 2, queued: 1 });
    await clock.advance(50);
    await expect(last).rejects.toMatchObject(overloaded({ why: 'waited' }));
    bulkhead.tune({ limit: fixed(7) });
    expect(bulkhead.stats.limit).toBe(7);
    expect(() => bulkhead.tune({ maxQueue: -1 })).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });

  it('learns its limit from how long calls take, and from those that were refused further on', async () => {
    const samples: unknown[] = [];
    const limit = {
      limit: 1,
      onSample: (...sample: unknown[]) => {
        samples.push(sample);
        return 2;
      },
    };
    const { clock, bulkhead, began, start, end } = openBulkhead({ limit });
    for (const name of ['a', 'b', 'c', 'd']) start(name);
    await clock.advance(30);
    await end('a');
    expect([began, bulkhead.stats.limit]).toEqual([['a', 'b', 'c'], 2]);
    await clock.advance(20);
    await end('b', new OperationTimeoutError('too late'));
    await end('c', new RangeError('its own'));
    expect(samples).toEqual([
      [30, 1, false],
      [20, 2, true],
    ]);
  });

  it.each([
    ['bulkhead.limit', { limit: 0 }],
    ['bulkhead.maxQueue', { limit: 1, maxQueue: 0.5 }],
    ['bulkhead.queueMs', { limit: 1, queueMs: 0 }],
    ['bulkhead.shares.weights.a', { limit: 1, shares: { weights: { a: Number.POSITIVE_INFINITY } } }],
    ['bulkhead.shares.usualWeight', { limit: 1, shares: { usualWeight: 0 } }],
    ['bulkhead.shares.most', { limit: 1, shares: { most: -1 } }],
    ['bulkhead.shares.lendAfterMs', { limit: 1, shares: { lendAfterMs: 0 } }],
    ['bulkhead.shedding.thresholds.1', { limit: 1, shedding: { thresholds: [1, 2] } }],
    ['bulkhead.shedding.targetMs', { limit: 1, shedding: { targetMs: 0 } }],
    ['bulkhead.shedding.intervalMs', { limit: 1, shedding: { intervalMs: Number.NaN } }],
  ])('refuses a bad %s by its name', (path, options: BulkheadOptions) => {
    const make = () => new Bulkhead(new VirtualClock(), options);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_config', data: expect.objectContaining({ path }) }));
  });
});

describe('a bulkhead that sheds load', () => {
  it('refuses the less urgent first', async () => {
    const { call, start } = openBulkhead({ limit: 10, shedding: { thresholds: [1, 1, 1, 1, 1, 1, 1, 0.8, 0.8, 0.5] } });
    for (let n = 0; n < 5; n++) start(`running ${n}`);
    await expect(call('least', { priority: 9 })).rejects.toMatchObject(overloaded({ why: 'shed' }));
    for (let n = 5; n < 8; n++) start(`running ${n}`, { priority: 8 });
    await expect(call('less', { priority: 8 })).rejects.toMatchObject(overloaded({ why: 'shed' }));
    start('usual');
    start('urgent', { priority: 0 });
  });

  it('drops the old and takes the new first once the line is too long for good', async () => {
    const shedding = { targetMs: 50, intervalMs: 500 };
    const { clock, began, call, end } = openBulkhead({ maxQueue: 100, queueMs: 10_000, shedding });
    const outcomes: Promise<unknown>[] = [];
    // One comes each 20 ms, and one ends each 40.
    for (let n = 0; n < 60; n++) {
      outcomes.push(call(`${n}`));
      await clock.advance(20);
      if (n % 2 === 1) await end(began.at(-1) ?? '');
    }
    const inOrder = Array.from({ length: 16 }, (_, n) => `${n}`);
    const newest = Array.from({ length: 15 }, (_, n) => `${31 + 2 * n}`);
    expect(began).toEqual([...inOrder, ...newest]);
    const settled = await Promise.allSettled(outcomes.slice(16, 31));
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('takes a burst in order, without dropping any', async () => {
    const { clock, began, start, end } = openBulkhead({ maxQueue: 100, queueMs: 10_000, shedding: {} });
    for (let n = 0; n < 8; n++) start(`${n}`);
    for (let n = 0; n < 8; n++) {
      await clock.advance(60);
      await end(`${n}`);
    }
    expect(began).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  it('does not count a line that was empty in between as one that stands', async () => {
    const { clock, bulkhead, began, start, end } = openBulkhead({ maxQueue: 100, queueMs: 10_000, shedding: {} });
    start('a');
    start('b');
    await clock.advance(80);
    await end('a');
    await clock.advance(1_000);
    for (const name of ['c', 'd', 'e']) start(name);
    await clock.advance(80);
    for (const name of ['b', 'c', 'd', 'e']) await end(name);
    expect([began, bulkhead.stats.refused]).toEqual([['a', 'b', 'c', 'd', 'e'], 0]);
  });

  it('looks at the line of each tenant by itself where they have shares', async () => {
    const options = { shares: { weights: { a: 1, b: 1 } }, shedding: { targetMs: 50, intervalMs: 100 } };
    const { clock, bulkhead, began, start, end } = openBulkhead({ maxQueue: 100, queueMs: 10_000, ...options });
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) start(name, { tenant: 'a' });
    for (const name of ['a1', 'a2', 'a3']) {
      await clock.advance(60);
      if (name === 'a3') start('b1', { tenant: 'b' });
      await end(name);
    }
    // All that were left of a had waited for 180 ms by then and are dropped; b's only one had just come.
    expect(began).toEqual(['a1', 'a2', 'a3', 'b1']);
    expect(bulkhead.stats).toMatchObject({ inFlight: 1, queued: 0, refused: 3 });
    await end('b1');
    expect(bulkhead.stats.inFlight).toBe(0);
    start('a7', { tenant: 'a' });
    expect(began.at(-1)).toBe('a7');
  });
});

describe('shares and shedding of a bulkhead that works', () => {
  it('take other weights, for tenants that are there too', () => {
    const { bulkhead, start } = openBulkhead({ limit: 8, maxQueue: 0, shares: { weights: { a: 1, b: 1 } } });
    const sharesOf = () => Object.fromEntries(bulkhead.stats.shares?.map(({ tenant, share }) => [tenant, share]) ?? []);
    start('c1', { tenant: 'c' });
    expect(sharesOf()).toEqual({ a: 2, b: 2, c: 2 });
    bulkhead.tune({ shares: { weights: { a: 5, c: 2 } } });
    expect(sharesOf()).toEqual({ a: 5, b: 1, c: 2 });
    expect(bulkhead.stats.inFlight).toBe(1);
  });

  it('tell as many strangers from each other as is said now', async () => {
    const { clock, bulkhead, start, end } = openBulkhead({ limit: 8, shares: { weights: { a: 1 }, most: 0 } });
    const tenants = () => bulkhead.stats.shares?.map(({ tenant }) => tenant);
    bulkhead.tune({ shares: { most: 1 } });
    // The one that was known beforehand is the one stranger now.
    start('b1', { tenant: 'b' });
    expect(tenants()).toEqual(['a', undefined]);
    await end('b1');
    await clock.advance(10_000);
    start('c1', { tenant: 'c' });
    expect(tenants()).toContain('c');
    expect(tenants()).not.toContain('a');
  });

  it('refuse the less urgent sooner, and drop what waits sooner', async () => {
    const { clock, bulkhead, call, start, end } = openBulkhead({ limit: 2, maxQueue: 9, queueMs: 9_000, shedding: {} });
    start('a');
    bulkhead.tune({ shedding: { thresholds: [1, 0.5], targetMs: 5, intervalMs: 10 } });
    await expect(call('b', { priority: 9 })).rejects.toMatchObject(overloaded({ why: 'shed' }));
    start('c', { priority: 0 });
    const [old, recent] = [call('d', { priority: 0 }), call('e', { priority: 0 })];
    await clock.advance(20);
    await end('a');
    await clock.advance(20);
    await end('c');
    await expect(Promise.race([old, recent])).rejects.toMatchObject(overloaded({ why: 'shed' }));
  });

  it('can be neither added nor taken away, and nothing is changed then', () => {
    const { bulkhead } = openBulkhead();
    for (const name of ['shares', 'shedding']) {
      expect(() => bulkhead.tune({ limit: 9, [name]: {} })).toThrow(`bulkhead.${name} can be neither`);
    }
    expect(bulkhead.stats.limit).toBe(1);
  });
});
