import { SeededRandom } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import { fixed } from './fixed.ts';
import { gradient } from './gradient.ts';
import { vegas } from './vegas.ts';

/** A server that does `capacity` calls at once, in some 100 ms each; the others wait there. Its callers always want more. */
class Server {
  capacity: number;
  serviceMs = 100;
  readonly #limit: AdaptiveLimit;
  readonly #random = new SeededRandom(7);
  readonly #freeAtMs: number[];
  #underWay: { readonly beganMs: number; readonly endsMs: number; readonly inFlight: number }[] = [];
  #nowMs = 0;

  constructor(limit: AdaptiveLimit, capacity: number) {
    this.#limit = limit;
    this.capacity = capacity;
    this.#freeAtMs = Array.from({ length: capacity }, () => 0);
  }

  /** Does so many calls. @returns The mean of the limit over the last half of them. */
  serve(calls: number): number {
    const limits: number[] = [];
    for (let done = 0; done < calls; done++) {
      while (this.#underWay.length < this.#limit.limit) this.#begin();
      this.#underWay.sort((a, b) => a.endsMs - b.endsMs);
      const first = this.#underWay.shift();
      if (first === undefined) throw new Error('something is always under way');
      this.#nowMs = first.endsMs;
      limits.push(this.#limit.onSample(first.endsMs - first.beganMs, first.inFlight, false));
    }
    const half = limits.slice(calls / 2);
    return half.reduce((sum, limit) => sum + limit, 0) / half.length;
  }

  #begin(): void {
    while (this.#freeAtMs.length > this.capacity)
      this.#freeAtMs.splice(this.#freeAtMs.indexOf(Math.max(...this.#freeAtMs)), 1);
    while (this.#freeAtMs.length < this.capacity) this.#freeAtMs.push(this.#nowMs);
    const earliest = this.#freeAtMs.indexOf(Math.min(...this.#freeAtMs));
    const startsMs = Math.max(this.#nowMs, this.#freeAtMs[earliest] ?? 0);
    const endsMs = startsMs + this.serviceMs * (0.8 + 0.4 * this.#random.next());
    this.#freeAtMs[earliest] = endsMs;
    this.#underWay.push({ beganMs: this.#nowMs, endsMs, inFlight: this.#underWay.length + 1 });
  }
}

describe.each([
  ['gradient', () => gradient()],
  ['vegas', () => vegas()],
])('the %s limit', (_, make) => {
  it.each([5, 20, 100])('finds what a server of %d at once can do, from below or from above', (capacity) => {
    const found = new Server(make(), capacity).serve(10_000);
    expect(found).toBeGreaterThan(capacity * 0.9);
    expect(found).toBeLessThan(capacity * 1.7 + 2);
  });

  it('follows when the server can do less, and when it can do more again', () => {
    const server = new Server(make(), 60);
    server.serve(6_000);
    server.capacity = 15;
    const less = server.serve(6_000);
    server.capacity = 60;
    const more = server.serve(6_000);
    expect([less > 14, less < 28, more > 54, more < 100]).toEqual([true, true, true, true]);
  });

  it('is not shy for long when each call takes longer than before, although none waits', () => {
    const server = new Server(make(), 40);
    server.serve(4_000);
    server.serviceMs = 300;
    const found = server.serve(8_000);
    expect([found > 34, found < 70]).toEqual([true, true]);
  });

  it('does not grow where callers do not ask for as much as they may', () => {
    const limit = make();
    for (let call = 0; call < 900; call++) limit.onSample(100, 3, false);
    expect(limit.limit).toBe(20);
  });

  it('is lowered once by all that are dropped together, and again by the next', () => {
    const limit = make();
    const lowered = Array.from({ length: 21 }, () => limit.onSample(0, 20, true));
    expect(new Set(lowered)).toEqual(new Set([18]));
    for (let call = 0; call < 30; call++) limit.onSample(0, 20, true);
    expect(limit.limit).toBeLessThan(18);
  });
});

it('a limit stays within its bounds', () => {
  const limit = gradient({ initial: 10, min: 8, max: 12 });
  for (let call = 0; call < 100; call++) limit.onSample(0, 12, true);
  expect(limit.limit).toBe(8);
  for (let call = 0; call < 500; call++) limit.onSample(100, 12, false);
  expect(limit.limit).toBe(12);
});

it('a fixed limit learns nothing', () => {
  const limit = fixed(3);
  expect([limit.onSample(100, 3, true), limit.limit]).toEqual([3, 3]);
});

it.each([
  ['limit', () => fixed(0)],
  ['limit.min', () => vegas({ min: 0 })],
  ['limit.max', () => vegas({ min: 5, max: 4 })],
  ['limit.initial', () => gradient({ initial: 1.5 })],
  ['limit.probeEvery', () => gradient({ probeEvery: 0 })],
  ['limit.tolerance', () => gradient({ tolerance: 0.9 })],
  ['limit.smoothing', () => gradient({ smoothing: 0 })],
])('a bad %s is refused by its name', (path, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_config', data: expect.objectContaining({ path }) }));
});
