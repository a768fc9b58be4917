import { SeededRandom } from '@jaegis/sim';
import { expect, it } from 'vitest';
import { Ring } from './ring.ts';

/** What a ring must do, in the plainest way. */
class Model {
  waiting: number[] = [];
  taken: number[] = [];

  shift(): number | undefined {
    const item = this.waiting.shift();
    if (item !== undefined) this.taken.push(item);
    return item;
  }
}

const seeds = Array.from({ length: 50 }, (_, seed) => seed);

it.each(seeds)('gives back what was pushed, in order, whatever is done in between (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const [ring, model] = [new Ring<number>(), new Model()];
  for (let step = 0; step < 2_000; step++) {
    const choice = random.next();
    if (choice < 0.5) {
      ring.push(step);
      model.waiting.push(step);
    } else if (choice < 0.85) {
      expect(ring.shift()).toBe(model.shift());
    } else if (choice < 0.9) {
      ring.unshift(step);
      model.waiting.unshift(step);
      model.taken = [];
    } else if (choice < 0.93) {
      if (model.waiting.length > 0) model.taken = [];
      expect(ring.drop()).toBe(model.waiting.shift());
    } else {
      const most = Math.floor(random.next() * 6);
      const kept: number[] = [];
      ring.forget(most, { record: (item) => kept.push(item) });
      // Slots that were needed again may have lost the oldest; what is kept are the newest, without a gap.
      expect(kept).toEqual(kept.length === 0 ? [] : model.taken.slice(-kept.length));
      expect(kept.length).toBeLessThanOrEqual(most);
      model.taken = [];
    }
    expect(ring.length).toBe(model.waiting.length);
  }
});

it('notes the newest of what was taken, the oldest first', () => {
  const ring = new Ring<number>();
  for (const item of [1, 2, 3, 4]) ring.push(item);
  for (let count = 0; count < 3; count++) ring.shift();
  const kept: number[] = [];
  ring.forget(2, { record: (item) => kept.push(item) });
  expect(kept).toEqual([2, 3]);
  expect(ring.taken).toBe(0);
});
