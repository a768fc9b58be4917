import { JaegisError } from 'jaegis';
import { expect, it } from 'vitest';
import { monotonicMs } from './monotonic.ts';
import { type Line, SteadyAsks } from './steady-asks.ts';

/** Counts as it should, each key once, but for what `spoil` makes of its totals, on the node that `where` names. */
function line(name: string, where: () => string, spoil: (total: number) => number | Error = (total) => total): Line {
  const counted = new Map<string, number>();
  return {
    name,
    isCounted: true,
    ask: async (key) => {
      if (!counted.has(key)) counted.set(key, counted.size + 1);
      const total = spoil(counted.get(key) ?? 0);
      if (total instanceof Error) throw total;
      return { node: where(), total };
    },
  };
}

async function run(lines: readonly Line[], use: (asks: SteadyAsks) => Promise<void>): Promise<SteadyAsks> {
  const asks = new SteadyAsks(lines);
  asks.start();
  await use(asks);
  asks.stop();
  return asks;
}

it('says when each line was answered by another node', async () => {
  let node = 'n1';
  await run([line('a', () => node), line('b', () => node), line('c', () => 'n2')], async (asks) => {
    await asks.roundTrips(2);
    expect([asks.of('n1'), asks.of('n2')]).toEqual([['a', 'b'], ['c']]);
    const elsewhere = asks.firstAnswers(asks.of('n1'), 'n1');
    await asks.roundTrips(2);
    const movedMs = monotonicMs();
    node = 'n3';
    const times = await elsewhere;
    expect(times.map((ms) => ms >= movedMs)).toEqual([true, true]);
    expect(asks.of('n3')).toEqual(['a', 'b']);
    asks.assertRight();
  });
});

it.each([
  ['lost', (total: number) => (total > 3 ? total - 1 : total), 'a answered 3 on n1 after 3'],
  ['done twice', (total: number) => (total > 3 ? total + 1 : total), 'a answered 5 on n1 after 3'],
])('finds what was %s', async (_, spoil, message) => {
  const asks = await run([line('a', () => 'n1', spoil)], (running) => running.roundTrips(5));
  expect(() => asks.assertRight()).toThrow(message);
});

it('repeats an ask that fails with its key, counts the failure, and counts its time in full', async () => {
  let failures = 2;
  const fails = (total: number) => (total === 3 && failures-- > 0 ? new JaegisError('ask_timeout', 'late') : total);
  const asks = await run([line('a', () => 'n1', fails)], async (running) => {
    const [longest = 0] = await running.longest(['a'], running.roundTrips(5));
    expect(longest).toBeGreaterThanOrEqual(2 * 20 - 2);
  });
  asks.assertRight();
  expect([asks.failed, asks.told]).toEqual([2, '2 × ask_timeout']);
});
