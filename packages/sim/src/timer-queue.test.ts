import { expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';
import { TimerQueue, type VirtualTimer } from './timer-queue.ts';

test('timers come by their time and then as they were set, whichever of them are taken out meanwhile', () => {
  const random = new SeededRandom('queue');
  const queue = new TimerQueue();
  const all = Array.from({ length: 2_000 }, (_, order): VirtualTimer => {
    return { dueMs: Math.floor(random.next() * 300), order, callback: () => {}, place: -1 };
  });
  for (const timer of all) queue.add(timer);
  const stay = all.filter((timer) => {
    const isCleared = random.next() < 0.5;
    if (isCleared) queue.remove(timer);
    return !isCleared;
  });
  expect(queue.size).toBe(stay.length);
  const fired: VirtualTimer[] = [];
  for (let next = queue.first; next !== undefined; next = queue.first) {
    queue.remove(next);
    queue.remove(next); // a second time changes nothing
    fired.push(next);
  }
  expect(fired).toEqual(stay.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order));
});
