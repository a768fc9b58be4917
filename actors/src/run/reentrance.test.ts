import { describe, expect, it } from 'vitest';
import { defineActor } from './definition.ts';
import { testSystem, virtualSystem } from './kernel.test-system.ts';
import type { AnyProtocol } from './protocol.ts';
import type { Ref } from './ref.ts';

const often = { intensity: 100, periodMs: 60_000 };

/** A re-entrant actor whose `outer` asks itself for `inside`; both wait for what the test lets them wait for. */
function nested(
  outer: Promise<unknown>,
  inside: Promise<unknown>,
  { isAwaited = true, told }: { readonly isAwaited?: boolean; readonly told?: Ref<AnyProtocol> } = {},
) {
  const begun: string[] = [];
  const definition = defineActor('nested', {
    reentrant: true,
    state: () => ({ seen: [] as string[] }),
    on: {
      outer: async ({ seen }, _message, context) => {
        begun.push('outer');
        const asked = context.ask(context.self, { type: 'inside' }).catch(() => {});
        await (isAwaited ? Promise.race([asked, outer]) : outer);
        return { state: { seen: [...seen, 'outer'] }, reply: 'outer' };
      },
      inside: async ({ seen }, _message, context) => {
        begun.push('inside');
        await inside;
        if (told) context.tell(told, { type: 'note' });
        return { state: { seen: [...seen, 'inside'] }, reply: 'inside' };
      },
      note: ({ seen }) => ({ state: { seen: [...seen, 'note'] } }),
      read: ({ seen }) => ({ reply: seen }),
    },
  });
  return { definition, begun };
}

const turns = async () => {
  for (let count = 0; count < 20; count++) await undefined;
};

describe('a handler that runs inside another', () => {
  it.each(['kill', 'restart'])('has no effect once its incarnation has ended (%s)', async (reason) => {
    const { system } = testSystem(often);
    const gate = Promise.withResolvers<void>();
    const listener = (await system.spawn(nested(gate.promise, gate.promise).definition)) as unknown as Ref<AnyProtocol>;
    const { definition, begun } = nested(new Promise(() => {}), gate.promise, { told: listener });
    const ref = await system.spawn(definition);
    const asked = ref.ask({ type: 'outer' });
    asked.catch(() => {});
    await turns();
    expect(begun).toEqual(['outer', 'inside']);
    system.exit(ref, reason);
    await expect(asked).rejects.toMatchObject({ code: 'actor_killed' });
    gate.resolve();
    await turns();
    expect(await ref.ask({ type: 'read' })).toEqual([]);
    expect(await listener.ask({ type: 'read' })).toEqual([]);
    await system.stop();
  });

  it('crashes no later incarnation', async () => {
    const { system } = testSystem(often);
    const gate = Promise.withResolvers<void>();
    const ref = await system.spawn(nested(new Promise(() => {}), gate.promise).definition);
    ref.ask({ type: 'outer' }).catch(() => {});
    await turns();
    system.exit(ref, 'restart');
    await ref.ask({ type: 'read' });
    gate.reject(new Error('too late'));
    await turns();
    expect(system.inspect().children[0]).toMatchObject({ restarts: 1, failures: 0 });
    await system.stop();
  });

  it('holds up the end of that one, so that no change of the state is lost', async () => {
    const { system } = testSystem(often);
    const [outer, inside] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const ref = await system.spawn(nested(outer.promise, inside.promise, { isAwaited: false }).definition);
    const asked = ref.ask({ type: 'outer' });
    await turns();
    ref.tell({ type: 'note' });
    outer.resolve();
    await turns();
    inside.resolve();
    await turns();
    expect(await asked).toBe('outer');
    expect(await ref.ask({ type: 'read' })).toContain('note');
    await system.stop();
  });

  it('that hangs is cut off with it when its time is up', async () => {
    const { system, clock } = virtualSystem(often);
    const never = new Promise<void>(() => {});
    const ref = await system.spawn(nested(Promise.resolve(), never, { isAwaited: false }).definition);
    const asked = ref.ask({ type: 'outer' }, { timeoutMs: 100_000 });
    await expect(clock.runUntilSettled(asked, 100_000)).rejects.toMatchObject({
      code: 'actor_crashed',
      cause: { code: 'handler_timeout' },
    });
    expect(clock.monotonic()).toBe(60_000);
  });
});

describe('a re-entrant actor that is to stop', () => {
  it('handles the asks of the chain that it is part of, so that the handler under way can end', async () => {
    const { system } = testSystem();
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const friend = defineActor('friend', {
      state: () => 0,
      on: {
        back: async (_state, { to }: { to: Ref<AnyProtocol> }, context) => {
          begun.resolve();
          await gate.promise;
          return { reply: await context.ask(to, { type: 'inside' }) };
        },
      },
    });
    const helper = await system.spawn(friend);
    const caller = defineActor('caller', {
      reentrant: true,
      state: () => 0,
      on: {
        outer: async (_state, _message, context) => ({
          reply: await context.ask(helper, { type: 'back', to: context.self }),
        }),
        inside: () => ({ reply: 'answered' }),
      },
    });
    const ref = await system.spawn(caller);
    const asked = ref.ask({ type: 'outer' });
    await begun.promise;
    const stopped = system.stop(ref);
    gate.resolve();
    expect(await asked).toBe('answered');
    await stopped;
    await system.stop();
  });
});

describe('an ask of a re-entrant actor to itself', () => {
  const careless = (limit: number, seen: string[], gate: Promise<void>, failed: (error: unknown) => void) =>
    defineActor('careless', {
      reentrant: true,
      mailbox: { limit },
      state: () => 0,
      on: {
        begin: (_state, _message, context) => {
          context.ask(context.self, { type: 'own' }).catch(failed);
        },
        hold: async () => {
          seen.push('hold');
          await gate;
          seen.push('held');
        },
        own: () => {
          seen.push('own');
        },
      },
    });

  it('waits its turn when its handler has ended without waiting', async () => {
    const { system } = testSystem();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const ref = await system.spawn(careless(10, seen, gate.promise, () => {}));
    ref.tell({ type: 'begin' });
    ref.tell({ type: 'hold' });
    await turns();
    gate.resolve();
    await ref.ask({ type: 'own' });
    expect(seen).toEqual(['hold', 'held', 'own', 'own']);
    await system.stop();
  });

  it('fails as any other where there is no room for it', async () => {
    const { system } = virtualSystem(); // its clock stands still: no batch ends for the time that it took
    const failed = Promise.withResolvers<unknown>();
    const gate = Promise.withResolvers<void>();
    const ref = await system.spawn(careless(2, [], gate.promise, failed.resolve));
    ref.tell({ type: 'begin' });
    ref.tell({ type: 'hold' });
    void Promise.resolve().then(() => {
      ref.tell({ type: 'own' });
      ref.tell({ type: 'own' });
    });
    expect(await failed.promise).toMatchObject({ code: 'overloaded' });
    gate.resolve();
    await system.stop();
  });
});
