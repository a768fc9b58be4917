/** What an entity does whose messages cannot leave: it takes no more work that sends, and goes on with everything else. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';
import { limits } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

let opened = Promise.withResolvers<void>();

/** Finishes nothing before it is opened. */
const receiver = defineActor('receiver', {
  state: () => 0,
  on: {
    take: async (count) => {
      await opened.promise;
      return { state: count + 1 };
    },
    count: (state) => ({ reply: state }),
  },
});

const sender = defineActor('sender', {
  state: () => 0,
  on: {
    pass: (passed, _message, context) => {
      context.send(context.entity(receiver, 'r'), { type: 'take' });
      return { state: passed + 1, reply: passed + 1 };
    },
    passed: (state) => ({ reply: state }),
  },
});

// A definition of any protocol: the list is for the runtime.
const entities = [receiver, sender] as unknown as ActorDefinition<Protocol>[];
const patient = { timeoutMs: 600_000 };

describe.each([1, 2, 3])('seed %d', (seed) => {
  async function full() {
    opened = Promise.withResolvers();
    const { world, node } = simCluster(seed, entities);
    await node('n1');
    const client = await node('c', 'client');
    const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
    const ref = client.entity(sender, 's');
    const asks = Array.from({ length: limits.outbox }, () => ref.ask({ type: 'pass' }, patient));
    expect((await settled(Promise.all(asks))).at(-1)).toBe(limits.outbox);
    const count = async (wanted: number) => {
      while ((await settled(client.entity(receiver, 'r').ask({ type: 'count' }, patient))) < wanted)
        await world.clock.advance(1_000);
      return settled(client.entity(receiver, 'r').ask({ type: 'count' }, patient));
    };
    return { world, ref, settled, count };
  }

  it('an ask that would send is refused as overloaded and has no effect; a question is answered', async () => {
    const { ref, settled, count } = await full();
    const refused = settled(ref.ask({ type: 'pass' }));
    await expect(refused).rejects.toMatchObject({ code: 'overloaded', data: { option: 'outbox' } });
    expect(await settled(ref.ask({ type: 'passed' }))).toBe(limits.outbox);
    opened.resolve();
    expect(await count(limits.outbox)).toBe(limits.outbox);
    expect(await settled(ref.ask({ type: 'pass' }))).toBe(limits.outbox + 1);
  });

  it('what was sent to it durably waits in order until there is room', async () => {
    const { world, ref, settled, count } = await full();
    const sends = Array.from({ length: 20 }, () => ref.send({ type: 'pass' }));
    await settled(Promise.all(sends));
    await world.clock.advance(30_000);
    expect(await settled(ref.ask({ type: 'passed' }))).toBe(limits.outbox);
    opened.resolve();
    expect(await count(limits.outbox + 20)).toBe(limits.outbox + 20);
    expect(await settled(ref.ask({ type: 'passed' }))).toBe(limits.outbox + 20);
  });

  it('a tell that would send is dropped, and the entity lives on', async () => {
    const { world, ref, settled } = await full();
    ref.tell({ type: 'pass' });
    await world.clock.advance(1_000);
    expect(await settled(ref.ask({ type: 'passed' }))).toBe(limits.outbox);
  });
});
