/** Pekko's AccrualFailureDetectorSpec, and its registry of detectors. Beats come every second where nothing else is said. */

import { Pulse, Watch } from '@jaegis/cluster';
import { emptyView, IntervalHistory, incarnation, nodeId, PhiAccrual, phi, silentLogger, viewWith } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { expect, it } from 'vitest';

const defaults = { threshold: 8, maxSamples: 1_000, minStdDevMs: 100, acceptablePauseMs: 0, firstEstimateMs: 1_000 };

/** A detector that has had beats after each of these intervals, and one at 0. */
function beaten(intervals: readonly number[], settings: Partial<typeof defaults> = {}) {
  const detector = new PhiAccrual({ ...defaults, ...settings });
  let nowMs = 0;
  detector.beat(nowMs);
  for (const interval of intervals) {
    nowMs += interval;
    detector.beat(nowMs);
  }
  return { detector, nowMs };
}

it.each([
  [0, 0, 10, 0.5],
  [6, 0, 10, 0.7257],
  [15, 0, 10, 0.9332],
  [20, 0, 10, 0.97725],
  [25, 0, 10, 0.99379],
  [35, 0, 10, 0.99977],
  [40, 0, 10, 0.99997],
  [22, 20, 3, 0.7475],
])('PHI:good enough CDF: after %i with mean %i and deviation %i it is %d', (since, mean, deviation, share) => {
  expect(Math.abs(1 - 10 ** -phi(since, mean, deviation) - share)).toBeLessThan(0.001);
});

it('PHI:good enough CDF: it grows with the silence', () => {
  const all = Array.from({ length: 41 }, (_, since) => phi(since, 0, 10));
  expect(all.slice(1).every((value, index) => value > (all[index] ?? 0))).toBe(true);
});

it.each([
  [0, 0],
  [500, 0.1],
  [1_000, 0.3],
  [1_200, 1.6],
  [1_400, 4.7],
  [1_600, 10.8],
  [1_700, 15.3],
])('PHI:realistic values: after %i ms it is %d', (since, value) => {
  expect(Math.abs(phi(since, 1_000, 100) - value)).toBeLessThanOrEqual(0.1);
});

it('PHI:realistic values: the more beats deviate, the lower it is', () => {
  expect([phi(1_100, 1_000, 500), phi(1_100, 1_000, 100)]).toEqual([expect.closeTo(0.376, 3), expect.closeTo(0.8, 3)]);
});

it('PHI:0.0 on startup', () => {
  const detector = new PhiAccrual(defaults);
  expect([detector.phi(5_000), detector.isAvailable(5_000), detector.isMonitoring]).toEqual([0, true, false]);
});

it('PHI:guess when only one heartbeat', () => {
  const { detector } = beaten([]);
  expect(Math.abs(detector.phi(1_000) - 0.3)).toBeLessThanOrEqual(0.2);
  expect(Math.abs(detector.phi(2_000) - 4.5)).toBeLessThanOrEqual(0.3);
  expect(detector.phi(3_000)).toBeGreaterThan(15);
});

it('PHI:first interval after second heartbeat', () => {
  const one = beaten([]);
  expect(one.detector.phi(one.nowMs + 100)).toBeGreaterThan(0);
  const two = beaten([100]);
  expect(two.detector.phi(two.nowMs + 100)).toBeGreaterThan(0);
});

it('PHI:available again after failure', () => {
  const { detector, nowMs } = beaten(Array(1_000).fill(1_000), { acceptablePauseMs: 3_000 });
  let now = nowMs + 5 * 60_000;
  const story = [detector.isAvailable(now)];
  const beat = (afterMs: number) => {
    now += afterMs;
    detector.beat(now);
  };
  beat(100);
  beat(900);
  story.push(detector.isAvailable(now + 100));
  now += 7_000;
  story.push(detector.isAvailable(now));
  beat(100);
  beat(900);
  story.push(detector.isAvailable(now + 100));
  beat(1_000);
  story.push(detector.isAvailable(now + 900));
  expect(story).toEqual([false, true, false, true, true]);
});

it('PHI:accept configured missing heartbeats', () => {
  const { detector, nowMs } = beaten([1_000, 1_000, 1_000], { acceptablePauseMs: 3_000 });
  expect(detector.isAvailable(nowMs + 4_000)).toBe(true);
});

it('PHI:maxSampleSize', () => {
  const settings = { maxSamples: 3 };
  const quick = beaten([100, 100, 100, 100], settings);
  const slowThenQuick = beaten([500, 500, 500, 500, 100, 100, 100], settings);
  const after = ({ detector, nowMs }: typeof quick) => detector.phi(nowMs + 250);
  expect(after(slowThenQuick)).toBeCloseTo(after(quick), 9);
});

it('PHI:history mean/variance', () => {
  const of = (intervals: readonly number[], most = 20) => {
    const history = new IntervalHistory(most);
    for (const interval of intervals) history.add(interval);
    return [history.mean, history.variance].map((value) => Number(value.toFixed(3)));
  };
  expect(of([100, 200, 125, 340, 130])).toEqual([179, 7_584]);
  expect(of([100])).toEqual([100, 0]);
  expect(of([100, 110, 90], 3)).toEqual([100, 66.667]);
  expect(of([100, 110, 90, 140], 3)).toEqual([113.333, 422.222]);
  expect(of([100, 110, 90, 140, 80], 3)).toEqual([103.333, 688.889]);
});

it('PHIrg:registry (6): each member has a detector of its own, which ends and begins with its being watched', async () => {
  const { clock, connect } = createSimWorld({ seed: 1 });
  const [self, a, b] = ['n0', 'a', 'b'].map((id) => ({ id: nodeId(id), incarnation: incarnation(`${id}-1`) }));
  if (!self || !a || !b) throw new Error('three members were made');
  const watch = new Watch({ cluster: 'c', transport: connect('n0').transport, clock, logger: silentLogger });
  const { transport, heart } = connect('a');
  const load = () => ({ index: 0, epoch: 0, waiting: 0, heapBytes: 0, ready: true });
  const pulse = new Pulse({
    cluster: 'c',
    transport,
    clock,
    logger: silentLogger,
    heart: heart({ cluster: 'c' }),
    load,
  });
  await clock.runUntilSettled(pulse.start(a));
  const both = viewWith(viewWith(emptyView, a), b);
  watch.follow(both, self);
  const look = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      await clock.advance(50);
      watch.look(clock.monotonic(), 0);
    }
    return [watch.sightOf(a), watch.sightOf(b)];
  };
  expect(await look(3_000)).toEqual(['alive', 'gone']); // the beats of a are no help to b
  watch.follow(viewWith(emptyView, a), self);
  expect(await look(50)).toEqual(['alive', undefined]);
  watch.follow(both, self);
  expect(await look(50)).toEqual(['alive', 'alive']);
  watch.close();
});
