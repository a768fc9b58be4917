/** However a durable message crashes its entity: five times, then it is a dead letter. On a virtual clock. */
import { type ActorDefinition, decodeTurn, defineActor, type Protocol } from '@jaegis/actors';
import { jsonCodec } from '@jaegis/codec';
import { limits } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

let tries = 0;

const fragile = defineActor('fragile', {
  handlerTimeoutMs: 1_000,
  state: () => ({ mode: 'sound', count: 0 }),
  mode: (state) => state.mode,
  enter: (state) => {
    if (state.mode !== 'broken') return;
    tries += 1;
    throw new Error('as asked');
  },
  on: {
    throws: () => {
      tries += 1;
      throw new Error('as asked');
    },
    rejects: async () => {
      tries += 1;
      await Promise.resolve();
      throw new Error('as asked');
    },
    hangs: () => {
      tries += 1;
      return new Promise<never>(() => {});
    },
    breaks: (state) => ({ state: { ...state, mode: 'broken' } }),
    add: (state) => ({ state: { ...state, count: state.count + 1 } }),
    pass: (_state, message: { type: string; as: string }, context) => {
      context.send({ entity: { type: 'fragile', key: 'x' } }, { type: message.as });
      return { reply: true };
    },
    count: (state) => ({ reply: state.count }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [fragile] as unknown as ActorDefinition<Protocol>[];

async function start() {
  tries = 0;
  const { world, node } = simCluster(1, entities);
  await node('n1');
  const client = await node('c', 'client');
  const ref = client.entity(fragile, 'x');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const connection = world.connect('reader');
  const subjects = ['jaegis.sim.turn.>'];
  const journal = await settled(connection.openJournal({ name: 'TURNS', subjects, historyPerSubject: 10_000 }));
  const letters = async () => {
    const record = await settled(journal.last(client.turnSubject(ref.entity)));
    return record && decodeTurn(jsonCodec(), record).deadLetters.map(({ message }) => message);
  };
  const count = () => settled(ref.ask({ type: 'count' }, { timeoutMs: 60_000 }));
  return { world, client, ref, settled, letters, count };
}

describe.each(['throws', 'rejects', 'hangs', 'breaks'] as const)('a durable message that %s', (type) => {
  it('is given up after five times where it came through the inbox, and the next ones are handled', async () => {
    const { world, ref, settled, letters, count } = await start();
    await settled(ref.send({ type }));
    await settled(ref.send({ type: 'add' }));
    await world.clock.advance(180_000);
    expect(tries).toBe(limits.deliveryAttempts);
    expect(await letters()).toEqual([{ type }]);
    expect(await count()).toBe(1);
  });

  it('is given up after five times where another entity sent it, and the next ones are handled', async () => {
    const { world, client, settled, letters, count } = await start();
    const other = client.entity(fragile, 'other');
    await settled(other.ask({ type: 'pass', as: type }));
    await settled(other.ask({ type: 'pass', as: 'add' }));
    await world.clock.advance(180_000);
    expect(tries).toBe(limits.deliveryAttempts);
    expect(await letters()).toEqual([{ type }]);
    expect(await count()).toBe(1);
  });
});
