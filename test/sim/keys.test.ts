/** What idempotency keys promise, whatever they look like and whatever their asks come to. On a virtual clock. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

let isBroken = false;

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
const entities = [counter] as unknown as ActorDefinition<Protocol>[];

async function start() {
  isBroken = false;
  const { world, node } = simCluster(1, entities);
  await node('n1');
  const client = await node('c', 'client');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const ref = (key: string) => client.entity(counter, key);
  const add = (key: string, idempotencyKey: string) =>
    settled(ref(key).ask({ type: 'add', by: 1 }, { idempotencyKey, timeoutMs: 10_000 }));
  const total = (key: string) => settled(ref(key).ask({ type: 'total' }, { timeoutMs: 10_000 }));
  return { world, settled, ref, add, total };
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
