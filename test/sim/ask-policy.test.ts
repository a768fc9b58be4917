/** Asks under a policy, to entities and actors of this node and others, on a virtual clock. */
import { type ActorDefinition, type AskOptions, defineActor, type Protocol, type Ref } from '@jaegis/actors';
import { type ClusterNode, ownerOf } from '@jaegis/cluster';
import { sleep } from '@jaegis/core';
import { createPolicy, KeyedBreakers, type PolicyOptions } from '@jaegis/resilience';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

/** How often its handler has begun, which outlives a crash. */
let begun = 0;
let slowMs = 0;
let leftMs: (number | undefined)[] = [];

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: async (state, _message: object, context) => {
      begun += 1;
      leftMs.push(context.deadline);
      const waitMs = slowMs;
      slowMs = 0;
      await sleep(context.clock, waitMs);
      return { state: { total: state.total + 1 }, reply: state.total + 1 };
    },
    fail: () => {
      begun += 1;
      throw new Error('as asked');
    },
    total: (state) => ({ reply: state.total }),
  },
});

const retry = { tries: 3, backoff: { kind: 'constant', delayMs: 50 } } as const;

/** Asks the counter of its name through its own context. */
const asker = (options: () => AskOptions) =>
  defineActor('asker', {
    state: () => ({}),
    on: {
      pass: async (_state, { to }: { to: Ref<CounterProtocol> }, context) => ({
        reply: await context.ask(to, { type: 'add' }, options()),
      }),
    },
  });

interface CounterProtocol extends Protocol {
  add: { message: object; reply: number };
}

// A definition of any protocol: the list is for the runtime.
const entities = [counter] as unknown as ActorDefinition<Protocol>[];

async function start(options: PolicyOptions) {
  [begun, slowMs, leftMs] = [0, 0, []];
  const { world, node } = simCluster(1, entities);
  const made = Promise.withResolvers<ClusterNode>();
  const startPin = async () => void (await (await made.promise).system.spawn(counter, { name: 'pin' }));
  const pinned = [{ name: 'pin', labels: ['n2'], start: startPin }];
  const n1 = await node('n1', 'member', { pinned });
  const n2 = await node('n2', 'member', { pinned, labels: ['n2'] });
  made.resolve(n2);
  await world.clock.advance(1_000);
  const policy = createPolicy(options, { clock: world.clock, random: world.random.fork('policy') });
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const keyAt = (name: string) =>
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find(
      (key) => ownerOf({ type: 'counter', key }, n1.membership.view)?.id === name,
    ) ?? '';
  await settled(n2.system.spawn(counter, { name: 'far' }));
  const local = await settled(n1.system.spawn(counter, { name: 'local' }));
  return { world, n1, policy, settled, keyAt, local };
}

describe('an ask under a policy', () => {
  it.each(['n1', 'n2'])('to an entity on %s, of which the first try took too long, has one effect', async (name) => {
    const { n1, policy, settled, keyAt } = await start({ retry, tryTimeoutMs: 100 });
    const ref = n1.entity(counter, keyAt(name));
    slowMs = 120;
    expect(await settled(ref.ask({ type: 'add' }, { policy }))).toBe(1);
    expect(await settled(ref.ask({ type: 'total' }))).toBe(1);
    expect(policy.inspect().parts.find((part) => part.name === 'retry')?.state).toMatchObject({ retries: 1 });
  });

  it('is another one than the next ask, which has its own effect', async () => {
    const { n1, policy, settled } = await start({ retry });
    const ref = n1.entity(counter, 'a');
    expect(await settled(ref.ask({ type: 'add' }, { policy }))).toBe(1);
    expect(await settled(ref.ask({ type: 'add' }, { policy }))).toBe(2);
  });

  it('goes by the key that is given', async () => {
    const { n1, policy, settled } = await start({ retry });
    const ref = n1.entity(counter, 'a');
    const options = { policy, idempotencyKey: 'order' };
    expect(await settled(ref.ask({ type: 'add' }, options))).toBe(1);
    expect(await settled(ref.ask({ type: 'add' }, options))).toBe(1);
  });

  it('that is hedged has one effect too', async () => {
    const { n1, policy, settled, keyAt } = await start({ hedge: { delayMs: 50 } });
    const ref = n1.entity(counter, keyAt('n2'));
    slowMs = 200;
    expect(await settled(ref.ask({ type: 'add' }, { policy }))).toBe(1);
    expect(await settled(ref.ask({ type: 'total' }))).toBe(1);
    expect(begun).toBe(1);
  });

  it('goes through the breaker of its tenant', async () => {
    const { world, n1, policy, settled } = await start({});
    policy.tune({ breaker: new KeyedBreakers({ failures: 1 }, world) });
    const ref = n1.actor('n2/user/far');
    const failing = ref.ask({ type: 'fail' }, { policy: policy.for({ tenant: 'a' }) });
    await expect(settled(failing)).rejects.toMatchObject({ code: 'actor_crashed' });
    const ofA = ref.ask({ type: 'add' }, { policy: policy.for({ tenant: 'a' }) });
    await expect(settled(ofA)).rejects.toMatchObject({ code: 'breaker_open' });
    expect(await settled(ref.ask({ type: 'add' }, { policy: policy.for({ tenant: 'b' }) }))).toBe(1);
  });

  it('tells the handler how long the try may take, also over there', async () => {
    const { n1, policy, settled, local } = await start({ tryTimeoutMs: 700 });
    expect(await settled(local.ask({ type: 'add' }, { policy }))).toBe(1);
    expect(await settled(local.ask({ type: 'add' }, { policy, timeoutMs: 300 }))).toBe(2);
    const far = n1.actor<CounterProtocol>('n2/user/far');
    expect(await settled(far.ask({ type: 'add' }, { policy }))).toBe(1);
    expect(leftMs.map((ms) => Math.round((ms ?? 0) / 100) * 100)).toEqual([700, 300, 700]);
  });

  it.each(['n1/user/local', 'n2/user/far', '*/user/pin'])(
    'is refused by its breaker without being sent, once asks of %s have failed',
    async (name) => {
      const { n1, policy, settled } = await start({ breaker: { failures: 2 } });
      const ref = n1.actor(name);
      for (let failed = 1; failed <= 2; failed++) {
        await expect(settled(ref.ask({ type: 'fail' }, { policy }))).rejects.toMatchObject({ code: 'actor_crashed' });
      }
      await expect(settled(ref.ask({ type: 'add' }, { policy }))).rejects.toMatchObject({ code: 'breaker_open' });
      expect(begun).toBe(2);
    },
  );

  it.each([{ timeoutMs: 100 }, { tryTimeoutMs: 100 }])('that takes too long for %o is a failure', async (limit) => {
    const { policy, settled, local } = await start({ ...limit, breaker: { failures: 1 } });
    slowMs = 200;
    await expect(settled(local.ask({ type: 'add' }, { policy }))).rejects.toThrow(/in time|did not end/);
    await expect(settled(local.ask({ type: 'add' }, { policy }))).rejects.toMatchObject({ code: 'breaker_open' });
  });

  it('that the actor does not take is no failure, and is not repeated', async () => {
    const { policy, settled, local } = await start({ retry, breaker: { failures: 1 } });
    const wrong = { type: 'ad' } as never; // as from JavaScript
    await expect(settled(local.ask(wrong, { policy }))).rejects.toMatchObject({ code: 'invalid_message' });
    expect(await settled(local.ask({ type: 'add' }, { policy }))).toBe(1);
    expect(policy.inspect().parts.find(({ name }) => name === 'retry')?.state).toMatchObject({ retries: 0 });
  });

  it('made in a handler has no more time than the ask that is handled', async () => {
    const { n1, policy, settled, world } = await start({
      retry: { ...retry, tries: 100, budget: false },
      tryTimeoutMs: 100,
    });
    const from = await settled(
      n1.system.spawn(
        asker(() => ({ policy })),
        { name: 'asker' },
      ),
    );
    const to = n1.entity(counter, 'a');
    slowMs = 60_000;
    const began = world.clock.monotonic();
    const passed = settled(from.ask({ type: 'pass', to }, { timeoutMs: 1_000 }));
    // Its handler learns that no other try would be in time, and fails with that.
    await expect(passed).rejects.toMatchObject({ code: 'actor_crashed', cause: { code: 'operation_timeout' } });
    // The difference of two such readings is as exact as they are.
    expect(Math.round((world.clock.monotonic() - began) * 1_000)).toBeLessThanOrEqual(1_000_000);
    expect(policy.inspect().parts.find(({ name }) => name === 'retry')?.state).toMatchObject({ retries: 6 });
  });

  it('made in a handler names its tries alike too, so that an entity does it once', async () => {
    const { n1, policy, settled, keyAt } = await start({ retry, tryTimeoutMs: 100 });
    const from = await settled(
      n1.system.spawn(
        asker(() => ({ policy })),
        { name: 'asker' },
      ),
    );
    slowMs = 120;
    expect(await settled(from.ask({ type: 'pass', to: n1.entity(counter, keyAt('n2')) }))).toBe(1);
    expect(begun).toBe(1);
  });

  it('ends as cancelled when its asker gives up, and is not repeated', async () => {
    const { world, policy, settled, local } = await start({ retry });
    const asked = new AbortController();
    slowMs = 5_000;
    const reply = local.ask({ type: 'add' }, { policy, signal: asked.signal });
    world.clock.setTimer(100, () => asked.abort());
    await expect(settled(reply)).rejects.toMatchObject({ code: 'cancelled' });
    await world.clock.advance(10_000);
    expect(begun).toBe(1);
  });

  it('with something that is no policy is refused by its path', async () => {
    const { settled, local, n1 } = await start({});
    // As from JavaScript.
    const options = { policy: {} } as AskOptions;
    for (const ref of [local, n1.entity(counter, 'a')]) {
      await expect(settled(ref.ask({ type: 'add' }, options))).rejects.toMatchObject({ data: { path: 'policy' } });
    }
  });
});
