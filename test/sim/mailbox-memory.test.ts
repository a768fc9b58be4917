/** Budgets of memory on mailboxes whose messages come from other nodes and from inboxes, on a virtual clock. */
import { type ActorDefinition, decodeTurn, defineActor, type Message, type Protocol } from '@jaegis/actors';
import { jsonCodec } from '@jaegis/codec';
import { MemoryBudget } from '@jaegis/resilience';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const text = (bytes: number) => 'x'.repeat(bytes);

function cellar() {
  const budget = new MemoryBudget({ name: 'cellar', maxBytes: 1_500 });
  const gate: { open(): void } = { open: () => {} };
  const definition = defineActor('store', {
    mailbox: { memory: { budget, tenant: (_message, key) => key } },
    state: () => [] as readonly number[],
    on: {
      hold: () => new Promise<void>((resolve) => Object.assign(gate, { open: resolve })),
      put: (state, message: { id: number; body: string }) => ({ state: [...state, message.id], reply: message.id }),
      pass: (_state, { to, bytes }: { to: string; bytes: readonly number[] }, context) => {
        for (const [id, size] of bytes.entries()) {
          context.send({ entity: { type: 'store', key: to } }, { type: 'put', id, body: text(size) } as Message);
        }
      },
      ids: (state) => ({ reply: state }),
    },
  });
  return { budget, gate, definition };
}

describe('a mailbox with a budget of memory', () => {
  it('refuses what comes from another node: an ask is told why, a tell is a dead letter there', async () => {
    const { budget, gate, definition } = cellar();
    const { world, node } = simCluster(1, []);
    const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
    const [near, far] = [await node('n1'), await node('n2')];
    await world.clock.advance(500);
    await settled(near.system.spawn(definition, { name: 'store' }));
    const ref = far.actor<typeof definition extends ActorDefinition<infer P> ? P : never>('n1/user/store');
    const held = ref.ask({ type: 'hold' });
    await world.clock.advance(100);
    ref.tell({ type: 'put', id: 1, body: text(1_000) });
    ref.tell({ type: 'put', id: 2, body: text(1_000) });
    const overloaded = { code: 'overloaded', data: { budget: 'cellar', tenant: 'store', maxBytes: 1_500 } };
    await settled(expect(ref.ask({ type: 'put', id: 3, body: text(1_000) })).rejects.toMatchObject(overloaded));
    expect(far.system.deadLetters.list()).toMatchObject([
      { to: 'n1/user/store', message: { id: 2 }, reason: 'refused', error: overloaded },
    ]);
    expect(near.inspect().children[0]?.children).toMatchObject([{ mailboxBytes: budget.usedBytes }]);
    gate.open();
    await settled(held);
    expect(await settled(ref.ask({ type: 'ids' }))).toEqual([1]);
    expect(budget.usedBytes).toBe(0);
  });

  it('lets what is durable come again, and gives up what it will never have room for', async () => {
    const { budget, gate, definition } = cellar();
    const { world, node } = simCluster(2, [definition] as unknown as ActorDefinition<Protocol>[]);
    const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
    await node('n1');
    const client = await node('c', 'client');
    const ref = client.entity(definition, 'x');
    const held = ref.ask({ type: 'hold' });
    await world.clock.advance(500);
    await settled(ref.send({ type: 'put', id: 1, body: text(1_000) }));
    await settled(ref.send({ type: 'put', id: 2, body: text(5_000) }));
    await settled(ref.send({ type: 'put', id: 3, body: text(1_000) }));
    await world.clock.advance(500);
    const { refused } = budget.view;
    expect(refused).toBeGreaterThan(1);
    gate.open();
    await settled(held);
    await world.clock.advance(20_000);
    expect(await settled(ref.ask({ type: 'ids' }))).toEqual([1, 3]);
    const subjects = ['jaegis.sim.turn.>'];
    const connection = world.connect('reader');
    const journal = await settled(connection.openJournal({ name: 'TURNS', subjects, historyPerSubject: 10_000 }));
    const record = await settled(journal.last(client.turnSubject(ref.entity)));
    expect(record && decodeTurn(jsonCodec(), record).deadLetters).toMatchObject([
      { error: { code: 'overloaded', data: { budget: 'cellar', maxBytes: 1_500 } } },
    ]);
    expect(budget.usedBytes).toBe(0);
  });

  it('gives up also what an entity sends to another', async () => {
    const { budget, definition } = cellar();
    const { world, node } = simCluster(4, [definition] as unknown as ActorDefinition<Protocol>[]);
    const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
    await node('n1');
    const client = await node('c', 'client');
    const [from, to] = [client.entity(definition, 'from'), client.entity(definition, 'to')];
    await settled(from.ask({ type: 'pass', to: 'to', bytes: [1_000, 5_000, 1_000] }));
    await world.clock.advance(1_000);
    expect(await settled(to.ask({ type: 'ids' }))).toEqual([0, 2]);
    expect(budget.usedBytes).toBe(0);
  });

  it('has the budget of its node where its definition names none', async () => {
    const budget = new MemoryBudget({ name: 'mailboxes', maxBytes: 1_000 });
    const { world, node } = simCluster(3, []);
    const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
    const [near, far] = [await node('n1', 'member', { memory: { budget } }), await node('n2')];
    await world.clock.advance(500);
    const plain = defineActor('plain', { state: () => 0, on: { put: (_state, _message: { body: string }) => {} } });
    await settled(near.system.spawn(plain, { name: 'plain' }));
    const put = far.actor('n1/user/plain').ask({ type: 'put', body: text(1_000) });
    await settled(expect(put).rejects.toMatchObject({ code: 'overloaded', data: { budget: 'mailboxes' } }));
    expect(near.system.budgets).toEqual([{ name: 'mailboxes', usedBytes: 0, maxBytes: 1_000, refused: 1 }]);
  });
});
