import { expect, test } from 'vitest';
import { type QueuedTimer, TimerQueue } from './timer-queue.ts';

function drain(queue: TimerQueue): QueuedTimer[] {
  const taken: QueuedTimer[] = [];
  for (let head = queue.head; head !== undefined; head = queue.head) {
    queue.remove(head);
    taken.push(head);
  }
  return taken;
}

/** The same numbers in every run, in no order. */
function scattered(count: number, below: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 7919 + 13) % below);
}

test('timers leave in the order of their due time, and as set where those are equal', () => {
  const queue = new TimerQueue();
  for (const due of scattered(500, 40)) queue.add(due, () => {});
  const left = drain(queue).map((timer) => [timer.dueMs, timer.order]);
  const sorted = [...left].sort(([a = 0, i = 0], [b = 0, j = 0]) => a - b || i - j);
  expect(left).toHaveLength(500);
  expect(left).toEqual(sorted);
});

test('a timer removed from the middle is gone and the others keep their order', () => {
  const queue = new TimerQueue();
  const timers = scattered(300, 1000).map((due) => queue.add(due, () => {}));
  const removed = timers.filter((_, i) => i % 3 === 1);
  for (const timer of removed) expect(queue.remove(timer)).toBe(true);
  const left = drain(queue);
  expect(left).toHaveLength(200);
  expect(left.some((timer) => removed.includes(timer))).toBe(false);
  expect(left.map((timer) => timer.dueMs)).toEqual(left.map((timer) => timer.dueMs).sort((a, b) => a - b));
});

test('removing a timer twice is no error and touches no other', () => {
  const queue = new TimerQueue();
  const first = queue.add(1, () => {});
  queue.add(2, () => {});
  expect(queue.remove(first)).toBe(true);
  expect(queue.remove(first)).toBe(false);
  expect(drain(queue)).toHaveLength(1);
});
