import { describe, expect, it } from 'vitest';
import type { ActorContext } from './contract.ts';
import { defineActor } from './definition.ts';
import { type testSystem, virtualSystem } from './kernel.test-system.ts';
import type { AnyProtocol } from './protocol.ts';
import type { Ref } from './ref.ts';

const often = { intensity: 100, periodMs: 60_000 };
type World = Pick<ReturnType<typeof testSystem>, 'system'>;

const settled = async () => {
  for (let turn = 0; turn < 50; turn++) await undefined;
};

async function listener({ system }: World) {
  const heard: unknown[] = [];
  const definition = defineActor('listener', {
    state: () => 0,
    on: { hear: (_state, { what }: { what: unknown }) => void heard.push(what) },
  });
  const to = (await system.spawn(definition)) as unknown as Ref<AnyProtocol>;
  return { heard, to };
}

/** Its handler does one thing, waits for the test, and does another; a child of it stops when the test lets it. */
function worker(first: (context: ActorContext) => void, gate: Promise<void>, then: (context: ActorContext) => void) {
  const child = (free: Promise<void>) => defineActor('child', { state: () => 0, stop: () => free, on: {} });
  return defineActor('worker', {
    state: () => 0,
    on: {
      work: async (_state, _message, context) => {
        first(context);
        await gate;
        then(context);
      },
      parent: (_state, { free }: { free: Promise<void> }, context) => void context.spawn(child(free)),
      ping: () => ({ reply: 'pong' }),
    },
  });
}

const nothing = () => {};

describe('a handler that was cut off', () => {
  it('has told nobody anything when its actor is killed', async () => {
    const world = virtualSystem(often);
    const { heard, to } = await listener(world);
    const tells = (context: ActorContext) => context.tell(to, { type: 'hear', what: 'cut off' });
    const ref = await world.system.spawn(worker(tells, new Promise(nothing), nothing));
    ref.tell({ type: 'work' });
    await settled();
    world.system.exit(ref, 'kill');
    await settled();
    expect(heard).toEqual([]);
    await world.system.stop();
  });

  it('tells nobody anything while its actor still ends', async () => {
    const world = virtualSystem(often);
    const { heard, to } = await listener(world);
    const [gate, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const tells = (context: ActorContext) => context.tell(to, { type: 'hear', what: 'cut off' });
    const ref = await world.system.spawn(worker(nothing, gate.promise, tells));
    ref.tell({ type: 'parent', free: free.promise });
    ref.tell({ type: 'work' });
    await settled();
    world.system.exit(ref, 'restart');
    gate.resolve();
    await settled();
    free.resolve();
    expect(await ref.ask({ type: 'ping' })).toBe('pong');
    expect(heard).toEqual([]);
    await world.system.stop();
  });

  it.each([
    ['end it', (context: ActorContext) => context.exit(context.self, 'kill')],
    ['make it trap exits', (context: ActorContext) => context.trapExits(true)],
    ['take its name', (context: ActorContext) => context.unregister('the-worker')],
    ['take it out of its group', (context: ActorContext) => void context.leave('workers')],
  ])('does nothing to a later incarnation: it cannot %s', async (_what, then) => {
    const { system } = virtualSystem(often);
    const gate = Promise.withResolvers<void>();
    const ref = await system.spawn(worker(nothing, gate.promise, then), { register: 'the-worker' });
    ref.tell({ type: 'work' });
    await settled();
    system.exit(ref, 'restart');
    await ref.ask({ type: 'ping' });
    const group = system.groups;
    const process = system.resolve(ref);
    if (process) group.join('workers', process);
    gate.resolve();
    await settled();
    expect(system.inspect().children[0]).toMatchObject({ restarts: 1 });
    expect(system.whereis('the-worker')).toBe(ref);
    expect(group.members('workers')).toHaveLength(1);
    system.exit(ref, 'shutdown');
    await settled();
    expect(system.inspect().children[0]).toMatchObject({ restarts: 2 });
    await system.stop();
  });
});

describe('a stop function that was cut off', () => {
  it('tells nobody anything', async () => {
    const world = virtualSystem(often);
    const { heard, to } = await listener(world);
    const gate = Promise.withResolvers<void>();
    const ending = defineActor('ending', {
      state: () => 0,
      stop: async (_state, _reason, context) => {
        context.tell(to, { type: 'hear', what: 'before' });
        await gate.promise;
        context.tell(to, { type: 'hear', what: 'after' });
      },
      on: {},
    });
    const ref = await world.system.spawn(ending);
    await world.clock.runUntilSettled(world.system.stop(ref, { timeoutMs: 300 }));
    gate.resolve();
    await world.clock.advance(1);
    expect(heard).toEqual([]);
  });
});
