/** Timeouts, retries, their budget, and the order in which they are joined: what a policy promises to its callers. */

import { InvalidMessageError } from '@jaegis/core';
import { attemptsOf, createPolicy, type PolicyOptions, RetryBudget } from '@jaegis/resilience';
import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { expect, it, onTestFinished } from 'vitest';
import { nextTurn } from '../support/next-turn.ts';

const everyTen = { kind: 'constant', delayMs: 10 } as const;

function start<Fallen = never>(options: PolicyOptions<Fallen>, clock = new VirtualClock()) {
  return { clock, policy: createPolicy(options, { clock, random: new SeededRandom(1) }) };
}

/** Fails always, each time with an error that has its number. */
function failing() {
  let calls = 0;
  const operation = async () => {
    calls += 1;
    throw new Error(`try ${calls}`);
  };
  return Object.assign(operation, { calls: () => calls });
}

const after = (clock: VirtualClock, ms: number) => new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
const caught = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error);

it('B14: the operation gets an aborted signal, whose reason is what the caller gets', async () => {
  const { clock, policy } = start({ timeoutMs: 50, name: 'prices' });
  let signal: AbortSignal | undefined;
  const error = await clock.runUntilSettled(
    caught(
      policy.run((call) => {
        signal = call.signal;
        return new Promise(() => {});
      }),
    ),
  );
  expect(error).toMatchObject({ code: 'operation_timeout', data: { timeoutMs: 50, name: 'prices' } });
  expect([signal?.aborted, signal?.reason]).toEqual([true, error]);
  expect(clock.monotonic()).toBe(50);
});

it('B14: a late result is dropped', async () => {
  const { clock, policy } = start({ timeoutMs: 50 });
  let isLate = false;
  const outcome = policy.outcome(async () => {
    await after(clock, 80);
    isLate = true;
    return 'late';
  });
  await clock.advance(100);
  expect(isLate).toBe(true);
  expect(await outcome).toMatchObject({ ok: false, tookMs: 50, error: { code: 'operation_timeout' } });
});

it('B14: a late rejection is not unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const { clock, policy } = start({ timeoutMs: 100, tryTimeoutMs: 20, retry: { tries: 2 }, hedge: { delayMs: 5 } });
  const error = caught(
    policy.run(async () => {
      await after(clock, 200);
      throw new Error('late');
    }),
  );
  await clock.advance(1_000);
  await nextTurn();
  expect(await error).toMatchObject({ code: 'operation_timeout' });
  expect(unhandled).toEqual([]);
});

it('B15: it gives up at once on what is permanent by the error itself, or by a filter', async () => {
  const { clock, policy } = start({ retry: { backoff: everyTen } });
  let calls = 0;
  const refusing = () => {
    calls += 1;
    throw new InvalidMessageError('no such message');
  };
  expect(await caught(policy.run(refusing))).toMatchObject({ code: 'invalid_message' });
  const operation = failing();
  policy.tune({ retry: { isRetryable: () => false } });
  expect(await caught(policy.run(operation))).toEqual(new Error('try 1'));
  expect([calls, operation.calls(), clock.monotonic()]).toEqual([1, 1, 0]);
});

it('B15: a wait ends with the caller, and there is no other try', async () => {
  const { clock, policy } = start({ retry: { backoff: { kind: 'constant', delayMs: 60_000 } } });
  const caller = new AbortController();
  const operation = failing();
  const error = caught(policy.run(operation, { signal: caller.signal }));
  await clock.advance(5);
  caller.abort('gone');
  expect(await error).toMatchObject({ code: 'cancelled', cause: 'gone' });
  expect([operation.calls(), clock.pending, clock.monotonic()]).toEqual([1, 0, 5]);
  expect(attemptsOf(await error).map((attempt) => attempt.error)).toEqual([new Error('try 1')]);
});

it('B15: the last error is what rejects, unchanged, and carries those before', async () => {
  const { clock, policy } = start({ retry: { tries: 3, backoff: everyTen } });
  const error = await clock.runUntilSettled(caught(policy.run(failing())));
  expect(error).toEqual(new Error('try 3'));
  expect(Object.keys(error ?? {})).toEqual([]);
  expect(attemptsOf(error)).toEqual([
    { number: 1, error: new Error('try 1'), atMs: 0, waitedMs: 0 },
    { number: 2, error: new Error('try 2'), atMs: 10, waitedMs: 10 },
  ]);
});

it('B16: the retries of all policies that share it are bounded, however many calls fail', async () => {
  const clock = new VirtualClock();
  const budget = new RetryBudget(clock, { share: 0.2, minPerSecond: 1 });
  const policies = [1, 2, 3].map(() => start({ retry: { backoff: everyTen, budget } }, clock).policy);
  const operation = failing();
  const calls = policies.flatMap((policy) => Array.from({ length: 100 }, () => caught(policy.run(operation))));
  await clock.runUntilSettled(Promise.all(calls));
  expect(operation.calls() - calls.length).toBe(0.2 * 300 + 10 * 1);
});

it('B16: in any ten seconds of a long outage the retries stay within it', async () => {
  const clock = new VirtualClock();
  const budget = new RetryBudget(clock);
  const { policy } = start({ retry: { backoff: { kind: 'constant', delayMs: 300 }, budget } }, clock);
  const [calls, retries]: [number[], number[]] = [[], []];
  policy.onEvent((event) => event.type === 'retry' && retries.push(clock.monotonic()));
  const random = new SeededRandom(3);
  for (let step = 0; step < 300; step++) {
    calls.push(...Array(10).fill(clock.monotonic()));
    for (let count = 0; count < 10; count++) void caught(policy.run(failing()));
    await clock.advance(50 + 100 * random.next());
  }
  const between = (times: readonly number[], fromMs: number, toMs: number) =>
    times.filter((atMs) => atMs >= fromMs && atMs <= toMs).length;
  // Its slots are of a second, so the oldest of them may be counted whole.
  const beyond = retries.filter(
    (atMs) => between(retries, atMs - 10_000, atMs) > 0.2 * between(calls, atMs - 11_000, atMs) + 10 * 10,
  );
  expect(retries.length).toBeGreaterThan(500);
  expect(beyond).toEqual([]);
});

it('B17: a timeout inside the retry is for each try', async () => {
  const { clock, policy } = start({ tryTimeoutMs: 50, retry: { tries: 3, backoff: everyTen } });
  const outcome = await clock.runUntilSettled(policy.outcome(() => new Promise(() => {})));
  expect(policy.parts).toEqual(['retry', 'tryTimeout']);
  expect(outcome).toMatchObject({ ok: false, tries: 3, tookMs: 3 * 50 + 2 * 10, error: { code: 'operation_timeout' } });
});

it('B17: a timeout outside is for all tries and the waits between them', async () => {
  const { clock, policy } = start({ timeoutMs: 100, tryTimeoutMs: 40, retry: { tries: 9, backoff: everyTen } });
  const seen: number[] = [];
  const outcome = await clock.runUntilSettled(
    policy.outcome((call) => {
      seen.push(call.deadlineMs);
      return new Promise(() => {});
    }),
  );
  expect(policy.parts).toEqual(['timeout', 'retry', 'tryTimeout']);
  expect(seen).toEqual([40, 90]);
  expect(outcome).toMatchObject({ ok: false, tries: 2, tookMs: 90, error: { code: 'operation_timeout' } });
});

it('B17: a try that begins shortly before the end has what is left', async () => {
  const { clock, policy } = start({ timeoutMs: 100, tryTimeoutMs: 60, retry: { tries: 9, backoff: everyTen } });
  const seen: number[] = [];
  const outcome = await clock.runUntilSettled(
    policy.outcome((call) => {
      seen.push(call.deadlineMs);
      return new Promise(() => {});
    }),
  );
  expect(seen).toEqual([60, 100]);
  expect(outcome).toMatchObject({ ok: false, tries: 2, tookMs: 100, error: { code: 'operation_timeout' } });
});
