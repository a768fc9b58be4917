import { describe, expect, it } from 'vitest';
import { crashExit, normalExit, shutdownExit } from '../values/exit.ts';
import { backoffDelay } from './backoff.ts';
import { defaultFaultDetector, suspicion } from './fault-detector.ts';
import { hash32, rendezvousOwner, shardOf } from './rendezvous.ts';
import { restartIntensity } from './restart-intensity.ts';
import { restartPlan } from './restart-plan.ts';

describe('restart plan', () => {
  it.each([
    ['permanent', normalExit, 'restart'],
    ['permanent', shutdownExit, 'restart'],
    ['permanent', crashExit('x'), 'restart'],
    ['transient', normalExit, 'keep'],
    ['transient', shutdownExit, 'keep'],
    ['transient', crashExit('x'), 'restart'],
    ['temporary', normalExit, 'remove'],
    ['temporary', shutdownExit, 'remove'],
    ['temporary', crashExit('x'), 'remove'],
  ] as const)('a %s child after %o: %s', (type, exit, plan) => {
    expect(restartPlan(type, exit)).toBe(plan);
  });
});

describe('restart intensity', () => {
  const limit = { intensity: 2, periodMs: 1_000 };

  it.each([
    [[], 0, 'restart'],
    [[0], 10, 'restart'],
    [[0, 10], 20, 'give-up'],
    [[0, 10], 1_000, 'give-up'], // the one at 0 is just within the period
    [[0, 10], 1_001, 'restart'],
  ])('restarts at %j and one at %d: %s', (restarts, now, verdict) => {
    expect(restartIntensity(restarts, now, limit).verdict).toBe(verdict);
  });

  it('gives up at the first crash when the intensity is 0', () => {
    expect(restartIntensity([], 0, { intensity: 0, periodMs: 1 }).verdict).toBe('give-up');
  });

  it('forgets restarts that are older than the period', () => {
    expect(restartIntensity([0, 10], 5_000, limit).restarts).toEqual([5_000]);
  });
});

describe('rendezvous', () => {
  const names = ['n1', 'n2', 'n3', 'n4', 'n5'] as const;
  const keys = Array.from({ length: 2_000 }, (_, index) => `key-${index}`);

  it('picks the same owner whatever the order of the names', () => {
    for (const key of keys) expect(rendezvousOwner(key, names)).toBe(rendezvousOwner(key, names.toReversed()));
  });

  it('moves only what the name that went had held', () => {
    const left = names.filter((name) => name !== 'n3');
    for (const key of keys) {
      const before = rendezvousOwner(key, names);
      if (before !== 'n3') expect(rendezvousOwner(key, left)).toBe(before);
    }
  });

  it('gives each of five names a fifth of the keys, within a tenth of all', () => {
    for (const name of names) {
      const share = keys.filter((key) => rendezvousOwner(key, names) === name).length / keys.length;
      expect(share).toBeGreaterThan(0.1);
      expect(share).toBeLessThan(0.3);
    }
  });

  it('has no owner without names, and one with one', () => {
    expect(rendezvousOwner('k', [])).toBeUndefined();
    expect(rendezvousOwner('k', ['n1'])).toBe('n1');
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

describe('fault detector', () => {
  const evidence = { silentMs: 0, noResponders: false, ownLatenessMs: 0 };

  it.each([
    [{}, 'alive'],
    [{ silentMs: 249 }, 'alive'],
    [{ silentMs: 250 }, 'suspect'],
    [{ silentMs: 1_499 }, 'suspect'],
    [{ silentMs: 1_500 }, 'down'],
    [{ noResponders: true }, 'down'],
    [{ silentMs: 1_600, ownLatenessMs: 1_500 }, 'alive'],
    [{ silentMs: 2_000, ownLatenessMs: 400 }, 'down'],
  ])('%j is %s', (given, verdict) => {
    expect(suspicion({ ...evidence, ...given }, defaultFaultDetector)).toBe(verdict);
  });
});
