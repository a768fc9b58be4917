/** What is known of a system from outside while it works: who runs, and how much waits. */
import { expect, it } from 'vitest';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';

it('the actor whose code runs is known: in its start, when it is told, when it is asked on the spot; else nobody', async () => {
  const { system } = testSystem();
  const seen: (string | undefined)[] = [];
  const look = () => {
    seen.push(system.running);
  };
  const inner = defineActor('inner', { state: look, on: { look } });
  const outer = defineActor('outer', {
    state: () => undefined,
    on: {
      look,
      nest: async (_state, _message: object, context) => {
        const child = await context.spawn(inner, 'child');
        await child.ask({ type: 'look' });
        await undefined;
        look();
      },
    },
  });
  const ref = await system.spawn(outer, { name: 'outer' });
  const [own, child] = [ref.address, `${ref.address}/child`];
  look();
  ref.tell({ type: 'look' });
  const asked = ref.ask({ type: 'look' });
  look();
  await asked;
  expect(seen).toEqual([undefined, undefined, own, own]);
  seen.length = 0;
  await ref.ask({ type: 'nest' });
  look();
  // Not known of what a handler does after its first await.
  expect(seen).toEqual([child, child, undefined, undefined]);
  await system.stop();
});

it('a handler that throws is not taken for one that runs', async () => {
  const { system } = testSystem();
  const definition = defineActor('fragile', {
    state: () => 0,
    on: {
      crash: () => {
        throw new Error('as asked');
      },
    },
  });
  const ref = await system.spawn(definition, { name: 'fragile' });
  await expect(ref.ask({ type: 'crash' })).rejects.toMatchObject({ code: 'actor_crashed' });
  expect(system.running).toBeUndefined();
  await system.stop();
});

it.each(['refuse', 'drop-oldest', 'drop-newest'] as const)(
  'all messages that wait are counted, where a full mailbox would %s, and none once they are handled or dropped',
  async (whenFull) => {
    const { system } = testSystem();
    const gate = Promise.withResolvers<void>();
    const definition = defineActor('slow', {
      mailbox: { limit: 3, whenFull },
      state: () => 0,
      on: { hold: () => gate.promise, take: () => {} },
    });
    const [a, b] = [await system.spawn(definition), await system.spawn(definition)];
    for (const ref of [a, b]) ref.tell({ type: 'hold' });
    await Promise.resolve();
    expect(system.waiting).toBe(0);
    for (const ref of [a, a, a, b]) ref.tell({ type: 'take' });
    expect(system.waiting).toBe(4);
    if (whenFull === 'refuse') expect(() => a.tell({ type: 'take' })).toThrow();
    else a.tell({ type: 'take' });
    expect(system.waiting).toBe(4);
    gate.resolve();
    await b.ask({ type: 'take' });
    await expect.poll(() => system.waiting).toBe(0);
    for (const ref of [a, a]) ref.tell({ type: 'take' });
    await system.stop();
    expect(system.waiting).toBe(0);
  },
);
