/** Pekko's tests of death watch, which is `monitor` here. */
import { type AnyRef, type DownSignal, defineActor, type Monitor, stop } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { testSystem, virtualSystem } from '../support/kernel.ts';
import { probe, settled, told } from '../support/kernel-probe.ts';

const often = { intensity: 100, periodMs: 60_000 };

/** Watches what it is told to, and keeps what it hears. */
function watcher() {
  const downs: DownSignal[] = [];
  const monitors = new Map<string, Monitor>();
  const gate = Promise.withResolvers<void>();
  const definition = defineActor('watcher', {
    state: () => 0,
    signals: { down: (_state, signal) => void downs.push(signal) },
    on: {
      watch: (_state, message: { who: AnyRef }, context) => {
        monitors.set(message.who.address, context.monitor(message.who));
        return { reply: true };
      },
      unwatch: (_state, message: { who: AnyRef }, context) => {
        const made = monitors.get(message.who.address);
        return { reply: made ? context.demonitor(made) : false };
      },
      hold: () => gate.promise,
      sync: () => ({ reply: true }),
    },
  });
  return { definition, downs, open: gate.resolve };
}

async function watching() {
  const { system } = testSystem(often);
  const target = await system.spawn(probe('target', told()), { name: 'target', restart: 'temporary' });
  const one = watcher();
  const ref = await system.spawn(one.definition);
  await ref.ask({ type: 'watch', who: target });
  return { system, target, ref, ...one };
}

describe('one that watches', () => {
  it('PKdw:one Terminated when an Actor is stopped', async () => {
    const { system, target, ref, downs } = await watching();
    await system.stop(target);
    await ref.ask({ type: 'sync' });
    expect(downs).toMatchObject([{ type: 'down', from: { address: 'n1/user/target' }, reason: 'normal' }]);
    await system.stop();
  });

  it('PKdw:all monitors with one Terminated', async () => {
    const { system } = testSystem(often);
    const target = await system.spawn(probe('target', told()));
    const watchers = [watcher(), watcher(), watcher()];
    const refs = await Promise.all(watchers.map(({ definition }) => system.spawn(definition)));
    for (const ref of refs) await ref.ask({ type: 'watch', who: target });
    await system.stop(target);
    for (const ref of refs) await ref.ask({ type: 'sync' });
    expect(watchers.map(({ downs }) => downs.length)).toEqual([1, 1, 1]);
    await system.stop();
  });

  it('PKdw:_current_ monitors: one that has unwatched hears nothing', async () => {
    const { system } = testSystem(often);
    const target = await system.spawn(probe('target', told()));
    const watchers = [watcher(), watcher(), watcher()];
    const refs = await Promise.all(watchers.map(({ definition }) => system.spawn(definition)));
    for (const ref of refs) await ref.ask({ type: 'watch', who: target });
    expect(await refs[1]?.ask({ type: 'unwatch', who: target })).toBe(true);
    await system.stop(target);
    for (const ref of refs) await ref.ask({ type: 'sync' });
    expect(watchers.map(({ downs }) => downs.length)).toEqual([1, 0, 1]);
    await system.stop();
  });

  it('PKdw:once when stopped but not when restarted: as in OTP each incarnation that ends is one `down`, and once only', async () => {
    const { system } = testSystem(often);
    const target = await system.spawn(probe('target', told()));
    const { definition, downs } = watcher();
    const ref = await system.spawn(definition);
    await ref.ask({ type: 'watch', who: target });
    for (let count = 0; count < 3; count++) system.exit(target, 'kill');
    expect(await target.ask({ type: 'ping' })).toBe('target');
    await ref.ask({ type: 'sync' });
    expect(downs.map(({ reason }) => reason)).toEqual(['killed']);
    await ref.ask({ type: 'watch', who: target });
    await system.stop(target);
    await ref.ask({ type: 'sync' });
    expect(downs.map(({ reason }) => reason)).toEqual(['killed', 'normal']);
    await system.stop();
  });

  it('PKdw:fail a monitor which does not handle Terminated(): child, then watcher, then who watches that', async () => {
    const { system } = testSystem(often);
    const order: string[] = [];
    system.onCrash(({ address, reason }) => order.push(`${address} ${(reason as Error).message}`));
    const target = await system.spawn(probe('target', told()), { name: 'target', restart: 'temporary' });
    const careless = defineActor('careless', {
      state: (_key, context) => context.monitor(target),
      on: {},
    });
    const middle = await system.spawn(careless, { name: 'middle', restart: 'temporary' });
    const { definition, downs } = watcher();
    const top = await system.spawn(definition);
    await top.ask({ type: 'watch', who: middle });
    target.tell({ type: 'fail' });
    await expect.poll(() => downs.length).toBe(1);
    expect(order).toEqual(['n1/user/target as asked', expect.stringMatching(/^n1\/user\/middle .*n1\/user\/target/)]);
    expect(downs).toMatchObject([{ from: { address: 'n1/user/middle' }, reason: { code: 'death_pact' } }]);
    await system.stop();
  });

  it('PKdw:watch a child with the same name after the old died', async () => {
    const { system } = testSystem(often);
    const { definition, downs } = watcher();
    const ref = await system.spawn(definition);
    for (let time = 1; time <= 2; time++) {
      const target = await system.spawn(probe(`target ${time}`, told()), { name: 'kid' });
      await ref.ask({ type: 'watch', who: target });
      await ref.ask({ type: 'sync' });
      expect(downs).toHaveLength(time - 1);
      await system.stop(target);
      await ref.ask({ type: 'sync' });
      expect(downs).toHaveLength(time);
    }
    await system.stop();
  });

  it('PKdw:only notify when watching: a message that looks like a `down` is just a message', async () => {
    const { system, ref, downs } = await watching();
    await expect(ref.ask({ type: 'down', reason: 'normal', from: undefined } as never)).rejects.toMatchObject({
      code: 'invalid_message',
    });
    expect(downs).toEqual([]);
    await system.stop();
  });

  it('PKdw:discard Terminated when unwatched between sysmsg and processing', async () => {
    const { system, target, ref, downs } = await watching();
    const unwatching = defineActor('unwatching', {
      state: (_key, context) => context.monitor(target),
      signals: { down: (_state, signal) => void downs.push(signal) },
      on: {
        // The end of the target is told while this handler runs, and taken back by it.
        end: async (made, _message, context) => {
          context.exit(target, 'kill');
          return { reply: context.demonitor(made) };
        },
        sync: () => ({ reply: true }),
      },
    });
    const other = await system.spawn(unwatching);
    expect(await other.ask({ type: 'end' })).toBe(false);
    await other.ask({ type: 'sync' });
    await ref.ask({ type: 'sync' });
    expect(downs).toHaveLength(1);
    await system.stop();
  });

  it.each([
    ['that stops', 'end', 'normal'],
    ['that crashes', 'fail', { message: 'as asked' }],
  ] as const)(
    'PKwat:graceful termination; child failure (2): a child %s is told with its reason',
    async (_what, type, reason) => {
      const { system, clock } = virtualSystem(often);
      const downs: DownSignal[] = [];
      const parent = defineActor('parent', {
        state: (_key, context) =>
          context.spawn(probe('kid', told()), { name: 'kid', restart: 'temporary', monitor: true }),
        signals: { down: (_state, signal) => void downs.push(signal) },
        on: { order: (kid) => kid.tell({ type }) },
      });
      const ref = await system.spawn(parent, { name: 'parent' });
      ref.tell({ type: 'order' });
      await clock.advance(1);
      expect(downs).toMatchObject([{ from: { address: 'n1/user/parent/kid' }, reason }]);
    },
  );

  it('PKwat:DeathPact cascades', async () => {
    const { system } = testSystem(often);
    const joe = await system.spawn(probe('joe', told()), { name: 'joe', restart: 'temporary' });
    const pact = (who: AnyRef) =>
      defineActor('pact', {
        state: (_key, context) => context.monitor(who),
        on: { end: () => ({ actions: [stop()] }) },
      });
    const middle = await system.spawn(pact(joe), { name: 'middle', restart: 'temporary' });
    const { down } = system.monitor(middle);
    const top = await system.spawn(pact(middle), { name: 'top', restart: 'temporary' });
    const { down: downOfTop } = system.monitor(top);
    joe.tell({ type: 'fail' });
    await settled();
    expect(await down).toMatchObject({ reason: { code: 'death_pact' } });
    expect(await downOfTop).toMatchObject({ reason: { code: 'death_pact', cause: { code: 'death_pact' } } });
    await system.stop();
  });
});
