import { describe, expect, it } from 'vitest';
import type { AutoShutdown, ChildStatus, Strategy } from '../values/child-spec.ts';
import { autoShutdown } from './auto-shutdown.ts';
import { backoffDelay, backoffResetMs, restartDelay } from './backoff.ts';
import { groupPlan } from './group-plan.ts';
import { type Contender, hash32, rendezvousOwner, shardOf } from './rendezvous.ts';
import { RestartWindow } from './restart-intensity.ts';
import { restartPlan } from './restart-plan.ts';

describe('restart plan', () => {
  const crash = new Error('x');

  it.each([
    ['permanent', 'normal', 'restart'],
    ['permanent', 'shutdown', 'restart'],
    ['permanent', { shutdown: 'info' }, 'restart'],
    ['permanent', 'killed', 'restart'],
    ['permanent', crash, 'restart'],
    ['transient', 'normal', 'keep'],
    ['transient', 'shutdown', 'keep'],
    ['transient', { shutdown: 'info' }, 'keep'],
    ['transient', 'killed', 'restart'],
    ['transient', undefined, 'restart'],
    ['transient', crash, 'restart'],
    ['temporary', 'normal', 'remove'],
    ['temporary', 'shutdown', 'remove'],
    ['temporary', crash, 'remove'],
  ] as const)('a %s child after %o: %s', (type, reason, plan) => {
    expect(restartPlan(type, reason)).toBe(plan);
  });
});

describe('restart intensity', () => {
  const limit = { intensity: 2, periodMs: 1_000 };
  const verdicts = (times: readonly number[], used = limit) => {
    const window = new RestartWindow();
    return times.map((time) => window.add(time, used));
  };

  it.each([
    [[0], ['restart']],
    [
      [0, 10],
      ['restart', 'restart'],
    ],
    [
      [0, 10, 20],
      ['restart', 'restart', 'give-up'],
    ],
    [
      [0, 10, 1_000],
      ['restart', 'restart', 'give-up'],
    ], // the one at 0 is just within the period
    [
      [0, 10, 1_001],
      ['restart', 'restart', 'restart'],
    ],
    [
      [0, 10, 1_001, 1_010],
      ['restart', 'restart', 'restart', 'give-up'],
    ],
    [
      [0, 0, 0],
      ['restart', 'restart', 'give-up'],
    ],
  ] as const)('restarts at %j: %j', (times, expected) => {
    expect(verdicts(times)).toEqual(expected);
  });

  it('gives up at the first crash when the intensity is 0', () => {
    expect(verdicts([0], { intensity: 0, periodMs: 1 })).toEqual(['give-up']);
  });

  it('forgets restarts that are older than the period, and all when cleared', () => {
    const window = new RestartWindow();
    for (const time of [0, 10, 5_000]) window.add(time, limit);
    expect(window.size).toBe(1);
    window.clear();
    expect(window.size).toBe(0);
  });

  it('takes the limit of the moment', () => {
    const window = new RestartWindow();
    expect(window.add(0, limit)).toBe('restart');
    expect(window.add(1, { intensity: 1, periodMs: 1_000 })).toBe('give-up');
    expect(window.add(2, { intensity: 9, periodMs: 1_000 })).toBe('restart');
  });

  it('allows any number within any time where the limit says so, and keeps none', () => {
    const window = new RestartWindow();
    const endless = { intensity: Number.POSITIVE_INFINITY, periodMs: Number.POSITIVE_INFINITY };
    for (let time = 0; time < 500; time++) expect(window.add(time, endless)).toBe('restart');
    expect(window.size).toBe(0);
    expect(verdicts([0, 10, 1e12], { intensity: 2, periodMs: Number.POSITIVE_INFINITY }).at(-1)).toBe('give-up');
  });

  it('keeps one more than the limit at most, whoever goes on after the verdict', () => {
    const window = new RestartWindow();
    for (let time = 0; time < 500; time++) window.add(time, limit);
    expect(window.size).toBe(3);
  });

  it('says what counting over a list would say, restart for restart', () => {
    const window = new RestartWindow();
    const wide = { intensity: 90, periodMs: 300 };
    let counted: number[] = [];
    let time = 0;
    for (let step = 0; step < 2_000; step++) {
      time += (step * 7_919) % 8;
      counted = [...counted.filter((at) => time - at <= wide.periodMs), time].slice(-91);
      expect([window.add(time, wide), window.size]).toEqual([
        counted.length > wide.intensity ? 'give-up' : 'restart',
        counted.length,
      ]);
    }
  });
});

describe('group plan', () => {
  const ids = ['z', 'a', 'm', 'b'];

  it.each<[Strategy, string, string[], string[]]>([
    ['one_for_one', 'a', [], ['a']],
    ['simple_one_for_one', 'a', [], ['a']],
    ['one_for_all', 'z', ['b', 'm', 'a'], ['z', 'a', 'm', 'b']],
    ['one_for_all', 'm', ['b', 'a', 'z'], ['z', 'a', 'm', 'b']],
    ['rest_for_one', 'z', ['b', 'm', 'a'], ['z', 'a', 'm', 'b']],
    ['rest_for_one', 'm', ['b'], ['m', 'b']],
    ['rest_for_one', 'b', [], ['b']],
  ])('%s after %s failed: stops %j, starts %j', (strategy, failed, stop, start) => {
    expect(groupPlan(strategy, ids, failed)).toEqual({ stop, start });
    expect(ids).toEqual(['z', 'a', 'm', 'b']);
  });

  it.each<Strategy>(['one_for_all', 'rest_for_one'])('%s knows the child that failed', (strategy) => {
    expect(() => groupPlan(strategy, ids, 'x')).toThrow(expect.objectContaining({ code: 'invariant_broken' }));
  });
});

describe('auto shutdown', () => {
  const child = (significant: boolean, status: ChildStatus) => ({ significant, status });

  it.each<[AutoShutdown, boolean, ReturnType<typeof child>[], 'stay' | 'shut-down']>([
    ['never', true, [], 'stay'],
    ['any_significant', false, [], 'stay'],
    ['any_significant', true, [child(true, 'running')], 'shut-down'],
    ['all_significant', false, [], 'stay'],
    ['all_significant', true, [], 'shut-down'],
    ['all_significant', true, [child(true, 'running')], 'stay'],
    ['all_significant', true, [child(true, 'restarting')], 'stay'],
    ['all_significant', true, [child(true, 'stopped')], 'shut-down'],
    ['all_significant', true, [child(false, 'running'), child(true, 'stopped')], 'shut-down'],
    ['all_significant', true, [child(true, 'stopped'), child(true, 'running')], 'stay'],
  ])('%s, significant %s, beside %j: %s', (mode, significant, others, verdict) => {
    expect(autoShutdown(mode, { significant }, others)).toBe(verdict);
    const ended = child(significant, 'running');
    expect(autoShutdown(mode, ended, [ended, ...others])).toBe(verdict);
  });
});

describe('rendezvous', () => {
  const names = ['n1', 'n2', 'n3', 'n4', 'n5'] as const;
  const keys = Array.from({ length: 2_000 }, (_, index) => `key-${index}`);
  const of = (weights: Readonly<Record<string, number>>) =>
    Object.entries(weights).map(([id, weight]) => ({ id, weight }));
  const same = names.map((id) => ({ id }));
  const owner = (key: string, contenders: readonly Contender[]) => rendezvousOwner(key, contenders)?.id;

  it('picks the same owner whatever the order of the names', () => {
    for (const key of keys) expect(owner(key, same)).toBe(owner(key, same.toReversed()));
  });

  it('moves only what the name that went had held', () => {
    const left = same.filter(({ id }) => id !== 'n3');
    for (const key of keys) {
      const before = owner(key, same);
      if (before !== 'n3') expect(owner(key, left)).toBe(before);
    }
  });

  it('gives each of five names a fifth of the keys, within a tenth of all', () => {
    for (const name of names) {
      const share = keys.filter((key) => owner(key, same) === name).length / keys.length;
      expect(share).toBeGreaterThan(0.1);
      expect(share).toBeLessThan(0.3);
    }
  });

  it('has no owner without names, and one with one', () => {
    expect(rendezvousOwner('k', [])).toBeUndefined();
    expect(owner('k', [{ id: 'n1' }])).toBe('n1');
  });

  it.each([[{ n1: 1, n2: 1 }], [{ n1: 1, n2: 3 }], [{ n1: 0.25, n2: 1, n3: 1 }], [{ n1: 2, n2: 0.5, n3: 0, n4: 1.5 }]])(
    'gives names of the weights %j their parts of the keys, within 4 of 100',
    (weights) => {
      const all = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
      for (const { id, weight } of of(weights)) {
        const part = keys.filter((key) => owner(key, of(weights)) === id).length / keys.length;
        expect(Math.abs(part - weight / all)).toBeLessThan(0.04);
      }
    },
  );

  it('gives nothing to a name without weight, also where there is no other', () => {
    for (const key of keys) expect(owner(key, of({ n1: 0, n2: 1 }))).toBe('n2');
    expect(rendezvousOwner('k', of({ n1: 0, n2: 0 }))).toBeUndefined();
  });

  it.each([
    ['grows', { n1: 1, n2: 1, n3: 0.25 }, { n1: 1, n2: 1, n3: 0.5 }],
    ['is there', { n1: 1, n2: 1, n3: 0 }, { n1: 1, n2: 1, n3: 0.25 }],
  ])('moves keys only to the name whose weight %s', (_, before, after) => {
    const moved = keys.filter((key) => owner(key, of(before)) !== owner(key, of(after)));
    expect(moved.length).toBeGreaterThan(0);
    for (const key of moved) expect(owner(key, of(after))).toBe('n3');
    expect(new Set(moved.map((key) => owner(key, of(before))))).toEqual(new Set(['n1', 'n2']));
  });

  it('keeps its hash, on which placement in running clusters rests', () => {
    expect(['', 'a', 'cart/7'].map(hash32)).toEqual([2872998923, 444641715, 562384764]);
    expect(shardOf('cart/7', 256)).toBe(([2872998923, 444641715, 562384764][2] ?? 0) % 256);
  });
});

describe('backoff', () => {
  const backoff = { firstMs: 10, maxMs: 100 };

  it.each([
    [1, 0, 5],
    [1, 0.5, 7.5],
    [2, 0, 10],
    [4, 0, 40],
    [5, 0, 50],
    [50, 0, 50],
    [5_000, 0.5, 75],
  ])('try %d by chance %d waits %d ms', (attempt, chance, wait) => {
    expect(backoffDelay(attempt, chance, backoff)).toBe(wait);
  });
});

describe('restart delay', () => {
  const second = 1_000;
  const minute = 60 * second;
  const day = 24 * 60 * minute;

  it.each([
    [0, 0, 0, 0],
    [Number.MAX_SAFE_INTEGER, 0, 0, 0],
    [Number.POSITIVE_INFINITY, 0, 7 * minute, 0],
    [0, 5 * minute, 7 * minute, 5 * minute],
    [2, 5 * second, 7 * second, 7 * second],
    [2, 5 * second, 7 * day, 20 * second],
    [29, 5 * minute, 10 * minute, 10 * minute],
    [29, 10_000 * day, 10_000 * day, 10_000 * day],
    [2 ** 31 - 1, 10_000 * day, 10_000 * day, 10_000 * day],
    [Number.MAX_SAFE_INTEGER, 10_000 * day, 10_000 * day, 10_000 * day],
  ])('after %d restarts, from %d to %d ms: %d ms', (count, minMs, maxMs, delay) => {
    expect(restartDelay(count, 0, { minMs, maxMs })).toBe(delay);
    expect(restartDelay(count, 0.5, { minMs, maxMs, jitter: 0 })).toBe(delay);
  });

  it('adds jitter after the cap, a fifth where nothing else is said', () => {
    expect(restartDelay(9, 0.5, { minMs: 100, maxMs: 1_000 })).toBe(1_100);
    expect(restartDelay(0, 0.5, { minMs: 100, maxMs: 1_000, jitter: 1 })).toBe(150);
  });

  it('grows by its factor, also by one that hardly grows', () => {
    expect(restartDelay(3, 0, { minMs: 10, maxMs: 1_000, factor: 3 })).toBe(270);
    expect(restartDelay(Number.MAX_SAFE_INTEGER, 0, { minMs: 10, maxMs: 1_000, factor: 1 })).toBe(10);
    expect(restartDelay(Number.MAX_SAFE_INTEGER, 0, { minMs: 10, maxMs: 1_000, factor: 1.000_1 })).toBe(1_000);
  });

  it('begins anew after half of both bounds, or as said', () => {
    expect(backoffResetMs({ minMs: 100, maxMs: 300 })).toBe(200);
    expect(backoffResetMs({ minMs: 100, maxMs: 300, resetAfterMs: 0 })).toBe(0);
  });
});
