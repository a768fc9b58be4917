/** Policies at the doors of actors and entities: where they live, whoever asks. On a virtual clock. */
import {
  type ActorDefinition,
  defineActor,
  defineMachine,
  defineSupervisor,
  type Protocol,
  type Ref,
  System,
} from '@jaegis/actors';
import { type ClusterEvent, type ClusterNodeOptions, ownerOf } from '@jaegis/cluster';
import { type JaegisError, silentLogger, sleep } from '@jaegis/core';
import { createPolicy, KeyedBreakers, type PolicyOptions } from '@jaegis/resilience';
import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { simCluster } from '../support/sim-cluster.ts';

/** What its handlers have begun, which outlives a crash. */
let begun: string[] = [];

const worker = (policy?: PolicyOptions<unknown>) =>
  defineActor('worker', {
    ...(policy === undefined ? {} : { policy }),
    state: () => ({ total: 0 }),
    on: {
      add: (state) => {
        begun.push('add');
        return { state: { total: state.total + 1 }, reply: state.total + 1 };
      },
      slow: async (state, { ms }: { ms: number }, context) => {
        begun.push('slow');
        await sleep(context.clock, ms);
        return { state: { ...state }, reply: 'done' };
      },
      /** Crashes so often, and does it then. */
      fail: (state, { times }: { times: number }) => {
        begun.push('fail');
        if (begun.filter((name) => name === 'fail').length <= times) throw new Error('as asked');
        return { state: { total: state.total + 1 }, reply: state.total + 1 };
      },
      left: (_state, _message: object, context) => ({ reply: context.deadline }),
      later: (_state, _message: object, context) => {
        const handle = context.defer();
        context.clock.setTimer(100, () => handle.reply('later'));
      },
      total: (state) => ({ reply: state.total }),
    },
  });

function raise(): never {
  throw new Error('as asked');
}

const noneHere = () => {
  throw new Error('not in this test');
};

function start() {
  begun = [];
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const pool = { run: noneHere, stats: { threads: 0, queued: 0, completed: 0 }, close: async () => {} };
  const failures: JaegisError[] = [];
  const system = new System({
    node: 'n1',
    services: { clock, logger: silentLogger, pool, entity: noneHere, actor: noneHere },
    random,
    announce: () => {},
    onFailure: (error) => failures.push(error),
    limit: { intensity: Number.POSITIVE_INFINITY },
    makePolicy: (settings, name) => createPolicy<unknown>({ ...settings, name }, { clock, random }),
  });
  const settled = <T>(promise: Promise<T>) => clock.runUntilSettled(promise);
  const codeOf = (promise: Promise<unknown>) => settled(promise.catch((error: JaegisError) => error.code));
  return { clock, system, settled, codeOf };
}

const retry = { tries: 3, backoff: { kind: 'constant', delayMs: 50 } } as const;

describe('a policy at the door of one actor', () => {
  it('refuses asks at once while its breaker is open, from whomever, and lets tells pass', async () => {
    const { system, settled, codeOf } = start();
    const ref = await settled(system.spawn(worker(), { name: 'w', policy: { breaker: { failures: 2 } } }));
    expect(await codeOf(ref.ask({ type: 'fail', times: 9 }))).toBe('actor_crashed');
    expect(await codeOf(system.at('n1/user/w').ask({ type: 'fail', times: 9 }))).toBe('actor_crashed');
    expect(await codeOf(ref.ask({ type: 'add' }))).toBe('breaker_open');
    ref.tell({ type: 'add' });
    await settled(Promise.resolve());
    expect(begun).toEqual(['fail', 'fail', 'add']);
  });

  it('repeats an ask after the crash and the restart', async () => {
    const { system, settled } = start();
    const ref = await settled(system.spawn(worker(), { name: 'w', policy: { retry } }));
    expect(await settled(ref.ask({ type: 'fail', times: 2 }))).toBe(1);
    expect(begun).toEqual(['fail', 'fail', 'fail']);
  });

  it('bounds the asks under way, and answers for the rest', async () => {
    const { system, settled } = start();
    const policy = { bulkhead: { limit: 1 }, fallback: () => 'busy' };
    const ref = await settled(system.spawn(worker(), { name: 'w', policy }));
    const replies = [1, 2, 3].map(() => ref.ask({ type: 'slow', ms: 10 }));
    expect(await settled(Promise.all(replies))).toEqual(['done', 'busy', 'busy']);
    expect(begun).toEqual(['slow']);
  });

  it('counts what took longer than its asker waits as a failure, and calls it as without a policy', async () => {
    const { system, settled, codeOf } = start();
    const ref = await settled(system.spawn(worker(), { name: 'w', policy: { breaker: { failures: 1 } } }));
    expect(await codeOf(ref.ask({ type: 'slow', ms: 1_000 }, { timeoutMs: 100 }))).toBe('ask_timeout');
    expect(await codeOf(ref.ask({ type: 'add' }))).toBe('breaker_open');
  });

  it('holds nothing against the actor that its asker got wrong or gave up', async () => {
    const { clock, system, settled, codeOf } = start();
    const ref = await settled(system.spawn(worker(), { name: 'w', policy: { retry, breaker: { failures: 1 } } }));
    expect(await codeOf(ref.ask({ type: 'ad' } as never))).toBe('invalid_message');
    const asked = new AbortController();
    clock.setTimer(100, () => asked.abort());
    expect(await codeOf(ref.ask({ type: 'slow', ms: 1_000 }, { signal: asked.signal }))).toBe('cancelled');
    expect(await settled(ref.ask({ type: 'add' }))).toBe(1);
    expect(begun).toEqual(['slow', 'add']);
  });

  it('tells the handler how long the try may take', async () => {
    const { system, settled } = start();
    const ref = await settled(system.spawn(worker(), { name: 'w', policy: { tryTimeoutMs: 300 } }));
    expect(await settled(ref.ask({ type: 'left' }))).toBe(300);
    expect(await settled(ref.ask({ type: 'left' }, { timeoutMs: 200 }))).toBe(200);
  });

  it('keeps asks and tells of one sender in order where nothing has to wait', async () => {
    const { system, settled } = start();
    const ref = await settled(
      system.spawn(worker(), { name: 'w', policy: { retry, breaker: {}, bulkhead: { limit: 9 } } }),
    );
    const first = ref.ask({ type: 'add' });
    ref.tell({ type: 'add' });
    expect(await settled(Promise.all([first, ref.ask({ type: 'add' })]))).toEqual([1, 3]);
  });

  it('leaves no ask without an end when the actor stops', async () => {
    const { clock, system, settled } = start();
    const policy = { bulkhead: { limit: 1, maxQueue: 9, queueMs: 60_000 }, retry };
    const ref = await settled(system.spawn(worker(), { name: 'w', shutdown: 100, policy }));
    const asked = ['slow', 'add', 'add'].map((type) => ref.ask({ type, ms: 9_000 } as never)); // of either
    const ends = Promise.all(asked.map((reply) => reply.catch((error: JaegisError) => error.code)));
    await clock.advance(10);
    await settled(system.stop());
    expect(await settled(ends)).toEqual(['actor_stopped', 'actor_stopped', 'actor_stopped']);
    expect(clock.monotonic()).toBeLessThan(1_000);
  });

  it('is that of a machine as well', async () => {
    const { system, settled, codeOf } = start();
    const lamp = defineMachine(
      'lamp',
      () =>
        setup({ actions: { fail: raise } }).createMachine({
          initial: 'off',
          states: { off: { on: { light: { target: 'on', actions: 'fail' } } }, on: {} },
        }),
      { policy: { breaker: { failures: 1 } } },
    );
    const ref = await settled(system.spawn(lamp));
    expect(await codeOf(ref.ask({ type: 'light' } as never))).toBe('actor_crashed');
    expect(await codeOf(ref.ask({ type: 'light' } as never))).toBe('breaker_open');
  });

  it('answers asks that are put off', async () => {
    const { system, settled } = start();
    const ref = await settled(system.spawn(worker(), { name: 'w', policy: { retry } }));
    const later = ref.ask({ type: 'later' });
    expect(await settled(ref.ask({ type: 'add' }))).toBe(1);
    expect(await settled(later)).toBe('later');
  });
});

describe('the state of a policy', () => {
  const shop = (policy: PolicyOptions) =>
    defineSupervisor('shop', { intensity: 9, children: [{ id: 'w', start: worker(), policy }] });

  it('outlives the crashes of the child whose it is, and is gone when that is deleted', async () => {
    const { system, settled, codeOf } = start();
    const supervisor = await settled(system.supervise(shop({ breaker: { failures: 1 } }), { name: 's' }));
    const ref = system.at('n1/user/s/w');
    expect(await codeOf(ref.ask({ type: 'fail', times: 9 }))).toBe('actor_crashed');
    expect(await codeOf(ref.ask({ type: 'total' }))).toBe('breaker_open');
    await settled(supervisor.terminateChild('w'));
    await settled(supervisor.restartChild('w'));
    expect(await codeOf(ref.ask({ type: 'total' }))).toBe('breaker_open');
    expect(namesOf(system)).toEqual(['n1/user/s/w']);
    await settled(supervisor.terminateChild('w'));
    await settled(supervisor.deleteChild('w'));
    expect(namesOf(system)).toEqual([]);
  });

  it('is gone with the supervisor, and begins anew where that is restarted', async () => {
    const { system, settled, codeOf } = start();
    await settled(system.supervise(shop({ breaker: { failures: 1 } }), { name: 's' }));
    const ref = system.at('n1/user/s/w');
    expect(await codeOf(ref.ask({ type: 'fail', times: 9 }))).toBe('actor_crashed');
    expect(await codeOf(ref.ask({ type: 'total' }))).toBe('breaker_open');
    system.exit('n1/user/s', 'kill');
    await settled(Promise.resolve());
    expect(await settled(ref.ask({ type: 'total' }))).toBe(0);
    expect(namesOf(system)).toEqual(['n1/user/s/w']);
    await settled(system.stop('n1/user/s'));
    expect(namesOf(system)).toEqual([]);
  });

  it('of each instance of a template is its own', async () => {
    const { system, settled, codeOf } = start();
    const template = { id: 'w', start: worker(), policy: { breaker: { failures: 1 } } };
    const many = defineSupervisor('many', { strategy: 'simple_one_for_one', intensity: 9, children: [template] });
    const supervisor = await settled(system.supervise(many, { name: 'm' }));
    const [one, two] = [await settled(supervisor.startChild()), await settled(supervisor.startChild())];
    expect(await codeOf(one?.ask({ type: 'fail', times: 9 }) ?? Promise.resolve())).toBe('actor_crashed');
    expect(await codeOf(one?.ask({ type: 'add' }) ?? Promise.resolve())).toBe('breaker_open');
    expect(await settled(two?.ask({ type: 'add' }) ?? Promise.resolve())).toBe(1);
    expect(namesOf(system)).toEqual(['n1/user/m/1', 'n1/user/m/2']);
  });

  it('of a type is shared by its actors, and another one may have its own', async () => {
    const { system, settled, codeOf } = start();
    const guarded = worker({ breaker: { failures: 1 } });
    const [a, b] = [await settled(system.spawn(guarded)), await settled(system.spawn(guarded))];
    const own = await settled(system.spawn(guarded, { name: 'own', policy: { retry } }));
    expect(await codeOf(a.ask({ type: 'fail', times: 9 }))).toBe('actor_crashed');
    expect(await codeOf(b.ask({ type: 'add' }))).toBe('breaker_open');
    expect(await settled(own.ask({ type: 'add' }))).toBe(1);
    await settled(system.stop(a));
    expect(namesOf(system)).toEqual(['worker', 'n1/user/own']);
  });

  it('is told apart by the actor that is asked, for a breaker of each', async () => {
    const { clock, system, settled, codeOf } = start();
    const guarded = worker({ breaker: new KeyedBreakers({ failures: 1 }, { clock }) });
    const [a, b] = [await settled(system.spawn(guarded)), await settled(system.spawn(guarded))];
    expect(await codeOf(a.ask({ type: 'fail', times: 9 }))).toBe('actor_crashed');
    expect(await codeOf(a.ask({ type: 'add' }))).toBe('breaker_open');
    expect(await settled(b.ask({ type: 'add' }))).toBe(1);
  });

  it('is seen in the tree and in the report of the actor', async () => {
    const { system, settled, codeOf } = start();
    const plain = { retry: { tries: 1 } };
    const ref = await settled(system.spawn(worker(plain), { name: 'w', policy: { breaker: { failures: 1 } } }));
    const of = await settled(system.spawn(worker(plain), { name: 'of-type' }));
    await codeOf(ref.ask({ type: 'fail', times: 9 }));
    await codeOf(ref.ask({ type: 'add' }));
    void of.ask({ type: 'slow', ms: 10 });
    const own = { name: 'n1/user/w', breaker: 'open', underWay: 0, refused: 1 };
    const { policies, children } = system.inspect();
    expect(policies).toEqual([expect.objectContaining({ name: 'worker', refused: 0 })]);
    expect(children.map(({ policy }) => policy)).toEqual([own, undefined]);
    expect(system.report(ref, 'types')?.policy).toEqual(own);
    expect(system.report(of, 'types')?.policy).toMatchObject({ name: 'worker', underWay: 1 });
  });
});

async function startCluster(policy?: PolicyOptions<unknown>) {
  begun = [];
  const definition = worker(policy);
  // A definition of any protocol: the list is for the runtime.
  const { world, node } = simCluster(1, [definition] as unknown as ActorDefinition<Protocol>[]);
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const codeOf = (promise: Promise<unknown>) => settled(promise.catch((error: JaegisError) => error.code));
  const random = world.random.fork('policies');
  const more: Partial<ClusterNodeOptions> = {
    makePolicy: (settings, name) => createPolicy<unknown>({ ...settings, name }, { clock: world.clock, random }),
  };
  const [n1, n2] = [await node('n1', 'member', more), await node('n2', 'member', more)];
  await world.clock.advance(1_000);
  const keyAt = (name: string) =>
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find(
      (key) => ownerOf({ type: 'worker', key }, n1.membership.view)?.id === name,
    ) ?? '';
  return { world, n1, n2, definition, settled, codeOf, keyAt };
}

describe('an ask from another node', () => {
  it('meets the breaker where the actor lives, which tells the cluster of it', async () => {
    const { world, n1, n2, definition, settled, codeOf } = await startCluster();
    const told: ClusterEvent[] = [];
    n2.events.subscribe((event) => void (event.type === 'policy' && told.push(event)));
    await settled(n1.system.spawn(definition, { name: 'w', policy: { breaker: { failures: 1, openMs: 5_000 } } }));
    const ref = n2.actor('n1/user/w');
    expect(await codeOf(ref.ask({ type: 'fail', times: 9 }))).toBe('actor_crashed');
    await expect(settled(ref.ask({ type: 'add' }))).rejects.toMatchObject({
      code: 'breaker_open',
      data: { breaker: 'n1/user/w', retryAfterMs: expect.any(Number) },
    });
    expect(await codeOf(n1.actor('n1/user/w').ask({ type: 'add' }))).toBe('breaker_open');
    expect(begun).toEqual(['fail']);
    await world.clock.advance(100);
    expect(told).toEqual([expect.objectContaining({ node: 'n1', policy: 'n1/user/w', change: 'opened' })]);
  });

  it.each(['n1', 'n2'])('to an entity on %s that crashes is repeated there, and has one effect', async (name) => {
    const { n1, definition, settled, keyAt } = await startCluster({ retry });
    const ref = n1.entity(definition, keyAt(name));
    expect(await settled(ref.ask({ type: 'fail', times: 2 }))).toBe(1);
    expect(await settled(ref.ask({ type: 'total' }))).toBe(1);
    expect(begun).toEqual(['fail', 'fail', 'fail']);
  });

  it('to an entity whose first try took too long there has one effect', async () => {
    const { n1, definition, settled, keyAt } = await startCluster({ retry, tryTimeoutMs: 100 });
    const ref = n1.entity(definition, keyAt('n2'));
    expect(await settled(ref.ask({ type: 'slow', ms: 120 }))).toBe('done');
    expect(begun).toEqual(['slow']);
  });

  it('that waits at the door of an entity which moves is answered where that goes, and no breaker minds', async () => {
    const { world, n1, n2, definition, settled, keyAt } = await startCluster({
      bulkhead: { limit: 1, maxQueue: 9, queueMs: 60_000 },
      breaker: { failures: 1 },
    });
    const ref = n1.entity(definition, keyAt('n2'));
    const replies = [ref.ask({ type: 'slow', ms: 100 }), ref.ask({ type: 'add' }), ref.ask({ type: 'add' })];
    await world.clock.advance(50);
    expect(begun).toEqual(['slow']);
    const stopped = n2.stop();
    expect(await settled(Promise.all(replies))).toEqual(['done', 1, 2]);
    await settled(stopped);
    expect(await settled(ref.ask({ type: 'total' }))).toBe(2);
  });
});

it('what is sent to an entity passes beside an open breaker', async () => {
  const { world, n1, definition, settled, codeOf, keyAt } = await startCluster({ breaker: { failures: 1 } });
  const ref = n1.entity(definition, keyAt('n2'));
  expect(await codeOf(ref.ask({ type: 'fail', times: 1 }))).toBe('actor_crashed');
  expect(await codeOf(ref.ask({ type: 'total' }))).toBe('breaker_open');
  await settled(ref.send({ type: 'add' }));
  await world.clock.advance(1_000);
  expect(begun).toEqual(['fail', 'add']);
});

describe('actors behind doors that ask each other', () => {
  const pair = (reentrant: boolean) =>
    defineActor('pair', {
      reentrant,
      state: () => ({}),
      on: {
        /** Asks that one, which asks back. */
        begin: async (_state, { to }: { to: Ref<Protocol> }, context) => ({
          reply: await context.ask(to, { type: 'through', to: context.self } as never), // as a test knows
        }),
        through: async (_state, { to }: { to: Ref<Protocol> }, context) => ({
          reply: await context.ask(to, { type: 'end' } as never), // as above
        }),
        end: () => ({ reply: 'end' }),
      },
    });
  const policy = { bulkhead: { limit: 1, maxQueue: 5, queueMs: 60_000 }, retry: { tries: 1 } };

  it('in a circle are found out at once', async () => {
    const { clock, system, settled } = start();
    const [a, b] = [
      await settled(system.spawn(pair(false), { policy })),
      await settled(system.spawn(pair(false), { policy })),
    ];
    const began = clock.monotonic();
    const asked = settled(a.ask({ type: 'begin', to: b as unknown as Ref<Protocol> }));
    await expect(asked).rejects.toMatchObject({ code: 'actor_crashed' });
    expect(clock.monotonic()).toBe(began);
  });

  it('come back through the door that they are inside of, where they may', async () => {
    const { system, settled } = start();
    const [a, b] = [
      await settled(system.spawn(pair(true), { policy })),
      await settled(system.spawn(pair(true), { policy })),
    ];
    expect(await settled(a.ask({ type: 'begin', to: b as unknown as Ref<Protocol> }))).toBe('end');
  });

  it('may wait for a reply that is put off, though the other asks meanwhile', async () => {
    const { clock, system, settled } = start();
    let put: { reply(value: unknown): void } | undefined;
    const keeper = defineActor('keeper', {
      state: () => ({}),
      on: {
        wait: (_state, _message: object, context) => {
          put = context.defer();
        },
        look: async (_state, { at }: { at: Ref<Protocol> }, context) => {
          const asked = context.ask(at, { type: 'end' } as never, { timeoutMs: 100 }); // as a test knows
          const reply = await asked.catch((error: JaegisError) => error.code);
          put?.reply(reply);
        },
      },
    });
    const waiter = defineActor('waiter', {
      state: () => ({}),
      on: {
        wait: async (_state, { at }: { at: Ref<Protocol> }, context) => ({
          reply: await context.ask(at, { type: 'wait' } as never), // as a test knows
        }),
        end: () => ({ reply: 'end' }),
      },
    });
    const kept = await settled(system.spawn(keeper, { policy: { retry: { tries: 1 } } }));
    const waits = await settled(system.spawn(waiter, { policy: { retry: { tries: 1 } } }));
    const reply = waits.ask({ type: 'wait', at: kept as unknown as Ref<Protocol> });
    await clock.advance(10);
    kept.tell({ type: 'look', at: waits as unknown as Ref<Protocol> });
    expect(await settled(reply)).toBe('ask_timeout');
  });
});

it('what cannot be a policy is refused by its path', async () => {
  const { clock, system, settled } = start();
  const wrong = (promise: Promise<unknown>) => settled(promise.catch((error: JaegisError) => error.data.path));
  const policy = { breaker: { failures: 0 } };
  expect(() => worker(7 as never)).toThrow(expect.objectContaining({ data: { path: 'policy' } }));
  expect(await wrong(system.spawn(worker(policy)))).toBe('policy.breaker.failures');
  expect(await wrong(system.spawn(worker(), { name: 'w', policy }))).toBe('policy.breaker.failures');
  expect(await wrong(system.spawn(worker(), { name: 'w', policy: 7 as never }))).toBe('policy');
  const partly = createPolicy({ name: 'whole' }, { clock, random: new SeededRandom(1) }).for({ tenant: 'a' });
  expect(await wrong(system.spawn(worker(), { name: 'w', policy: partly as never }))).toBe('policy');
  expect(await wrong(system.spawn(worker(partly as never)))).toBe('policy');
  expect(await settled(system.spawn(worker(), { name: 'w' }))).toMatchObject({ address: 'n1/user/w' });
  const children = (child: object) =>
    wrong(system.supervise(defineSupervisor('s', { children: [{ id: 'w', start: worker(), ...child }] })));
  const far = { policy: {}, on: {} };
  expect(() => children(far)).toThrow(
    expect.objectContaining({ data: expect.objectContaining({ path: 'children[0].policy' }) }),
  );
  expect(namesOf(system)).toEqual([]);
});

function namesOf(system: System): string[] {
  return [...system.doors.policies].map(({ name }) => name);
}
