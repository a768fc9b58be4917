/** Breakers of all nodes of a cluster on the board that they share in the store. On a virtual clock. */
import { silentLogger } from '@jaegis/core';
import { Call, ClusterBreaker, StoreBoard } from '@jaegis/resilience';
import { createSimWorld } from '@jaegis/sim';
import { expect, it } from 'vitest';
import { nextTurn } from '../support/next-turn.ts';

async function cluster() {
  const world = createSimWorld({ seed: 1, settled: nextTurn });
  const node = async (name: string) => {
    const { transport, openStore, clock } = world.connect(name);
    const store = await world.clock.runUntilSettled(openStore({ name: 'BREAKERS' }));
    const random = world.random.fork(name);
    const board = new StoreBoard({ cluster: 'sim', transport, store, clock, random, logger: silentLogger });
    const breaker = new ClusterBreaker({ name: 'the db', failures: 2, successes: 1 }, { clock, board, node: name });
    const run = (inner: () => Promise<unknown>) =>
      world.clock.runUntilSettled(breaker.run(new Call(inner), inner).catch((error: unknown) => error));
    return {
      state: () => breaker.breaker.state,
      good: () => run(async () => 'well'),
      bad: () => run(() => Promise.reject(new Error('down'))),
      begin: () => {
        const { promise, resolve } = Promise.withResolvers<unknown>();
        const inner = () => promise;
        void breaker.run(new Call(inner), inner);
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
