import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Call } from '../call.ts';
import { KeyedBreakers, type KeyedBreakersOptions } from './keyed-breakers.ts';

function stage(options: KeyedBreakersOptions = {}) {
  const clock = new VirtualClock();
  const breakers = new KeyedBreakers({ name: 'db', failures: 2, ...options }, { clock });
  const run = (tenant: string | undefined, inner: () => Promise<unknown>) =>
    breakers.run(new Call(inner, { tenant }), inner).catch((error: unknown) => error);
  const good = (tenant?: string) => run(tenant, () => Promise.resolve('well'));
  const bad = (tenant?: string) => run(tenant, () => Promise.reject(new Error('down')));
  const keys = () => [...breakers].map(([key]) => key).sort();
  return { clock, breakers, good, bad, keys };
}

describe('breakers by key', () => {
  it('are one per tenant, and one for those without', async () => {
    const { breakers, good, bad } = stage();
    await bad('a');
    await bad('a');
    expect(await good('a')).toMatchObject({ code: 'breaker_open', data: { breaker: 'db:a' } });
    expect([await good('b'), await good(), breakers.size]).toEqual(['well', 'well', 3]);
  });

  it('refuse an option that nobody reads', () => {
    const unknown: object = { keys: 5 };
    expect(() => stage(unknown)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });

  it('go by any key that can be told from a call', async () => {
    const { keys, good } = stage({ key: ({ tenant = '' }) => tenant.slice(0, 1) });
    await good('a1');
    await good('a2');
    await good('b1');
    expect(keys()).toEqual(['a', 'b']);
  });

  it('are one per operation where its name is the key', async () => {
    const { breakers } = stage({ failures: 1, key: ({ operation }) => operation.name });
    const read = () => Promise.resolve('well');
    const write = () => Promise.reject(new Error('full'));
    const run = (operation: () => Promise<unknown>) =>
      breakers.run(new Call(operation), operation).catch((error: unknown) => error);
    await run(write);
    expect(await run(write)).toMatchObject({ code: 'breaker_open', data: { breaker: 'db:write' } });
    expect(await run(read)).toBe('well');
  });

  it('hand over at most a thousand that are not closed, each for what is left of its wait', async () => {
    const [one, other] = [stage({ failures: 1 }), stage({ failures: 1 })];
    for (let tenant = 0; tenant < 1_100; tenant++) await one.bad(`t${tenant}`);
    await one.good('well');
    other.breakers.import(JSON.parse(JSON.stringify(one.breakers.export())), 10_000);
    expect(other.breakers.size).toBe(1_000);
    expect(other.breakers.find('t7')?.figures).toMatchObject({ state: 'open', retryAfterMs: 20_000 });
  });

  it.each([undefined, { version: 2 }, { version: 1, breakers: [['a', {}]] }, { version: 1, breakers: [[1]] }])(
    'take nothing in that is %j',
    (data) => {
      const { breakers } = stage();
      expect(() => breakers.import(data as never)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
      expect(breakers.size).toBe(0);
    },
  );

  it('are bounded: the calm one that was used longest ago is forgotten first', async () => {
    const { clock, keys, good, bad } = stage({ most: 3 });
    await bad('counted');
    await good('calm');
    await clock.advance(30_000);
    await bad('counted');
    await good('used');
    await clock.advance(30_000);
    await good('new');
    expect(keys()).toEqual(['counted', 'new', 'used']);
    await good('newer');
    expect(keys()).toEqual(['new', 'newer', 'used']);
  });

  it('forget an open one only if none is closed, then the one used longest ago', async () => {
    const { keys, good, bad } = stage({ most: 3 });
    for (const tenant of ['a', 'a', 'b', 'b']) await bad(tenant);
    await good('c');
    await good('d');
    expect(keys()).toEqual(['a', 'b', 'd']);
    await bad('d');
    await bad('d');
    await good('e');
    expect(keys()).toEqual(['b', 'd', 'e']);
  });

  it('stay the same breaker while it is set aside and comes back', async () => {
    const { clock, breakers, good, bad } = stage({ most: 2, successes: 1 });
    await bad('a');
    await bad('a');
    const breaker = breakers.find('a');
    for (const tenant of ['b', 'c', 'd']) await good(tenant);
    await clock.advance(30_000);
    expect([await good('a'), breakers.find('a') === breaker, breaker?.state]).toEqual(['well', true, 'closed']);
  });

  it('can be forgotten, and begin anew', async () => {
    const { breakers, good, bad } = stage();
    await bad('a');
    await bad('a');
    expect([breakers.forget('a'), breakers.forget('a'), breakers.size]).toEqual([true, false, 0]);
    expect(await good('a')).toBe('well');
  });

  it('are tuned together, those to come too', async () => {
    const { breakers, bad } = stage();
    await bad('a');
    breakers.tune({ failures: 3 });
    for (const tenant of ['a', 'b', 'b']) await bad(tenant);
    expect([breakers.find('a')?.state, breakers.find('b')?.state]).toEqual(['closed', 'closed']);
    for (const tenant of ['a', 'b']) await bad(tenant);
    expect([breakers.find('a')?.state, breakers.find('b')?.state]).toEqual(['open', 'open']);
    expect(() => breakers.tune({ openJitter: 0.5 })).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });

  it('refuse a bound that is none', () => {
    expect(() => stage({ most: 0 })).toThrow(expect.objectContaining({ data: { path: 'breaker.most' } }));
  });
});
