/** Breakers of all nodes of a cluster on the board that they share in the store. On a virtual clock. */
import { silentLogger } from '@jaegis/core';
import { type BreakerOptions, Call, ClusterBreaker, StoreBoard } from '@jaegis/resilience';
import { createSimWorld } from '@jaegis/sim';
import { expect, it } from 'vitest';
import { nextTurn } from '../support/next-turn.ts';

async function cluster(options: BreakerOptions = {}) {
  const world = createSimWorld({ seed: 1, settled: nextTurn });
  const node = async (name: string) => {
    const { transport, openStore, clock } = world.connect(name);
    const store = await world.clock.runUntilSettled(openStore({ name: 'BREAKERS' }));
    const random = world.random.fork(name);
    const board = new StoreBoard({ cluster: 'sim', transport, store, clock, random, logger: silentLogger });
    const breaker = new ClusterBreaker(
      { name: 'the db', failures: 2, successes: 1, ...options },
      { clock, board, node: name },
    );
    const run = (inner: () => Promise<unknown>) =>
      world.clock.runUntilSettled(breaker.run(new Call(inner), inner).catch((error: unknown) => error));
    return {
      clock,
      figures: () => breaker.breaker.figures,
      state: () => breaker.breaker.state,
      good: () => run(async () => 'well'),
      bad: () => run(() => Promise.reject(new Error('down'))),
      begin: (begun: () => void = () => {}) => {
        const { promise, resolve } = Promise.withResolvers<unknown>();
        const inner = () => {
          begun();
          return promise;
        };
        void breaker.run(new Call(inner), inner).catch(() => {});
        return resolve;
      },
    };
  };
  return { world, node };
}

it('what one node finds all know, also one that starts later', async () => {
  const { world, node } = await cluster();
  const [a, b] = [await node('a'), await node('b')];
  await a.bad();
  await a.bad();
  await world.clock.advance(100);
  const late = await node('c');
  await world.clock.advance(100);
  expect([a.state(), b.state(), late.state()]).toEqual(['open', 'open', 'open']);
  await world.clock.advance(30_000);
  expect(await b.good()).toBe('well');
  await world.clock.advance(100);
  expect([a.state(), b.state(), late.state()]).toEqual(['closed', 'closed', 'closed']);
});

it('half-open they let one probe through in all, and another one once it is over', async () => {
  const { world, node } = await cluster();
  const [a, b] = [await node('a'), await node('b')];
  await a.bad();
  await a.bad();
  await world.clock.advance(30_100);
  const end = a.begin();
  await world.clock.advance(100);
  expect(await b.good()).toMatchObject({ code: 'breaker_open', data: { state: 'half_open' } });
  end('well');
  await world.clock.advance(100);
  expect([await b.good(), a.state(), b.state()]).toEqual(['well', 'closed', 'closed']);
});

it('a node that cannot reach the others opens by itself, and probes by itself', async () => {
  const { world, node } = await cluster();
  const [a, b] = [await node('a'), await node('b')];
  world.network.disconnect('a');
  await a.bad();
  await a.bad();
  await world.clock.advance(100);
  expect([a.state(), b.state()]).toEqual(['open', 'closed']);
  await world.clock.advance(30_000);
  expect([await a.good(), a.state()]).toEqual(['well', 'closed']);
});

it('the place of a probe is free again after a while when its node has died with it, and not before', async () => {
  const { world, node } = await cluster({ probes: 2, probeMs: 5_000 });
  const [a, b, c] = [await node('a'), await node('b'), await node('c')];
  await a.bad();
  await a.bad();
  await world.clock.advance(30_100);
  a.begin();
  await world.clock.advance(100);
  a.begin();
  await world.clock.advance(100);
  world.network.crash('a');
  const refused = { code: 'breaker_open', data: { state: 'half_open' } };
  expect([await b.good(), await c.good()]).toMatchObject([refused, refused]);
  await world.clock.advance(4_700);
  expect(await b.good()).toMatchObject(refused);
  await world.clock.advance(100);
  expect(await b.good()).toBe('well');
  await world.clock.advance(100);
  expect([b.state(), c.state()]).toEqual(['closed', 'closed']);
});

it.each([1, 3, 10])('%i probes at most are under way in all, however many nodes come at once', async (probes) => {
  const { world, node } = await cluster({ probes, successes: 5 });
  const nodes: Awaited<ReturnType<typeof node>>[] = [];
  while (nodes.length < 20) nodes.push(await node(`n${nodes.length}`));
  await nodes[0]?.bad();
  await nodes[0]?.bad();
  await world.clock.advance(30_100);
  const begun: string[] = [];
  for (const [index, { begin }] of nodes.entries()) begin(() => void begun.push(`node ${index}`));
  await world.clock.advance(1_000);
  expect(begun.length).toBeLessThanOrEqual(probes);
  expect(begun.length).toBeGreaterThan(0);
});

it('a node that starts again hears what it found itself in its former life, for what is left of the wait', async () => {
  const { world, node } = await cluster();
  const a = await node('a');
  await a.bad();
  await a.bad();
  await world.clock.advance(10_000);
  world.network.crash('a');
  const again = await node('a');
  await world.clock.advance(100);
  expect(again.figures()).toMatchObject({ state: 'open', retryAfterMs: expect.closeTo(19_900, -2) });
});

it('a clock that is behind keeps a breaker open for no longer than it was to be', async () => {
  const { world, node } = await cluster();
  const [a, b] = [await node('a'), await node('b')];
  b.clock.jump(-3_600_000);
  await a.bad();
  await a.bad();
  await world.clock.advance(100);
  expect(b.figures()).toMatchObject({ state: 'open', retryAfterMs: expect.closeTo(30_000, -3) });
});
