/** Bulkheads: what is beyond their limit waits, what is beyond their line is refused. */

import { Bulkhead, Call, type CallOptions } from '@jaegis/resilience';
import { VirtualClock } from '@jaegis/sim';
import { expect, it } from 'vitest';

/** Two at once, two that wait. Calls begin with their name and end when they are told to. */
function openBulkhead() {
  const clock = new VirtualClock();
  const bulkhead = new Bulkhead(clock, { name: 'orders', limit: 2, maxQueue: 2 });
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const call = (name: string, options: CallOptions = {}): Promise<unknown> => {
    const outcome = bulkhead.run(new Call(() => name, options), () => {
      began.push(name);
      return new Promise((resolve) => ends.set(name, () => resolve(name)));
    });
    outcome.catch(() => {});
    return outcome;
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await clock.advance(0);
  };
  return { bulkhead, began, call, end };
}

it('B13: what is beyond the limit waits and begins when a slot is free', async () => {
  const { bulkhead, began, call, end } = openBulkhead();
  const outcomes = ['a', 'b', 'c', 'd'].map((name) => call(name));
  expect([began, bulkhead.stats]).toEqual([['a', 'b'], { limit: 2, inFlight: 2, queued: 2, refused: 0 }]);
  for (const name of ['b', 'a', 'c', 'd']) await end(name);
  expect([began, await Promise.all(outcomes)]).toEqual([
    ['a', 'b', 'c', 'd'],
    ['a', 'b', 'c', 'd'],
  ]);
});

it('B13: what is beyond the queue is refused without having begun', async () => {
  const { bulkhead, began, call } = openBulkhead();
  for (const name of ['a', 'b', 'c', 'd']) void call(name);
  await expect(call('e')).rejects.toMatchObject({
    code: 'overloaded',
    retry: 'later',
    data: { bulkhead: 'orders', limit: 2, queued: 2 },
  });
  expect([began.includes('e'), bulkhead.stats.refused]).toEqual([false, 1]);
});

it('B13: a cancelled waiter frees its place', async () => {
  const { bulkhead, began, call, end } = openBulkhead();
  const abort = new AbortController();
  for (const name of ['a', 'b']) void call(name);
  const cancelled = call('c', { signal: abort.signal });
  void call('d');
  abort.abort(new Error('enough'));
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled', cause: { message: 'enough' } });
  expect(bulkhead.stats.queued).toBe(1);
  void call('e');
  for (const name of ['a', 'b']) await end(name);
  expect(began).toEqual(['a', 'b', 'd', 'e']);
});

it('B13: the order is kept within a priority', async () => {
  const { bulkhead, began, call, end } = openBulkhead();
  bulkhead.tune({ limit: 1, maxQueue: 6 });
  void call('running');
  for (const priority of [5, 0, 9]) {
    for (const nth of [1, 2]) void call(`${priority}/${nth}`, { priority });
  }
  for (const name of ['running', '0/1', '0/2', '5/1', '5/2', '9/1', '9/2']) await end(name);
  expect(began).toEqual(['running', '0/1', '0/2', '5/1', '5/2', '9/1', '9/2']);
});
