/** What the cluster promises when a node dies, on a virtual clock: each seed is another order of events. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { ownerOf } from '@jaegis/cluster';
import { sleep } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const ledger = defineActor('ledger', {
  state: () => ({ entries: [] as number[] }),
  on: {
    add: (state, message: { n: number }) => ({
      state: { entries: [...state.entries, message.n] },
      reply: state.entries.length + 1,
    }),
    addLater: async (state, message: { n: number }, context) => {
      await sleep(context.clock, 50);
      return { state: { entries: [...state.entries, message.n] }, reply: 'late' };
    },
    list: (state) => ({ reply: state.entries }),
    crash: () => {
      throw new Error('as asked');
    },
  },
});

/** Sends what it is told on to the ledger, durably. */
const relay = defineActor('relay', {
  state: () => ({ relayed: 0 }),
  on: {
    relay: (state, message: { n: number }, context) => {
      context.send(context.entity(ledger, 'main'), { type: 'add', n: message.n });
      return { state: { relayed: state.relayed + 1 }, reply: 'taken' };
    },
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [ledger, relay] as unknown as ActorDefinition<Protocol>[];
const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

describe.each(seeds)('seed %d', (seed) => {
  it('an entity whose node crashed answers elsewhere with every acknowledged change, each once', async () => {
    const { world, node } = simCluster(seed, entities);
    const nodes = { n1: await node('n1'), n2: await node('n2'), n3: await node('n3') };
    const client = await node('c', 'client');
    const ref = client.entity(ledger, 'main');
    const asks: Promise<number>[] = [];
    for (let n = 0; n < 40; n++) {
      asks.push(ref.ask({ type: 'add', n }, { timeoutMs: 20_000 }));
      await world.clock.advance(2);
      if (n === 20) {
        const victim = ownerOf(ref.entity, client.membership.view)?.id as keyof typeof nodes;
        world.network.crash(victim);
      }
    }
    await world.clock.runUntilSettled(Promise.all(asks));
    const entries = await world.clock.runUntilSettled(ref.ask({ type: 'list' }, { timeoutMs: 20_000 }));
    expect(entries.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(client.membership.view.members).toHaveLength(2);
  });

  it('a durable message is consumed once although its sender or its receiver crashed on the way', async () => {
    const { world, node } = simCluster(seed, entities);
    for (const name of ['n1', 'n2', 'n3', 'n4']) await node(name);
    const client = await node('c', 'client');
    const from = client.entity(relay, `r${seed}`);
    const to = client.entity(ledger, 'main');
    for (let n = 0; n < 10; n++) {
      const taken = from.ask({ type: 'relay', n }, { timeoutMs: 20_000 });
      expect(await world.clock.runUntilSettled(taken)).toBe('taken');
      if (n === 3) world.network.crash(ownerOf(from.entity, client.membership.view)?.id ?? '');
      if (n === 7) world.network.crash(ownerOf(to.entity, client.membership.view)?.id ?? '');
    }
    await world.clock.advance(10_000);
    const entries = await world.clock.runUntilSettled(to.ask({ type: 'list' }, { timeoutMs: 20_000 }));
    expect(entries).toEqual(Array.from({ length: 10 }, (_, n) => n));
  });

  it('a crashed handler leaves the entity as it was before the message', async () => {
    const { world, node } = simCluster(seed, entities);
    await node('n1');
    const client = await node('c', 'client');
    const ref = client.entity(ledger, 'main');
    await world.clock.runUntilSettled(ref.ask({ type: 'add', n: 1 }));
    const crash = expect(ref.ask({ type: 'crash' })).rejects.toMatchObject({ code: 'actor_crashed' });
    const after = ref.ask({ type: 'list' });
    expect(await world.clock.runUntilSettled(after)).toEqual([1]);
    await crash;
  });

  it('an owner that was cut off and replaced cannot write when it comes back', async () => {
    const { world, node } = simCluster(seed, entities);
    for (const name of ['n1', 'n2', 'n3']) await node(name);
    const client = await node('c', 'client');
    const ref = client.entity(ledger, 'main');
    await world.clock.runUntilSettled(ref.ask({ type: 'add', n: 1 }));
    const late = ref.ask({ type: 'addLater', n: 2 }, { timeoutMs: 20_000 });
    await world.clock.advance(20);
    const zombie = ownerOf(ref.entity, client.membership.view)?.id ?? '';
    world.network.disconnect(zombie);
    await world.clock.runUntil(() => !client.membership.view.members.some(({ id }) => id === zombie));
    expect(await world.clock.runUntilSettled(late)).toBe('late');
    for (const n of [3, 4]) await world.clock.runUntilSettled(ref.ask({ type: 'add', n }));
    world.network.reconnect(zombie);
    await world.clock.advance(10_000);
    expect(await world.clock.runUntilSettled(ref.ask({ type: 'list' }))).toEqual([1, 2, 3, 4]);
    // It is back as a member, in another life.
    expect(client.membership.view.members.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3']);
  });
});
