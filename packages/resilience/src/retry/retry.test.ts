import { BreakerOpenError, FencedError, InvalidMessageError, OverloadedError, RateLimitedError } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { Call } from '../call.ts';
import { invoke } from '../policy/invoke.ts';
import { errorOf, failing, testWorld, through } from '../world.test-kit.ts';
import { attemptsOf } from './attempts.ts';
import { Retry, type RetryOptions } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';

const everyTen = { kind: 'constant', delayMs: 10 } as const;

function start(options: RetryOptions = {}) {
  const world = testWorld();
  return { ...world, retry: new Retry({ backoff: everyTen, ...options }, world.services) };
}

describe('a retry', () => {
  it('tries five times in all, and then rejects with the last error as it is', async () => {
    const { clock, retry } = start();
    const operation = failing(9);
    const error = await errorOf(clock.runUntilSettled(through(retry, operation)));
    expect(error).toEqual(new Error('try 5'));
    expect([operation.calls(), clock.monotonic()]).toEqual([5, 40]);
  });

  it('keeps the tries before beside the last error', async () => {
    const { clock, retry } = start({ tries: 3 });
    const error = await errorOf(clock.runUntilSettled(through(retry, failing(3))));
    expect(attemptsOf(error)).toEqual([
      { number: 1, error: new Error('try 1'), atMs: 0, waitedMs: 0 },
      { number: 2, error: new Error('try 2'), atMs: 10, waitedMs: 10 },
    ]);
  });

  it('rejects with what is no object as it is, and then nothing is kept', async () => {
    const { clock, retry } = start({ tries: 2 });
    const error = await errorOf(
      clock.runUntilSettled(
        through(
          retry,
          failing(2, (number) => `text ${number}`),
        ),
      ),
    );
    expect([error, attemptsOf(error)]).toEqual(['text 2', []]);
  });

  it('gives the result of the first try that succeeds, which knows its number', async () => {
    const { clock, retry } = start();
    const seen: number[] = [];
    const result = through(retry, async ({ attempt }) => {
      seen.push(attempt);
      if (attempt < 3) throw new Error('not yet');
      return 'done';
    });
    expect(await clock.runUntilSettled(result)).toBe('done');
    expect(seen).toEqual([1, 2, 3]);
  });

  it('hands the same call to all tries', async () => {
    const { clock, retry } = start();
    const seen = new Set<Call>();
    const call = new Call(failing(2));
    await clock.runUntilSettled(
      retry.run(call, (inner) => {
        seen.add(inner);
        return invoke(inner);
      }),
    );
    expect([...seen]).toEqual([call]);
  });
});

describe('what an error says', () => {
  it.each([
    [new InvalidMessageError('never'), 1, 0],
    [new FencedError('now'), 2, 0],
    [new OverloadedError('later'), 2, 10],
    [new Error('of others'), 2, 10],
    [new BreakerOpenError('later', { data: { retryAfterMs: 300 } }), 2, 310],
    [new RateLimitedError('later', { data: { retryAfterMs: 70 } }), 2, 80],
    [Object.assign(new Error('of another thread'), { code: 'cancelled' }), 1, 0],
  ])('decides: after %s there are %i tries, and the last at %i ms', async (failure, tries, atMs) => {
    const { clock, retry } = start({ tries: 2 });
    const operation = failing(9, () => failure);
    expect(await errorOf(clock.runUntilSettled(through(retry, operation)))).toBe(failure);
    expect([operation.calls(), clock.monotonic()]).toEqual([tries, atMs]);
  });

  it('gives way to a filter of one’s own', async () => {
    const { clock, retry } = start({ isRetryable: (error) => error instanceof Error && error.message === 'try 1' });
    const operation = failing(9);
    expect(await errorOf(clock.runUntilSettled(through(retry, operation)))).toEqual(new Error('try 2'));
  });
});

describe('a retry gives up at once', () => {
  it('where the wait would go past the deadline', async () => {
    const { clock, retry, events } = start();
    const operation = failing(9);
    const error = await errorOf(clock.runUntilSettled(through(retry, operation, { deadlineMs: 25 })));
    expect([error, operation.calls(), clock.monotonic()]).toEqual([new Error('try 3'), 3, 20]);
    expect(events.at(-1)).toEqual({ type: 'gave_up', number: 3, error, reason: 'deadline' });
  });

  it('where a breaker stays open past the deadline', async () => {
    const { clock, retry } = start();
    const open = new BreakerOpenError('open', { data: { retryAfterMs: 30 } });
    const operation = failing(9, () => open);
    await errorOf(clock.runUntilSettled(through(retry, operation, { deadlineMs: 25 })));
    expect([operation.calls(), clock.monotonic()]).toEqual([1, 0]);
  });

  it('where the budget is spent', async () => {
    const world = testWorld();
    const budget = new RetryBudget(world.clock, { share: 1, minPerSecond: 0 });
    const retry = new Retry({ backoff: everyTen, budget }, world.services);
    const operation = failing(9);
    const error = await errorOf(world.clock.runUntilSettled(through(retry, operation)));
    expect([error, operation.calls()]).toEqual([new Error('try 2'), 2]);
    expect(world.events.at(-1)).toMatchObject({ type: 'gave_up', reason: 'budget' });
  });

  it('where a backoff of one’s own says so', async () => {
    const { clock, retry } = start({ backoff: (count) => (count < 3 ? 1 : Number.POSITIVE_INFINITY) });
    const operation = failing(9);
    await errorOf(clock.runUntilSettled(through(retry, operation)));
    expect(operation.calls()).toBe(3);
  });

  it('where the caller cancels while it waits, and leaves no timer', async () => {
    const { clock, retry } = start();
    const caller = new AbortController();
    const operation = failing(9);
    const error = errorOf(through(retry, operation, { signal: caller.signal }));
    await clock.advance(15);
    caller.abort('enough');
    expect(await error).toMatchObject({ code: 'cancelled', cause: 'enough' });
    expect(attemptsOf(await error).map(({ number }) => number)).toEqual([1, 2]);
    expect([operation.calls(), clock.pending]).toEqual([2, 0]);
  });

  it('where the caller has cancelled while the try was under way', async () => {
    const { clock, retry } = start();
    const caller = new AbortController();
    const operation = failing(9);
    const cancelling = () => {
      caller.abort();
      return operation();
    };
    const error = await errorOf(clock.runUntilSettled(through(retry, cancelling, { signal: caller.signal })));
    expect([error, operation.calls()]).toEqual([new Error('try 1'), 1]);
  });
});

it('tuned, a retry goes by the new options and has still spent its budget', async () => {
  const { clock, retry } = start();
  await errorOf(clock.runUntilSettled(through(retry, failing(9))));
  retry.tune({ tries: 2, backoff: everyTen });
  await errorOf(clock.runUntilSettled(through(retry, failing(9))));
  expect(retry.inspect()).toMatchObject({ tries: 2, retries: 5, budget: { calls: 2, retries: 5 } });
});

it.each([
  [{ tries: 0 }, 'retry.tries'],
  [{ tries: 1.5 }, 'retry.tries'],
  [{ backoff: { kind: 'constant', delayMs: Number.POSITIVE_INFINITY } } as const, 'retry.backoff.delayMs'],
])('%j is refused by the path of the bad value', (options, path) => {
  expect(() => new Retry(options, testWorld().services)).toThrow(
    expect.objectContaining({ data: expect.objectContaining({ path }) }),
  );
});
