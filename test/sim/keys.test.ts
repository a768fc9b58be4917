/** What idempotency keys promise, whatever they look like and whatever their asks come to. On a virtual clock. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { ownerOf } from '@jaegis/cluster';
import { type EntityId, limits } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

let isBroken = false;

/** Keeps its newest turn only. */
const brief = defineActor('brief', {
  history: { turns: 1 },
  state: () => ({ total: 0 }),
  on: {
    add: (state) => ({ state: { total: state.total + 1 }, reply: state.total + 1 }),
    total: (state) => ({ reply: state.total }),
  },
});

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }) => {
      if (isBroken) throw new Error('as asked');
      return { state: { total: state.total + message.by }, reply: state.total + message.by };
    },
    pass: (_state, message: { to: string }, context) => {
      context.send(context.entity(counter, message.to), { type: 'add', by: 1 });
      return { reply: true };
    },
    total: (state) => ({ reply: state.total }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [counter, brief] as unknown as ActorDefinition<Protocol>[];

async function start() {
  isBroken = false;
  const { world, node } = simCluster(1, entities);
  for (const name of ['n1', 'n2']) await node(name);
  const client = await node('c', 'client');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const ref = (key: string) => client.entity(counter, key);
  const add = (key: string, idempotencyKey: string) =>
    settled(ref(key).ask({ type: 'add', by: 1 }, { idempotencyKey, timeoutMs: 10_000 }));
  const total = (key: string) => settled(ref(key).ask({ type: 'total' }, { timeoutMs: 10_000 }));
  const crashOwner = (entity: EntityId) => world.network.crash(String(ownerOf(entity, client.membership.view)?.id));
  return { world, client, settled, ref, add, total, crashOwner };
}

describe('an ask with an idempotency key', () => {
  it('that crashes its entity each time is told so each time, and has its effect once it no longer does', async () => {
    const { world, add, total } = await start();
    isBroken = true;
    for (let attempt = 1; attempt <= 8; attempt++) {
      await expect(add('x', 'order')).rejects.toMatchObject({ code: 'actor_crashed' });
      await world.clock.advance(2_000);
    }
    isBroken = false;
    expect(await add('x', 'order')).toBe(1);
    expect(await total('x')).toBe(1);
  });

  it.each([
    ['order#13', 'order#12'],
    ['@#5', '@#4'],
    ['a#', 'a'],
    ['a', 'a#'],
    ['#1', '#'],
  ])('has its own effect, whether its key looks like %j or %j', async (first, second) => {
    const { add, total } = await start();
    expect(await add('x', first)).toBe(1);
    expect(await add('x', second)).toBe(2);
    expect([await add('x', first), await add('x', second)]).toEqual([1, 2]);
    expect(await total('x')).toBe(2);
  });

  it('does not keep away what an entity or an inbox sends whose ids its key looks like', async () => {
    const { world, settled, ref, add, total } = await start();
    await add('x', 'counter/a#999');
    await add('x', '@#999');
    await settled(ref('a').ask({ type: 'pass', to: 'x' }));
    await settled(ref('x').send({ type: 'add', by: 1 }));
    await world.clock.advance(5_000);
    expect(await total('x')).toBe(4);
  });

  it.each([
    ['an empty one', ''],
    ['a number', 7],
    ['null', null],
  ])('is refused where its key is %s', async (_, idempotencyKey) => {
    const { settled, ref, total } = await start();
    const refused = settled(ref('x').ask({ type: 'add', by: 1 }, { idempotencyKey: idempotencyKey as string }));
    await expect(refused).rejects.toMatchObject({ code: 'invalid_config', data: { path: 'idempotencyKey' } });
    expect(await total('x')).toBe(0);
  });
});

describe('an entity', () => {
  it('remembers a key however many asks without one come after it', async () => {
    const { settled, ref, add, total } = await start();
    expect(await add('x', 'order')).toBe(1);
    const count = 2 * limits.idempotencyKeys;
    const asks = Array.from({ length: count }, () => ref('x').ask({ type: 'add', by: 1 }, { timeoutMs: 30_000 }));
    await settled(Promise.all(asks));
    expect(await add('x', 'order')).toBe(1);
    expect(await total('x')).toBe(count + 1);
  });

  it('forgets a key once as many others have followed it as it remembers', async () => {
    const { settled, ref, add } = await start();
    await add('x', 'first');
    await add('x', 'second');
    const others = Array.from({ length: limits.idempotencyKeys - 1 }, (_, index) =>
      ref('x').ask({ type: 'add', by: 1 }, { idempotencyKey: `other ${index}`, timeoutMs: 30_000 }),
    );
    await settled(Promise.all(others));
    expect(await add('x', 'second')).toBe(2);
    expect(await add('x', 'first')).toBe(limits.idempotencyKeys + 2);
  });

  it('that drops its history at each turn knows its last keys after a move, as many as it takes along', async () => {
    const { settled, client, crashOwner } = await start();
    const ref = client.entity(brief, 'x');
    const add = (idempotencyKey: string) => settled(ref.ask({ type: 'add' }, { idempotencyKey, timeoutMs: 30_000 }));
    const count = limits.carriedAnswers + 10;
    for (let number = 1; number <= count; number++) expect(await add(`order ${number}`)).toBe(number);
    for (let number = 1; number <= 20; number++) await settled(ref.ask({ type: 'add' }));
    crashOwner(ref.entity);
    // All of the last ones: those that were taken along, and that of the turn itself.
    for (let number = 11; number <= count; number++) expect(await add(`order ${number}`)).toBe(number);
    expect(await add('order 1')).toBe(count + 21);
  });
});
