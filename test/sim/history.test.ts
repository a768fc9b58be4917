/** An entity's past on a virtual clock: its state at any turn that is kept, and who sent what. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { type HistoryPorts, historyOf, turnOf } from '@jaegis/cluster';
import { jsonCodec } from '@jaegis/codec';
import type { EntityId, HandledMessages } from '@jaegis/core';
import { expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }) => ({ state: { total: state.total + message.by }, reply: true }),
    total: (state) => ({ reply: state.total }),
    later: (_state, message: { by: number }, context) => {
      context.schedule('soon', { afterMs: 10 }, { type: 'add', by: message.by });
      return { reply: true };
    },
  },
});
const brief = defineActor('brief', {
  history: { turns: 3 },
  state: () => ({ total: 0 }),
  on: { add: (state) => ({ state: { total: state.total + 1 }, reply: state.total + 1 }) },
});
const recent = defineActor('recent', {
  history: { ms: 1_000 },
  passivateAfterMs: 100,
  state: () => ({ total: 0 }),
  on: { add: (state) => ({ state: { total: state.total + 1 }, reply: state.total + 1 }) },
});
const cart = defineActor('cart', {
  state: () => ({ sent: 0 }),
  on: {
    pass: (state, message: { by: number }, context) => {
      context.send(context.entity(counter, 'main'), { type: 'add', by: message.by });
      return { state: { sent: state.sent + 1 }, reply: true };
    },
    ask: async (state, message: { by: number }, context) => {
      await context.ask(context.entity(counter, 'main'), { type: 'add', by: message.by });
      return { state: { sent: state.sent + 1 }, reply: true };
    },
  },
});

async function start() {
  // Definitions of any protocol: the list is for the runtime.
  const { world, node } = simCluster(1, [counter, cart, brief, recent] as unknown as ActorDefinition<Protocol>[]);
  await node('n1');
  await node('n2');
  const client = await node('c', 'client');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const turnJournal = await settled(
    world.connect('reader').openJournal({ name: 'TURNS', subjects: ['jaegis.sim.turn.>'], historyPerSubject: 10_000 }),
  );
  const ports = { cluster: 'sim', turnJournal, codec: jsonCodec() };
  const main = client.entity(counter, 'main');
  const trail = async () => {
    const all: HandledMessages[] = [];
    for await (const { handled } of historyOf(ports, main.entity)) all.push(...handled);
    return all;
  };
  const total = () => settled(main.ask({ type: 'total' }));
  const reaches = async (expected: number) => {
    while ((await total()) !== expected) await world.clock.advance(10);
  };
  return { world, client, main, ports, settled, reaches, trail: () => settled(trail()) };
}

async function turnsOf(ports: HistoryPorts, entity: EntityId): Promise<number[]> {
  const all: number[] = [];
  for await (const { turn } of historyOf(ports, entity)) all.push(turn);
  return all;
}

it('the state at each turn is as that turn left it', async () => {
  const { main, ports, settled } = await start();
  for (const by of [1, 2, 3]) await settled(main.ask({ type: 'add', by }));
  const states = [1, 2, 3].map(async (turn) => (await turnOf(ports, main.entity, turn)).state);
  expect(await settled(Promise.all(states))).toEqual([{ total: 1 }, { total: 3 }, { total: 6 }]);
});

it.each([4, 1_000_000])('turn %d, which is not written yet, is refused with those that are', async (turn) => {
  const { main, ports, settled } = await start();
  for (const by of [1, 2, 3]) await settled(main.ask({ type: 'add', by }));
  await expect(settled(turnOf(ports, main.entity, turn))).rejects.toMatchObject({
    code: 'turn_not_kept',
    data: { entity: 'counter/main', turn, oldest: 1, newest: 3 },
  });
});

it.each([0, -1, 1.5, Number.NaN])('%d is no turn', async (turn) => {
  const { main, ports, settled } = await start();
  await expect(settled(turnOf(ports, main.entity, turn))).rejects.toMatchObject({ code: 'invalid_config' });
});

it('the history says who sent what: nodes, entities and timers', async () => {
  const { client, main, settled, reaches, trail } = await start();
  await settled(main.ask({ type: 'add', by: 1 }));
  await settled(main.send({ type: 'add', by: 1 }));
  await reaches(2);
  await settled(client.entity(cart, 'a').ask({ type: 'pass', by: 1 }));
  await reaches(3);
  await settled(client.entity(cart, 'b').ask({ type: 'ask', by: 1 }));
  await settled(main.ask({ type: 'later', by: 1 }));
  await reaches(5);
  const names = (await trail()).map(({ type, from }) => `${type} of ${from}`);
  expect(names).toEqual(['add of c', 'add of c', 'add of cart/a', 'add of cart/b', 'later of c', 'add of timer:soon']);
});

it('of messages that share a turn those of one sender and type are counted', async () => {
  const { main, settled, trail } = await start();
  await settled(Promise.all(Array.from({ length: 100 }, () => main.ask({ type: 'add', by: 1 }))));
  const counts = (await trail()).map(({ count }) => count);
  expect(counts.length).toBeLessThan(10);
  expect(counts.reduce((sum, count) => sum + count)).toBe(100);
});

it('of a type with a bound on its turns no more are kept, and the state is', async () => {
  const { client, ports, settled } = await start();
  const ref = client.entity(brief, 'a');
  for (let turn = 1; turn <= 10; turn++) {
    expect(await settled(ref.ask({ type: 'add' }))).toBe(turn);
    expect((await settled(turnsOf(ports, ref.entity))).length).toBeLessThanOrEqual(3);
  }
  expect(await settled(turnsOf(ports, ref.entity))).toEqual([9, 10]);
  await expect(settled(turnOf(ports, ref.entity, 8))).rejects.toMatchObject({
    code: 'turn_not_kept',
    data: { oldest: 9, newest: 10 },
  });
});

it('of a type with a bound on age the first turn of a period drops those before it, also after a sleep', async () => {
  const { client, world, ports, settled } = await start();
  const ref = client.entity(recent, 'a');
  const add = () => settled(ref.ask({ type: 'add' }));
  await world.clock.advance(1_000 - (world.clock.now() % 1_000));
  for (let turn = 1; turn <= 3; turn++) await add();
  expect(await settled(turnsOf(ports, ref.entity))).toEqual([1, 2, 3]);
  await world.clock.advance(1_000);
  await add();
  await add();
  expect(await settled(turnsOf(ports, ref.entity))).toEqual([4, 5]);
});

it('an ask that is repeated has one effect also where the turn that answered it was dropped meanwhile', async () => {
  const { client, world, ports, settled } = await start();
  const ref = client.entity(recent, 'a');
  const keyed = () => settled(ref.ask({ type: 'add' }, { idempotencyKey: 'once' }));
  expect(await keyed()).toBe(1);
  for (let turn = 2; turn <= 4; turn++) {
    await world.clock.advance(1_000);
    expect(await settled(ref.ask({ type: 'add' }))).toBe(turn);
    expect(await settled(turnsOf(ports, ref.entity))).toEqual([turn]);
  }
  await world.clock.advance(1_000);
  expect(await keyed()).toBe(1);
});
