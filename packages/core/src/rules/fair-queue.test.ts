import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

function takeAll(queue: FairQueue<string>, isNewestFirst = false): string {
  const taken: string[] = [];
  for (let item = queue.take(isNewestFirst); item !== undefined; item = queue.take(isNewestFirst)) taken.push(item);
  return taken.join(' ');
}

describe('a fair queue', () => {
  it('gives back by priority, and within a priority by arrival', () => {
    const queue = new FairQueue<string>();
    for (const [item, priority] of [
      ['a', 5],
      ['b', 9],
      ['c', 0],
      ['d', 5],
      ['e', 0],
    ] as const) {
      queue.add(item, priority);
    }
    expect(queue.size).toBe(5);
    expect(takeAll(queue)).toBe('c e a d b');
    expect([queue.size, queue.take()]).toEqual([0, undefined]);
  });

  it('goes round the tenants within a priority', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) queue.add(item, 5, item[0]);
    expect(takeAll(queue)).toBe('a1 b1 c1 a2 b2 a3');
  });

  it('gives a tenant of twice the weight twice the turns', () => {
    const queue = new FairQueue<string>();
    for (let n = 0; n < 6; n++) {
      queue.add('a', 5, 'a', 1);
      queue.add('B', 5, 'B', 2);
    }
    const firstNine = Array.from({ length: 9 }, () => queue.take()).filter((item) => item === 'B');
    expect(firstNine).toHaveLength(6);
  });

  it('lets a tenant that has one at a time not before those that have many', () => {
    const queue = new FairQueue<string>();
    for (let n = 0; n < 4; n++) queue.add('many', 5, 'many');
    const served: (string | undefined)[] = [];
    for (let n = 0; n < 4; n++) {
      queue.add('one', 5, 'one');
      served.push(queue.take(), queue.take());
    }
    expect(served).toEqual(['many', 'one', 'many', 'one', 'many', 'one', 'many', 'one']);
  });

  it('is not held up by tenants that each come once', () => {
    const queue = new FairQueue<string>();
    queue.add('old', 5, 'old');
    queue.add('old', 5, 'old');
    const served: (string | undefined)[] = [];
    for (let n = 0; n < 4; n++) {
      queue.add(`new${n}`, 5, `new${n}`);
      served.push(queue.take());
    }
    expect(served).toEqual(['old', 'new0', 'old', 'new1']);
  });

  it('lets any item leave, once', () => {
    const queue = new FairQueue<string>();
    const places = ['a1', 'a2', 'a3', 'b1'].map((item) => queue.add(item, 5, item[0]));
    const [, second, , only] = places;
    if (second === undefined || only === undefined) throw new Error('four were added');
    expect([queue.remove(second), queue.remove(second), queue.remove(only)]).toEqual([true, false, true]);
    expect([queue.size, takeAll(queue)]).toEqual([2, 'a1 a3']);
  });

  it('gives the newest first where it is told to', () => {
    const queue = new FairQueue<string>();
    for (const item of ['1', '2', '3']) queue.add(item, 5);
    queue.add('urgent', 0);
    expect(takeAll(queue, true)).toBe('urgent 3 2 1');
  });

  it('takes off the first ones of every tenant and priority while they are such', () => {
    const queue = new FairQueue<string>();
    for (const [item, priority] of [
      ['old a', 5],
      ['new a', 5],
      ['old b', 5],
      ['old c', 9],
    ] as const) {
      queue.add(item, priority, item.slice(-1));
    }
    expect(queue.removeFirstWhile((item) => item.startsWith('old'))).toEqual(['old a', 'old b', 'old c']);
    expect(takeAll(queue)).toBe('new a');
  });

  it('counts a priority beyond its range as the nearest', () => {
    const queue = new FairQueue<string>();
    for (const [item, priority] of [
      ['last', 99],
      ['first', -1],
      ['broken', Number.NaN],
    ] as const) {
      queue.add(item, priority);
    }
    expect(takeAll(queue)).toBe('first broken last');
  });
});
