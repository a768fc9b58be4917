import { expect, it } from 'vitest';
import type { CallInfo } from './call.ts';
import { Timeout } from './timeout.ts';
import { errorOf, slow, testWorld, through } from './world.test-kit.ts';

function start(timeoutMs = 100) {
  const world = testWorld();
  return { ...world, timeout: new Timeout({ timeoutMs, name: 'prices' }, world.services) };
}

it('what ends in time keeps its result or its error, and is told its deadline', async () => {
  const { clock, timeout, events } = start();
  let seen: CallInfo | undefined;
  const result = through(timeout, (call) => {
    seen = call;
    return slow(clock, 99, () => 'done')();
  });
  expect(await clock.runUntilSettled(result)).toBe('done');
  expect(seen?.deadlineMs).toBe(100);
  const failure = new Error('as asked');
  expect(await errorOf(through(timeout, () => Promise.reject(failure)))).toBe(failure);
  await clock.advance(1_000);
  expect(events).toEqual([]);
});

it('what takes too long rejects with its name and time, and its signal aborts with the same error', async () => {
  const { clock, timeout, events } = start();
  let signal: AbortSignal | undefined;
  const result = through(timeout, (call) => {
    signal = call.signal;
    return new Promise(() => {});
  });
  const error = await errorOf(clock.runUntilSettled(result));
  expect(error).toMatchObject({ code: 'operation_timeout', data: { timeoutMs: 100, name: 'prices' } });
  expect([signal?.aborted, signal?.reason, clock.monotonic()]).toEqual([true, error, 100]);
  expect(events).toEqual([{ type: 'timeout', part: 'timeout', timeoutMs: 100 }]);
});

it.each(['result', 'error'])('a late %s is dropped', async (kind) => {
  const { clock, timeout } = start();
  const late = slow(clock, 150, () => {
    if (kind === 'error') throw new Error('late');
    return 'late';
  });
  const error = await errorOf(clock.runUntilSettled(through(timeout, late)));
  expect(error).toMatchObject({ code: 'operation_timeout' });
  await clock.advance(100);
});

it('a deadline of the call that is sooner counts instead', async () => {
  const { clock, timeout } = start();
  await clock.advance(10);
  let seen: CallInfo | undefined;
  const result = through(
    timeout,
    (call) => {
      seen = call;
      return new Promise(() => {});
    },
    { deadlineMs: 40 },
  );
  expect(await errorOf(clock.runUntilSettled(result))).toMatchObject({ data: { timeoutMs: 30 } });
  expect([seen?.deadlineMs, clock.monotonic()]).toEqual([40, 40]);
});

it('a call that comes after its deadline is not begun', async () => {
  const { clock, timeout } = start();
  await clock.advance(50);
  let isCalled = false;
  const result = through(timeout, () => (isCalled = true), { deadlineMs: 50 });
  expect(await errorOf(result)).toMatchObject({ code: 'operation_timeout' });
  expect(isCalled).toBe(false);
});

it('calls that wait equally long share one timer, and leave none of their own behind', async () => {
  const { clock, timeout } = start();
  const results = Array.from({ length: 100 }, () =>
    through(
      timeout,
      slow(clock, 5, () => 'done'),
    ),
  );
  expect(clock.pending).toBe(101);
  await clock.runUntilSettled(Promise.all(results));
  expect(clock.pending).toBe(1);
});

it('its deadline is for what is inside: the call outside keeps its own', async () => {
  const { clock, timeout } = start();
  const outside: number[] = [];
  await through(timeout, (call) => outside.push(call.deadlineMs), { deadlineMs: 5_000 });
  expect(outside).toEqual([100]);
  timeout.tune({ timeoutMs: 20 });
  await through(timeout, (call) => outside.push(call.deadlineMs), { deadlineMs: 5_000 });
  expect(outside).toEqual([100, 20]);
  expect(clock.monotonic()).toBe(0);
});

it('where only the call’s own deadline counts and there is none, the call goes on as it is', async () => {
  const { timeout } = start(Number.POSITIVE_INFINITY);
  expect(await through(timeout, (call) => call.deadlineMs)).toBe(Number.POSITIVE_INFINITY);
});

it('no time at all is refused', () => {
  expect(() => start(0)).toThrow(expect.objectContaining({ data: { path: 'timeoutMs', value: 0 } }));
});
