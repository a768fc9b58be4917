import { describe, expect, it } from 'vitest';
import { BreakerWindow } from './breaker-window.ts';

/** Twelve buckets of 5 s, as a breaker has them by default. */
const make = () => new BreakerWindow(5_000, 12);
const fail = (window: BreakerWindow, ...times: number[]) => {
  for (const time of times) window.count(time, true, false);
};

describe('the window of a breaker', () => {
  it('counts calls, failures and slow calls apart', () => {
    const window = make();
    window.count(0, false, false);
    window.count(1, true, false);
    window.count(2, false, true);
    window.count(3, true, true);
    expect([window.calls(3), window.failures(3), window.slow(3)]).toEqual([4, 2, 2]);
  });

  it('lets old failures leave bucket by bucket', () => {
    const window = make();
    fail(window, 1_000, 1_500, 7_000, 12_000);
    // Its buckets begin with the first of them: 1 s, 6 s, 11 s...
    expect([59_999, 60_999, 61_000, 65_999, 66_000, 70_999, 71_000].map((at) => window.failures(at))).toEqual([
      4, 4, 2, 2, 1, 1, 0,
    ]);
  });

  it('answers for a shorter span over the same buckets', () => {
    const window = make();
    fail(window, 0, 20_000, 29_999);
    expect([window.failures(29_999, 6), window.failures(30_000, 6), window.failures(30_000)]).toEqual([3, 2, 3]);
    expect([window.failures(50_000, 6), window.failures(50_000)]).toEqual([1, 3]);
  });

  it('begins with the first call after a rest that was longer than it', () => {
    const window = make();
    fail(window, 0, 500_001);
    fail(window, 505_000, 530_000);
    expect(window.failures(530_000, 6)).toBe(3);
    expect(window.failures(530_001, 6)).toBe(1);
  });

  it('keeps nothing once it is cleared', () => {
    const window = make();
    fail(window, 0, 12_000);
    window.clear();
    expect([window.calls(12_000), window.failures(12_000)]).toEqual([0, 0]);
    fail(window, 13_000);
    expect(window.failures(13_000)).toBe(1);
  });

  it('goes on in another process, whose clock shows another time', () => {
    const window = make();
    fail(window, 1_000, 7_000, 8_000);
    const data = structuredClone(window.export(9_000));
    const other = make();
    other.import(data, 700_000);
    for (const after of [0, 1_999, 2_000, 20_000, 51_999, 52_000, 56_999, 57_000, 80_000]) {
      expect([after, other.failures(700_000 + after)]).toEqual([after, window.failures(9_000 + after)]);
    }
    expect(other.export(900_000).counts).toEqual([]);
  });

  it('begins empty where the buckets were others', () => {
    const window = make();
    fail(window, 0);
    const other = new BreakerWindow(1_000, 12);
    other.import(window.export(0), 0);
    expect(other.calls(0)).toBe(0);
  });

  it('agrees with a list of the times, over many calls', () => {
    const window = make();
    const times: number[] = [];
    for (let at = 0, step = 1; at < 400_000; step = (step * 7_919) % 9_973, at += step) {
      fail(window, at);
      times.push(at);
      for (const buckets of [1, 6, 12]) {
        const since = Math.floor(at / 5_000) - buckets + 1;
        const expected = times.filter((time) => Math.floor(time / 5_000) >= since).length;
        expect(window.failures(at, buckets)).toBe(expected);
      }
    }
    expect(times.length).toBeGreaterThan(50);
  });
});
