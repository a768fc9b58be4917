/** A new owner claims an entity before it answers: nobody who owned it before can write after that. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { ownerOf } from '@jaegis/cluster';
import { expect, test } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  passivateAfterMs: 1_000,
  on: {
    add: (state, message: { by: number }) => ({
      state: { total: state.total + message.by },
      reply: state.total + message.by,
    }),
    total: (state) => ({ reply: state.total }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [counter] as unknown as ActorDefinition<Protocol>[];

async function moved() {
  const { world, node } = simCluster(1, entities);
  const nodes = { n1: await node('n1'), n2: await node('n2') };
  const client = await node('c', 'client');
  const ref = client.entity(counter, 'main');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const journal = await settled(
    world.connect('reader').openJournal({ name: 'TURNS', subjects: ['jaegis.sim.turn.>'], historyPerSubject: 10_000 }),
  );
  const subject = client.turnSubject(ref.entity);
  const newest = async () => (await settled(journal.last(subject)))?.sequence ?? 0;
  const ask = (type: 'total' | 'add') =>
    settled(type === 'total' ? ref.ask({ type }) : ref.ask({ type: 'add', by: 1 }));
  await ask('add');
  const loaded = await newest();
  const owner = ownerOf(ref.entity, client.membership.view)?.id as keyof typeof nodes;
  await settled(nodes[owner].stop());
  return { world, journal, subject, newest, loaded, ask };
}

test('the first question after a move is answered once a turn is written that shuts the former owner out', async () => {
  const { journal, subject, loaded, ask, world } = await moved();
  expect(await ask('total')).toBe(1);
  const late = journal.append(subject, new Uint8Array(), { expectedSequence: loaded });
  await expect(world.clock.runUntilSettled(late)).rejects.toMatchObject({ code: 'wrong_sequence' });
});

test('further questions write nothing, also after the entity left memory and came back', async () => {
  const { newest, ask, world } = await moved();
  await ask('total');
  const claimed = await newest();
  await ask('total');
  await world.clock.advance(5_000);
  expect(await ask('total')).toBe(1);
  expect(await newest()).toBe(claimed);
});

test('where the first message changes something its turn is the claim', async () => {
  const { newest, loaded, ask } = await moved();
  expect(await ask('add')).toBe(2);
  expect(await ask('total')).toBe(2);
  expect(await newest()).toBe(loaded + 1);
});
