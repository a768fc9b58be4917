import { describe, expect, it } from 'vitest';
import { MemoryBudget } from './memory-budget.ts';

const overloaded = (data: Record<string, unknown>) =>
  expect.objectContaining({ code: 'overloaded', data: expect.objectContaining(data) });

describe('a budget of memory', () => {
  it('gives bytes until none are left, and again when some are given back', () => {
    const budget = new MemoryBudget({ maxBytes: 100 });
    const release = budget.reserve('a', 60);
    expect(() => budget.reserve('b', 41)).toThrow(
      overloaded({ budget: 'memory', bytes: 41, usedBytes: 60, maxBytes: 100 }),
    );
    release();
    budget.reserve('b', 41);
    expect([budget.usedBytes, budget.usedBy('a'), budget.usedBy('b')]).toEqual([41, 0, 41]);
  });

  it('takes bytes back once', () => {
    const budget = new MemoryBudget({ maxBytes: 100 });
    budget.reserve('a', 50);
    const release = budget.reserve('a', 50);
    release();
    release();
    expect(budget.usedBy('a')).toBe(50);
  });

  it('keeps a tenant to its own bound while there is room for others', () => {
    const budget = new MemoryBudget({ maxBytes: 100, tenantBytes: 40, tenants: { big: 60 } });
    expect(() => budget.reserve('a', 41)).toThrow(overloaded({ tenant: 'a', maxBytes: 40 }));
    budget.reserve('big', 60);
    budget.reserve('a', 40);
    expect(budget.usedBytes).toBe(100);
  });

  it('counts against the budget around it, which holds all of them to its bound', () => {
    const all = new MemoryBudget({ name: 'all', maxBytes: 100, tenantBytes: 70 });
    const [cache, buffers] = [all.child({ name: 'cache', maxBytes: 80 }), all.child({ name: 'buffers', maxBytes: 80 })];
    const release = cache.reserve('a', 60);
    expect(() => buffers.reserve('b', 50)).toThrow(overloaded({ budget: 'all', bytes: 50 }));
    expect(() => buffers.reserve('a', 20)).toThrow(overloaded({ budget: 'all', tenant: 'a', maxBytes: 70 }));
    expect(() => cache.reserve('b', 30)).toThrow(overloaded({ budget: 'cache', maxBytes: 80 }));
    expect([all.usedBytes, buffers.usedBytes]).toEqual([60, 0]);
    release();
    expect([all.usedBytes, cache.usedBytes]).toEqual([0, 0]);
    expect(all.view).toEqual({ name: 'all', usedBytes: 0, maxBytes: 100, refused: 2 });
    expect(cache.view).toMatchObject({ usedBytes: 0, refused: 1 });
  });

  it.each([
    ['memory.maxBytes', () => new MemoryBudget({ maxBytes: 0 })],
    ['memory.tenantBytes', () => new MemoryBudget({ maxBytes: 1, tenantBytes: Number.NaN })],
    ['memory.tenants.a', () => new MemoryBudget({ maxBytes: 1, tenants: { a: -1 } })],
    ['memory.tenantByte', () => new MemoryBudget({ maxBytes: 1, ...{ tenantByte: 1 } })],
    ['memory', () => new MemoryBudget(undefined as never)],
    ['bytes', () => new MemoryBudget({ maxBytes: 1 }).reserve('a', -1)],
  ])('refuses a bad %s by its name', (path, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_config', data: expect.objectContaining({ path }) }));
  });
});
