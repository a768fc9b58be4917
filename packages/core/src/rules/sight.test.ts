import { describe, expect, it } from 'vitest';
import { incarnation, nodeId } from '../values/node-id.ts';
import { decodeBeat, encodeBeat, Heartbeat } from './heartbeat.ts';
import { PhiAccrual } from './phi-accrual.ts';
import { condemns, defaultHealth, phiSettings, sightOf } from './sight.ts';

const member = { id: nodeId('n1'), incarnation: incarnation('1') };
const load = { index: 3, epoch: 2, waiting: 0, heapBytes: 0, ready: true };

describe('what a node is seen as', () => {
  const quiet = { silentMs: 0, phi: 0, isGone: false };
  const beat = { loopMs: 0, pathMs: 0, ready: true };

  it.each([
    [{}, {}, 'alive'],
    [{ silentMs: 599, phi: 99 }, {}, 'alive'],
    [{ silentMs: 600, phi: 8 }, {}, 'silent'],
    [{ silentMs: 1_999, phi: 7.9 }, {}, 'alive'],
    [{ silentMs: 2_000, phi: 1 }, {}, 'silent'],
    [{ silentMs: 2_000, phi: 99, isGone: true }, {}, 'gone'],
    [{}, { loopMs: 299 }, 'alive'],
    [{}, { loopMs: 300, pathMs: 5_000, ready: false }, 'stalled'],
    [{}, { pathMs: 1_499 }, 'alive'],
    [{}, { pathMs: 1_500, ready: false }, 'cut_off'],
    [{}, { ready: false }, 'not_ready'],
    [{ silentMs: 700, phi: 20 }, { loopMs: 300 }, 'silent'],
  ])('%j with a beat of %j is %s', (signs, said, sight) => {
    expect(sightOf({ ...quiet, ...signs, beat: { ...beat, ...said } }, defaultHealth)).toBe(sight);
  });

  /** The silence from which a node counts as silent whose beats came at these intervals. */
  function accusedAfter(intervals: readonly number[]): number {
    const detector = new PhiAccrual(phiSettings(defaultHealth));
    let nowMs = 0;
    for (const interval of [0, ...intervals]) {
      nowMs += interval;
      detector.beat(nowMs);
    }
    const at = (silentMs: number) =>
      sightOf({ silentMs, phi: detector.phiAfter(silentMs), isGone: false, beat }, defaultHealth);
    let silentMs = 0;
    while (at(silentMs) === 'alive') silentMs += 5;
    return silentMs;
  }

  it('is silent after the floor where beats are regular, later where they are not, and never after more than the bound', () => {
    expect(accusedAfter([])).toBe(600);
    expect(accusedAfter(Array(100).fill(100))).toBe(600);
    const irregular = accusedAfter(Array.from({ length: 100 }, (_, index) => (index % 2 ? 20 : 220)));
    expect(irregular).toBeGreaterThan(800);
    expect(irregular).toBeLessThan(1_000);
    const worse = [400, 800, 1_200, 1_600].flatMap((most) =>
      Array.from({ length: 100 }, (_, index) => (index % 2 ? 20 : most)),
    );
    expect(accusedAfter(worse)).toBe(2_000);
  });
});

describe('an observation condemns', () => {
  const seen = { of: member, by: member, silentMs: 0, phi: 0 };

  it.each([
    [{ sees: 'gone' }, true],
    [{ sees: 'silent', silentMs: 600 }, true],
    [{ sees: 'silent', silentMs: 40 }, false],
    [{ sees: 'stalled', loopMs: 9_999 }, false],
    [{ sees: 'stalled', loopMs: 10_000 }, true],
    [{ sees: 'cut_off', pathMs: 1_500 }, true],
    [{ sees: 'cut_off', pathMs: 0 }, false],
    [{ sees: 'not_ready' }, false],
    [{ sees: 'alive' }, false],
  ] as const)('%j: %s', (given, verdict) => {
    expect(condemns({ ...seen, ...given }, defaultHealth)).toBe(verdict);
  });
});

describe('a heart', () => {
  const settings = { stalledAfterMs: 300, lookMs: 50 };
  /** It looks at its node all the while. */
  const live = (heart: Heartbeat, fromMs: number, untilMs: number) => {
    for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 50) heart.loopMs(nowMs);
  };

  it('says how its node was at its last turn, and how long ago that is', () => {
    const heart = new Heartbeat(member, 1_000, settings);
    live(heart, 1_000, 1_100);
    heart.turned(1_100, load);
    heart.heard(1_110);
    expect(heart.beat(1_150)).toEqual({ ...load, ...member, loopMs: 50, pathMs: 40 });
  });

  it('does not hold against the path that a loop which stands still sends nothing', () => {
    const heart = new Heartbeat(member, 0, settings);
    heart.turned(100, load);
    heart.heard(100);
    live(heart, 100, 5_100);
    expect(heart.beat(5_100)).toMatchObject({ loopMs: 5_000, pathMs: 0 });
    heart.turned(5_100, load);
    expect(heart.beat(5_150)).toMatchObject({ loopMs: 50, pathMs: 50 });
  });

  it('says that the path is dead where the loop turns and nothing comes', () => {
    const heart = new Heartbeat(member, 0, settings);
    for (let nowMs = 50; nowMs <= 2_000; nowMs += 50) {
      heart.turned(nowMs, load);
      heart.loopMs(nowMs);
    }
    expect(heart.beat(2_000)).toMatchObject({ loopMs: 0, pathMs: 2_000 });
  });

  it('counts nothing against loop and path of the time in which it stood still itself', () => {
    const heart = new Heartbeat(member, 0, settings);
    live(heart, 0, 50);
    heart.turned(60, load);
    heart.heard(70);
    live(heart, 100, 100);
    expect(heart.beat(5_100)).toMatchObject({ loopMs: 90, pathMs: 80 });
  });

  it('names who holds the loop until it turns again', () => {
    const heart = new Heartbeat(member, 0, settings);
    heart.named({ actor: 'n1/user/a', at: 'f (a.ts:1:1)' });
    live(heart, 0, 400);
    expect(heart.beat(400)).toMatchObject({ actor: 'n1/user/a', at: 'f (a.ts:1:1)' });
    heart.turned(500, load);
    expect(heart.beat(500)).not.toHaveProperty('actor');
  });

  it('is read as it was written, and what is no beat is none', () => {
    const beat = new Heartbeat(member, 0, settings).beat(10);
    expect(decodeBeat(encodeBeat(beat))).toEqual(beat);
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    for (const other of [7, null, [], {}, { ...beat, loopMs: '1' }, { ...beat, ready: 1 }, { ...beat, missing: 'x' }]) {
      expect(decodeBeat(bytes(other))).toBeUndefined();
    }
    expect(decodeBeat(new Uint8Array([1, 2]))).toBeUndefined();
  });
});
