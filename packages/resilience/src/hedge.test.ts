import { SeededRandom } from '@jaegis/sim';
import { expect, it } from 'vitest';
import type { CallInfo } from './call.ts';
import { Hedge, type HedgeOptions } from './hedge.ts';
import { RetryBudget } from './retry/retry-budget.ts';
import { errorOf, slow, testWorld, through } from './world.test-kit.ts';

function start(options: HedgeOptions = { delayMs: 10 }) {
  const world = testWorld();
  const hedge = new Hedge(options, world.services);
  const calls: CallInfo[] = [];
  /** Each try takes as long as its place in the list says. */
  const taking =
    (...ms: readonly number[]) =>
    (call: CallInfo) => {
      const number = calls.push(call);
      const signal = call.signal;
      return slow(world.clock, ms[number - 1] ?? 0, () => (signal.aborted ? 'aborted' : `try ${number}`))();
    };
  return { ...world, hedge, calls, taking };
}

it('a try that answers in time is the only one', async () => {
  const { clock, hedge, calls, taking } = start();
  expect(await clock.runUntilSettled(through(hedge, taking(9)))).toBe('try 1');
  await clock.advance(100);
  expect(calls).toHaveLength(1);
});

it('a second try begins after the delay, the first success wins, and the other is aborted', async () => {
  const { clock, hedge, calls, taking, events } = start();
  expect(await clock.runUntilSettled(through(hedge, taking(50, 15)))).toBe('try 2');
  expect(clock.monotonic()).toBe(25);
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect(events).toEqual([{ type: 'hedge', number: 2, afterMs: 10 }]);
  expect(hedge.inspect()).toEqual({ delayMs: 10, hedges: 1, wins: 1 });
});

it('the first may still win, and then the second is aborted', async () => {
  const { clock, hedge, calls, taking } = start();
  expect(await clock.runUntilSettled(through(hedge, taking(15, 50)))).toBe('try 1');
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([false, true]);
});

it('there are no more tries than allowed', async () => {
  const { clock, hedge, calls, taking } = start({ delayMs: 10, tries: 3 });
  expect(await clock.runUntilSettled(through(hedge, taking(100, 100, 100, 1)))).toBe('try 1');
  expect(calls).toHaveLength(3);
});

it('a failure waits for the others, and with the last of them the call fails', async () => {
  const { clock, hedge } = start();
  let number = 0;
  const failing = () => {
    number += 1;
    const message = `try ${number}`;
    return slow(clock, 15, () => {
      throw new Error(message);
    })();
  };
  const error = await errorOf(clock.runUntilSettled(through(hedge, failing)));
  expect([error, clock.monotonic()]).toEqual([new Error('try 2'), 25]);
});

it('a failure before the delay is left to whoever retries', async () => {
  const { clock, hedge, calls, taking } = start();
  const failing = (call: CallInfo) =>
    taking(5)(call).then(() => {
      throw new Error('early');
    });
  expect(await errorOf(clock.runUntilSettled(through(hedge, failing)))).toEqual(new Error('early'));
  await clock.advance(100);
  expect(calls).toHaveLength(1);
});

it('a spent budget allows no second try', async () => {
  const { clock, services } = testWorld();
  const budget = new RetryBudget(clock, { share: 0, minPerSecond: 0 });
  const hedge = new Hedge({ delayMs: 10, budget }, services);
  expect(
    await clock.runUntilSettled(
      through(
        hedge,
        slow(clock, 50, () => 'done'),
      ),
    ),
  ).toBe('done');
  expect([hedge.inspect().hedges, clock.monotonic()]).toEqual([0, 50]);
});

it('a cancelled call has no second try, and aborts the first', async () => {
  const { clock, hedge, calls, taking } = start();
  const caller = new AbortController();
  const result = through(hedge, taking(50), { signal: caller.signal });
  await clock.advance(5);
  caller.abort();
  expect(await clock.runUntilSettled(result)).toBe('aborted');
  expect(calls).toHaveLength(1);
});

it('without a delay it is what 95 of 100 of its latencies do not exceed, once there are 20 of them', async () => {
  const { clock, hedge } = start({});
  for (let count = 1; count <= 19; count++)
    await clock.runUntilSettled(
      through(
        hedge,
        slow(clock, count, () => 0),
      ),
    );
  expect(hedge.inspect().delayMs).toBeUndefined();
  await clock.runUntilSettled(
    through(
      hedge,
      slow(clock, 500, () => 0),
    ),
  );
  expect(hedge.inspect().delayMs).toBe(19);
});

it('the delay does not shrink by its own hedges, of which half win: five calls of 100 have one', async () => {
  const { clock, hedge, taking, calls } = start({});
  const random = new SeededRandom(1);
  const exponential = () => -100 * Math.log(1 - random.next());
  for (let count = 0; count < 1_500; count++) {
    calls.length = 0;
    await clock.runUntilSettled(through(hedge, taking(exponential(), exponential())));
  }
  const { hedges, wins } = hedge.inspect();
  expect(hedges / 1_500).toBeLessThan(0.075);
  expect(wins).toBeGreaterThan(hedges / 4);
});

it.each([
  [{ tries: 1 }, 'hedge.tries'],
  [{ quantile: 1.5 }, 'hedge.quantile'],
  [{ delayMs: -1 }, 'hedge.delayMs'],
])('%j is refused by the path of the bad value', (options, path) => {
  expect(() => start(options)).toThrow(expect.objectContaining({ data: expect.objectContaining({ path }) }));
});
