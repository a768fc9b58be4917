import { limits, type ProbeStep, type WaitEdge, type Waiter } from '@jaegis/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { maxPath, type TestActor, type TestAsk, WaitWorld } from './edge-chaser.test-world.ts';

let world: WaitWorld;

beforeEach(() => {
  world = new WaitWorld();
});

afterEach(async () => {
  world.stop();
  await world.clock.advance(forEver);
  expect(world.clock.pending, 'timers left').toBe(0);
});

/** Each asks the next, and the last the first. */
function ring(actors: readonly TestActor[]): TestAsk[] {
  return actors.map((from, index) => world.ask(from, actors[(index + 1) % actors.length] as TestActor)); // in range
}

/** Who was told that its ask was given up: once for each time. */
const failed = (asks: readonly TestAsk[]) =>
  asks.flatMap(({ edge, failures }) => failures.map(() => edge.from?.address));
const requirementMs = 200;
/** Longer than any ask waits by default, and until nothing is under way any more. */
const forEver = 20_000;

describe('a cycle', () => {
  test('of two nodes is found in time, and its youngest ask is told both', async () => {
    const [a, b] = [world.actor('n1/a'), world.actor('n2/b')];
    world.actor('n2/other').home.sequence = 7;
    const debit = world.ask(a, b, 'debit');
    const credit = world.ask(b, a, 'credit');
    await world.clock.advance(requirementMs);
    expect(debit.failures).toEqual([]);
    expect(credit.failures).toMatchObject([
      {
        code: 'deadlock',
        message: 'Deadlock: n2/b asks n1/a "credit" → n1/a asks n2/b "debit".',
        data: {
          cycle: [
            { from: 'n2/b', to: 'n1/a', message: 'credit' },
            { from: 'n1/a', to: 'n2/b', message: 'debit' },
          ],
        },
      },
    ]);
  });

  test.each([
    ['n1/a', 'n2/b', 'n3/c'],
    ['n1/a', 'n1/b', 'n2/c'],
    ['n1/a', 'n2/b', 'n2/c'],
    ['n1/a', 'n2/b', 'n1/c', 'n2/d'],
    ['n1/a', 'n1/b', 'n2/c', 'n2/d', 'n3/e', 'n3/f', 'n1/g'],
  ])('%s, %s, %s … costs one ask, that of the lowest priority', async (...places) => {
    for (const [lowest] of places.entries()) {
      const actors = places.map((at, index) => world.actor(at, { priority: index === lowest ? -1 : 0 }));
      const asks = ring(actors);
      await world.clock.advance(forEver);
      expect(failed(asks)).toEqual([places[lowest]]);
      for (const { edge } of asks) edge.fail('over');
    }
  });

  test('that an ask within a node closes last is found', async () => {
    const [a, b, c] = [world.actor('n1/a'), world.actor('n1/b'), world.actor('n2/c')];
    const asks = [world.ask(b, c), world.ask(c, a)];
    await world.clock.advance(1_000);
    asks.push(world.ask(a, b));
    await world.clock.advance(requirementMs);
    expect(failed(asks)).toHaveLength(1);
  });

  test('is found although the first probes are lost', async () => {
    world.isLost = () => world.probes.length <= 6;
    const asks = ring([world.actor('n1/a'), world.actor('n2/b')]);
    await world.clock.advance(limits.askTimeoutMs);
    expect(world.probes.length).toBeGreaterThan(6);
    expect(failed(asks)).toHaveLength(1);
  });

  test.each([
    [maxPath, 1],
    [maxPath + 2, 0],
  ])('of %i asks costs %i where a probe may pass so many', async (length, cost) => {
    const asks = ring(Array.from({ length }, (_, index) => world.actor(`n${index % 2}/a${index}`)));
    await world.clock.advance(forEver);
    expect(failed(asks)).toHaveLength(cost);
  });
});

describe('two cycles at once', () => {
  test('apart from each other cost one ask each', async () => {
    const first = ring([world.actor('n1/a'), world.actor('n2/b')]);
    const second = ring([world.actor('n1/c'), world.actor('n2/d'), world.actor('n3/e')]);
    await world.clock.advance(requirementMs);
    expect([failed(first).length, failed(second).length]).toEqual([1, 1]);
  });

  test('through one actor that asks two cost one ask each', async () => {
    const [a, b, c] = [world.actor('n1/a', { priority: 1 }), world.actor('n2/b'), world.actor('n3/c')];
    const asks = [world.ask(a, b), world.ask(a, c), world.ask(b, a), world.ask(c, a)];
    await world.clock.advance(forEver);
    expect(failed(asks)).toEqual(['n2/b', 'n3/c']);
  });

  test('that share the ask which is given up cost that one only', async () => {
    const [a, b, c] = [world.actor('n1/a', { priority: -1 }), world.actor('n2/b'), world.actor('n3/c')];
    const shared = world.ask(a, b);
    const others = [world.ask(b, a), world.ask(b, c), world.ask(c, a)];
    await world.clock.advance(forEver);
    expect(failed([shared, ...others])).toEqual(['n1/a']);
  });
});

describe('no alarm is raised', () => {
  test('for slow actors, and fewer and fewer probes are sent', async () => {
    const [a, b, c, d] = ['n1/a', 'n2/b', 'n3/c', 'n2/d'].map((at) => world.actor(at)) as [
      TestActor,
      TestActor,
      TestActor,
      TestActor,
    ]; // four places
    const asks = [world.ask(a, b), world.ask(b, c), world.ask(a, c), world.ask(c, d)];
    await world.clock.advance(forEver);
    expect(failed(asks)).toEqual([]);
    expect(world.probes.length).toBeLessThan(100);
  });

  test('and no probe sent for asks that are answered soon', async () => {
    const asks = ring([world.actor('n1/a'), world.actor('n2/b')]);
    await world.clock.advance(limits.waitProbeMs - 10);
    for (const ask of asks) ask.answer();
    await world.clock.advance(forEver);
    expect(world.probes).toEqual([]);
  });

  // The probes of this cycle: each node seeks, finds, confirms at one node, then the other, then at the first again.
  test.each(Array.from({ length: 10 }, (_, arrivals) => arrivals + 1))(
    'when an ask is answered as probe %i arrives',
    async (arrivals) => {
      for (const answered of [0, 1, 2]) {
        const inner = new WaitWorld();
        const actors = ['n1/a', 'n2/b', 'n3/c'].map((at) => inner.actor(at));
        const asks = actors.map((from, index) => inner.ask(from, actors[(index + 1) % 3] as TestActor)); // three
        let count = 0;
        let failedBefore = 0;
        inner.onArrival = () => {
          if (++count !== arrivals) return;
          failedBefore = failed(asks).length;
          asks[answered]?.answer();
          // What waits for the answerer goes on as well once it runs again.
          asks[(answered + 2) % 3]?.answer();
        };
        await inner.clock.advance(forEver);
        inner.stop();
        expect(failed(asks)).toHaveLength(failedBefore);
      }
    },
  );

  test('when the answer is still under way, overtaken by the probes', async () => {
    const [a, b, c] = [world.actor('n1/a'), world.actor('n2/b'), world.actor('n3/c')];
    world.delay = (from, to) => (from === 'n2' && to === 'n1' ? 3_000 : 5);
    const first = world.ask(a, b);
    await world.clock.advance(20);
    first.answer();
    const others = [world.ask(b, c), world.ask(c, a)];
    await world.clock.advance(1_000);
    expect(first.edge.waiting).toBe(true);
    expect(world.probes.length).toBeGreaterThan(0);
    expect(failed([first, ...others])).toEqual([]);
    await world.clock.advance(forEver);
  });

  test('when an ask gives up waiting between the two rounds', async () => {
    const asks = ring([world.actor('n1/a'), world.actor('n2/b'), world.actor('n3/c')]);
    let isOver = false;
    world.onArrival = ({ probe }) => {
      if (probe.kind !== 'confirm' || isOver) return;
      isOver = true;
      asks[0]?.edge.fail('timed out');
    };
    await world.clock.advance(forEver);
    expect(isOver).toBe(true);
    expect(asks.map(({ failures }) => failures)).toEqual([['timed out'], [], []]);
  });

  test('through a re-entrant actor that is asked again within its own chain', async () => {
    const [a, b] = [world.actor('n1/a', { reentrant: true }), world.actor('n2/b')];
    const asks = [world.ask(a, b), world.ask(b, a)];
    // The ask of b carries the chain that led to it; here that is a itself.
    const owed: WaitEdge = { ...asks[1]?.edge, cause: asks[0]?.edge, to: a, from: standInOf(b) } as WaitEdge;
    await world.clock.advance(6);
    a.home.chaser.owe(b.home.chaser.nameOf(asks[1]?.edge as WaitEdge), owed);
    await world.clock.advance(forEver);
    expect(failed(asks)).toEqual([]);
  });
});

const standInOf = ({ address, home }: TestActor): Waiter => ({
  waits: undefined,
  address,
  priority: 0,
  reentrant: false,
  node: home.id,
});

test('a probe goes along each ask once, although two ways lead there', async () => {
  const [x, a, b] = [world.actor('n6/x'), world.actor('n1/a'), world.actor('n2/b')];
  const [c, d, e] = [world.actor('n3/c'), world.actor('n4/d'), world.actor('n5/e')];
  for (const [from, to] of [
    [x, a],
    [a, b],
    [a, c],
    [b, d],
    [c, d],
    [d, e],
  ] as const)
    world.ask(from, to);
  await world.clock.advance(limits.waitProbeMs * 3);
  const alongTheLast = world.probes.filter(({ probe }) => probe.path.at(-1)?.from === 'n4/d');
  const startedBy = alongTheLast.map(({ probe }) => `${probe.path[0]?.from} to ${probe.path[0]?.to}`);
  expect(startedBy.sort()).toEqual([
    'n1/a to n2/b',
    'n1/a to n3/c',
    'n2/b to n4/d',
    'n3/c to n4/d',
    'n4/d to n5/e',
    'n6/x to n1/a',
  ]);
});

test('an ask that only leads into a cycle is not given up', async () => {
  const [outside, a, b] = [world.actor('n3/outside', { priority: -5 }), world.actor('n1/a'), world.actor('n2/b')];
  const leading = world.ask(outside, a);
  const cycle = ring([a, b]);
  await world.clock.advance(forEver);
  expect(leading.failures).toEqual([]);
  expect(failed(cycle)).toHaveLength(1);
});

test('a probe about an ask of an earlier life of a node is nobody’s business', async () => {
  const [a, b] = [world.actor('n1/a'), world.actor('n2/b')];
  const asks = ring([a, b]);
  const rename = (step: ProbeStep) => ({ ...step, ask: step.ask.replace('@i1#', '@i0#') });
  world.onArrival = (sent) => Object.assign(sent, { probe: { ...sent.probe, path: sent.probe.path.map(rename) } });
  await world.clock.advance(forEver);
  expect(failed(asks)).toEqual([]);
});

test('an ask that closes two cycles within its node costs one ask of each', () => {
  const [a, b, c] = [world.actor('n1/a', { priority: 1 }), world.actor('n1/b'), world.actor('n1/c', { priority: -1 })];
  const asks = [world.ask(b, c), world.ask(c, a), world.ask(b, a), world.ask(a, b)];
  expect(failed(asks)).toEqual(['n1/c', 'n1/b']);
});

test('an ask to oneself is given up at once', () => {
  const [a] = [world.actor('n1/a')];
  expect(world.ask(a, a, 'again').failures).toMatchObject([{ message: 'Deadlock: n1/a asks n1/a "again".' }]);
});
