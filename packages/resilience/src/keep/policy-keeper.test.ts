/** Policies of a process that ends, on a virtual clock and the store of a simulated cluster. */
import { type Clock, silentLogger } from '@jaegis/core';
import { createSimWorld, SeededRandom, VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Breaker } from '../breaker/breaker.ts';
import { ErrorClassBreakers } from '../breaker/error-class-breakers.ts';
import { KeyedBreakers } from '../breaker/keyed-breakers.ts';
import { LearnedThresholds } from '../breaker/learned/learned-thresholds.ts';
import { WatchedBreaker } from '../breaker/watched-breaker.ts';
import { Policy } from '../policy/policy.ts';
import type { PolicyOptions } from '../policy/policy-options.ts';
import { type Dropped, PolicyKeeper, type PolicyKeeperOptions } from './policy-keeper.ts';
import { StoreShelf } from './store-shelf.ts';

type Made = (clock: Clock) => PolicyOptions;

const simple: Made = () => ({ name: 'db', breaker: { failures: 2, openMs: 30_000, successes: 1 } });

async function stage(make: Made = simple, more: Partial<PolicyKeeperOptions> = {}) {
  const world = createSimWorld({ seed: 1 });
  const { clock } = world;
  const opened = await clock.runUntilSettled(world.connect('the shelf').openStore({ name: 'BREAKERS' }));
  let writes = 0;
  const shelf = (owner: string) => new StoreShelf(opened, owner);
  /** One life of a process, whose wall clock may be wrong. It ends without a word unless it is stopped. */
  const live = async (owner = 'n1', wrongMs = 0) => {
    const own: Clock = {
      now: () => clock.now() + wrongMs,
      monotonic: () => clock.monotonic(),
      setTimer: (delayMs, callback) => clock.setTimer(delayMs, () => isAlive && callback()),
      clearTimer: (timer) => clock.clearTimer(timer),
    };
    let isAlive = true;
    const policy = new Policy(make(own), { clock: own, random: world.random });
    const events: { type: string; reason?: unknown }[] = [];
    policy.onEvent((event) => events.push(event));
    const dropped: Dropped[] = [];
    const onDropped = (each: Dropped) => dropped.push(each);
    const kept = shelf(owner);
    const counted = {
      read: (key: string) => kept.read(key),
      write: async (key: string, data: Uint8Array) => {
        if (!isAlive) return;
        writes++;
        await kept.write(key, data);
      },
    };
    const keeper = new PolicyKeeper({
      policies: [policy],
      shelf: counted,
      clock: own,
      logger: silentLogger,
      ...more,
    });
    await clock.runUntilSettled(keeper.start(onDropped));
    const run = (operation: () => unknown, tenant?: string) =>
      policy.run(operation, { tenant }).catch((error: { code?: string }) => error.code ?? error);
    const good = (tenant?: string) => run(() => 'well', tenant);
    const bad = (tenant?: string, code = 'DOWN') =>
      run(() => Promise.reject(Object.assign(new Error('down'), { code })), tenant);
    const kill = () => {
      isAlive = false;
    };
    const stop = () => clock.runUntilSettled(keeper.stop());
    const breaker = () => policy.inspect().parts.find(({ name }) => name === 'breaker')?.state;
    return { random: world.random, policy, keeper, events, dropped, good, bad, kill, stop, breaker };
  };
  return { world, clock, shelf, live, writes: () => writes };
}

describe('what is kept of a policy', () => {
  it('may be that of one which comes later, under a name of its own', async () => {
    const { clock, live, shelf } = await stage();
    const first = await live();
    const late = () =>
      new Policy({ name: 'db', breaker: { failures: 1, openMs: 30_000 } }, { clock, random: first.random });
    const [before, after] = [late(), late()];
    first.keeper.add(before, 'late');
    first.keeper.add(before, 'late');
    await before.run(() => Promise.reject(new Error('down'))).catch(() => {});
    await clock.advance(1_000);
    first.kill();
    const second = await live();
    second.keeper.add(after, 'late');
    await clock.advance(1_000);
    await expect(after.run(() => 'well')).rejects.toMatchObject({ code: 'breaker_open' });
    expect(await second.good()).toBe('well');
    expect(await clock.runUntilSettled(shelf('n1').read('db'))).toBeUndefined();
  });

  it('an open breaker is open after its process was killed, for what is left of its wait', async () => {
    const { clock, live } = await stage();
    const first = await live();
    await first.bad();
    await first.bad();
    await clock.advance(100);
    first.kill();
    await clock.advance(9_900);
    const second = await live();
    expect(second.events).toMatchObject([{ type: 'opened', reason: { kind: 'imported' } }]);
    expect(await second.good()).toBe('breaker_open');
    expect(second.breaker()).toMatchObject({ retryAfterMs: expect.closeTo(20_000, -2) });
    await clock.advance(20_000);
    expect(await second.good()).toBe('well');
    await clock.advance(100);
    second.kill();
    expect((await live()).breaker()).toMatchObject({ state: 'closed' });
  });

  it('is written when it changes, and not with each call', async () => {
    const { clock, live, writes } = await stage();
    const { bad, good } = await live();
    await bad();
    await clock.advance(120_000);
    expect(writes()).toBe(0);
    await bad();
    await bad();
    await clock.advance(0);
    expect(writes()).toBe(1);
    for (let call = 0; call < 100; call++) await good();
    await clock.advance(20_000);
    expect(writes()).toBe(1);
  });

  it.each([-3_600_000, 3_600_000])(
    'a clock that is wrong by %i ms keeps no breaker open for longer',
    async (wrongMs) => {
      const { clock, live } = await stage();
      const first = await live();
      await first.bad();
      await first.bad();
      await clock.advance(1_000);
      first.kill();
      const second = await live('n1', wrongMs);
      expect(second.breaker()).toMatchObject({ state: 'open', retryAfterMs: wrongMs < 0 ? 30_000 : 0 });
      await clock.advance(30_000);
      expect(await second.good()).toBe('well');
    },
  );

  it('what somebody forced stays forced', async () => {
    const breakers: Breaker[] = [];
    const { clock, live } = await stage((own) => {
      const breaker = new Breaker({ failures: 1 }, { clock: own });
      breakers.push(breaker);
      return { name: 'db', breaker };
    });
    const forced = await live();
    breakers[0]?.forceClosed();
    await clock.advance(100);
    forced.kill();
    const next = await live();
    await next.bad();
    expect(next.breaker()).toMatchObject({ state: 'forced_closed', failures: 1 });
  });

  it('what was learned is known again, and was written once a minute at most', async () => {
    const learners: LearnedThresholds[] = [];
    const { clock, live, writes } = await stage((own) => {
      const learned = new LearnedThresholds({ slow: {} }, { clock: own });
      learners.push(learned);
      const breaker = new Breaker({ name: 'db', failures: Number.POSITIVE_INFINITY }, { clock: own });
      return { name: 'db', breaker: new WatchedBreaker({ breaker, watchers: [learned] }, { clock: own }) };
    });
    const first = await live();
    for (let call = 0; call < 600; call++) {
      await clock.advance(500);
      await (call % 10 === 5 ? first.bad() : first.good());
    }
    expect(writes()).toBeGreaterThan(2);
    expect(writes()).toBeLessThan(6);
    first.kill();
    const second = await live();
    await second.good();
    const [before, after] = learners.map((each) => each.learned());
    expect(after?.usual[0]?.failureRate).toBeCloseTo(before?.usual[0]?.failureRate ?? 0, 1);
    expect(after?.errors).toMatchObject([{ errorClass: 'DOWN' }]);
    expect(learners[1]?.inspect()).toMatchObject({ failureRate: expect.closeTo(0.3, 1) });
  });

  it('each breaker of many is its own again, as long as it is not closed', async () => {
    const { clock, live, writes } = await stage((own) => ({
      name: 'db',
      breaker: new KeyedBreakers({ name: 'db', failures: 1 }, { clock: own }),
    }));
    const first = await live();
    for (const tenant of ['a', 'b', 'c']) await first.bad(tenant);
    await first.good('d');
    await clock.advance(2_000);
    expect(writes()).toBeLessThan(3);
    first.kill();
    const second = await live();
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((tenant) => second.good(tenant)))).toEqual([
      'breaker_open',
      'breaker_open',
      'breaker_open',
      'well',
    ]);
  });

  it('breakers by class of errors are open again too', async () => {
    const classOf = (error: unknown) => (error as { code: string }).code;
    const { clock, live } = await stage((own) => ({
      name: 'db',
      breaker: new ErrorClassBreakers({ name: 'db', failures: 2, classOf }, { clock: own }),
    }));
    const first = await live();
    for (const code of ['RESET', 'FULL', 'FULL']) await first.bad(undefined, code);
    await clock.advance(100);
    first.kill();
    const second = await live();
    expect(second.breaker()).toMatchObject({
      breakers: [
        { name: 'db:RESET', state: 'closed' },
        { name: 'db:FULL', state: 'open' },
      ],
    });
    expect(second.events.map(({ type }) => type)).toEqual(['opened']);
  });

  it('is that of its owner only', async () => {
    const { clock, live } = await stage();
    const { bad } = await live('n1');
    await bad();
    await bad();
    await clock.advance(100);
    expect((await live('n2')).breaker()).toMatchObject({ state: 'closed' });
  });

  it('is written once more when it is stopped in order', async () => {
    const { live } = await stage();
    const first = await live();
    await first.bad();
    await first.bad();
    await first.stop();
    first.kill();
    expect((await live()).breaker()).toMatchObject({ state: 'open' });
  });
});

const closed = {
  version: 1,
  state: 'closed',
  waitMs: 0,
  successes: 0,
  window: { bucketMs: 0, ageMs: 0, counts: [] },
} as const;

it.each([0, 1, 2, 3, 4, 5])('what changes %d awaits after the rest after a write is written too', async (awaits) => {
  const clock = new VirtualClock();
  const policy = new Policy(simple(clock), { clock, random: new SeededRandom(1) });
  let afterRest = () => {};
  const resting: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    clearTimer: (timer) => clock.clearTimer(timer),
    setTimer: (delayMs, callback) =>
      clock.setTimer(delayMs, () => {
        callback();
        afterRest();
      }),
  };
  let written = '';
  const shelf = {
    read: async () => undefined,
    write: async (_key: string, data: Uint8Array) => {
      written = new TextDecoder().decode(data);
    },
  };
  const keeper = new PolicyKeeper({ policies: [policy], shelf, clock: resting, logger: silentLogger });
  await keeper.start();
  policy.obey({ breaker: 'open' });
  await clock.advance(500);
  expect(written).toContain('forced_open');
  afterRest = async () => {
    afterRest = () => {};
    for (let count = 0; count < awaits; count++) await undefined;
    policy.obey({ breaker: 'reset' });
  };
  await clock.advance(2_000);
  expect(written).toContain('closed');
  await clock.runUntilSettled(keeper.stop());
});

describe('what was kept and is of no use', () => {
  const kept = (state: unknown, atMs: number) => JSON.stringify({ version: 1, atMs, state });
  const broken = { version: 1, parts: { breaker: { ...closed, state: 'ajar' } } };

  it.each([
    ['no text of JSON', () => 'x{', 'unreadable'],
    ['of another version', () => '{"version":2}', 'unreadable'],
    ['nothing', () => 'null', 'unreadable'],
    ['no policy', (now: number) => kept(7, now), 'unreadable'],
    ['a breaker in no state', (now: number) => kept(broken, now), 'unreadable'],
    ['too old', (now: number) => kept({ version: 1, parts: {} }, now - 8 * 86_400_000), 'stale'],
  ])('%s is dropped with a word, and overwritten', async (_, text, why) => {
    const { clock, shelf, live } = await stage();
    await clock.runUntilSettled(shelf('n1').write('db', new TextEncoder().encode(text(clock.now()))));
    const first = await live();
    expect(first.dropped).toMatchObject([{ policy: 'db', why }]);
    expect(await first.good()).toBe('well');
    await clock.advance(100);
    first.kill();
    expect((await live()).dropped).toEqual([]);
  });

  it('a shelf that cannot be reached is told, and written again when it can be', async () => {
    const { world, clock, live } = await stage();
    world.network.disconnect('the shelf');
    const first = await live();
    expect(first.dropped).toMatchObject([{ why: 'unreachable', error: { code: 'storage_unavailable' } }]);
    await first.bad();
    await first.bad();
    await clock.advance(1_000);
    world.network.reconnect('the shelf');
    await clock.advance(15_000);
    first.kill();
    expect((await live()).breaker()).toMatchObject({ state: 'open' });
  });

  it('what a part of somebody else cannot say harms nobody', async () => {
    let isWell = false;
    const watcher = {
      name: 'own',
      everyMs: 1,
      look: () => {},
      export: () => {
        if (!isWell) throw new Error('not now');
        return 7;
      },
    };
    const { clock, live, writes } = await stage((own) => {
      const breaker = new Breaker({ name: 'db', failures: 1 }, { clock: own });
      return { name: 'db', breaker: new WatchedBreaker({ breaker, watchers: [watcher] }, { clock: own }) };
    });
    const first = await live();
    await first.bad();
    await clock.advance(120_000);
    expect([first.dropped, writes()]).toEqual([[], 0]);
    isWell = true;
    await clock.advance(10_000);
    expect(writes()).toBe(1);
  });
});
