/** What the turns of durable entities promise, on a virtual clock: groups, questions, repeated asks, crashes between. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { ownerOf } from '@jaegis/cluster';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }, context) => {
      context.announce({ type: 'added', by: message.by });
      return { state: { total: state.total + message.by }, reply: state.total + message.by };
    },
    total: (state) => ({ reply: state.total }),
    crash: () => {
      throw new Error('as asked');
    },
  },
});

/** Says hello to the counter whenever its mode changes, and counts its children's ends. */
const greeter = defineActor('greeter', {
  state: () => ({ mode: 'idle', greeted: 0, ends: 0 }),
  mode: (state) => state.mode,
  enter: (state, _previous, context) => {
    if (state.mode === 'idle') return;
    context.send(context.entity(counter, 'main'), { type: 'add', by: 1 });
    return { state: { ...state, greeted: state.greeted + 1 } };
  },
  signals: {
    down: (state, _signal, context) => {
      context.send(context.entity(counter, 'main'), { type: 'add', by: 10 });
      return { state: { ...state, ends: state.ends + 1 } };
    },
  },
  on: {
    go: (state) => ({ state: { ...state, mode: `${state.mode}+` }, reply: true }),
    watch: (_state, _message, context) => {
      const child = context.spawn(counter);
      context.monitor(child);
      void context.stopChild(child);
      return { reply: true };
    },
    counts: (state) => ({ reply: [state.greeted, state.ends] }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [counter, greeter] as unknown as ActorDefinition<Protocol>[];
const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

async function start(seed: number) {
  const { world, node } = simCluster(seed, entities);
  const nodes = { n1: await node('n1'), n2: await node('n2') };
  const client = await node('c', 'client');
  const ref = client.entity(counter, 'main');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const journal = await settled(
    world.connect('reader').openJournal({ name: 'TURNS', subjects: ['jaegis.sim.turn.>'], historyPerSubject: 10_000 }),
  );
  const turns = async () => {
    let count = 0;
    for await (const _ of journal.history(client.turnSubject(ref.entity))) count++;
    return count;
  };
  return { world, nodes, client, ref, settled, turns: () => settled(turns()) };
}

describe.each(seeds)('seed %d', (seed) => {
  it('asks that come while a turn is written share the next one, and each is answered what it did', async () => {
    const { ref, settled, turns } = await start(seed);
    const replies = await settled(Promise.all(Array.from({ length: 100 }, () => ref.ask({ type: 'add', by: 1 }))));
    expect(replies).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await turns()).toBeLessThan(10);
  });

  it('a question is answered by what is committed, and writes no turn', async () => {
    const { world, ref, settled, turns } = await start(seed);
    await settled(ref.ask({ type: 'add', by: 1 }));
    const heard: string[] = [];
    const add = ref.ask({ type: 'add', by: 1 }).then(() => heard.push('added'));
    const question = ref.ask({ type: 'total' }).then((total) => heard.push(`total ${total}`));
    await settled(Promise.all([add, question]));
    expect(heard).toEqual(['added', 'total 2']);
    expect(await settled(ref.ask({ type: 'total' }))).toBe(2);
    expect(await turns()).toBe(2);
    expect(world.clock.monotonic()).toBeGreaterThan(0);
  });

  it('an ask that is repeated with its key has one effect and one answer, also after a move', async () => {
    const { world, nodes, client, ref, settled } = await start(seed);
    const keyed = { idempotencyKey: 'order-1', timeoutMs: 20_000 };
    const twice = [ref.ask({ type: 'add', by: 5 }, keyed), ref.ask({ type: 'add', by: 5 }, keyed)];
    expect(await settled(Promise.all(twice))).toEqual([5, 5]);
    for (let count = 0; count < 20; count++) await settled(ref.ask({ type: 'add', by: 1 }));
    world.network.crash(ownerOf(ref.entity, client.membership.view)?.id as keyof typeof nodes);
    expect(await settled(ref.ask({ type: 'add', by: 5 }, keyed))).toBe(5);
    expect(await settled(ref.ask({ type: 'total' }, { timeoutMs: 20_000 }))).toBe(25);
  });

  it('what entering a mode or the end of another does is written and sent like what a message does', async () => {
    const { world, nodes, client, ref, settled } = await start(seed);
    const entity = client.entity(greeter, 'g');
    await settled(entity.ask({ type: 'go' }));
    await settled(entity.ask({ type: 'watch' }));
    await world.clock.advance(5_000);
    expect(await settled(entity.ask({ type: 'counts' }))).toEqual([1, 1]);
    world.network.crash(ownerOf(entity.entity, client.membership.view)?.id as keyof typeof nodes);
    expect(await settled(entity.ask({ type: 'counts' }, { timeoutMs: 20_000 }))).toEqual([1, 1]);
    expect(await settled(ref.ask({ type: 'total' }, { timeoutMs: 20_000 }))).toBe(11);
  });

  it('an entity that is idle leaves memory, and wakes with its state', async () => {
    const { world, nodes, client, ref, settled } = await start(seed);
    await settled(ref.ask({ type: 'add', by: 3 }));
    const owner = ownerOf(ref.entity, client.membership.view)?.id as keyof typeof nodes;
    const active = () => nodes[owner].inspect().children.find(({ id }) => id === 'entities')?.children;
    expect(active()).toHaveLength(1);
    await world.clock.advance(121_000);
    expect(active()).toHaveLength(0);
    expect(await settled(ref.ask({ type: 'total' }))).toBe(3);
    expect(active()).toHaveLength(1);
  });

  it('what was handled before a crash is kept, and only the one that crashed fails', async () => {
    const { ref, settled } = await start(seed);
    const asks = ['add', 'add', 'crash', 'add', 'add'].map((type) =>
      ref.ask(type === 'add' ? { type: 'add', by: 1 } : { type: 'crash' }),
    );
    const results = await settled(Promise.allSettled(asks));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await settled(ref.ask({ type: 'total' }))).toBe(4);
  });
});
