import type { RunOptions, WorkerPool, WorkerTask } from '@jaegis/core';
import { MemoryBudget } from '@jaegis/resilience';
import { VirtualClock } from '@jaegis/sim';
import { expect, onTestFinished, test } from 'vitest';
import { begun, release, sharedCells, task } from './pool.test-kit.ts';
import { createPool, type PoolOptions } from './pool.ts';

function openPool(options: PoolOptions = {}): WorkerPool {
  const pool = createPool({ threads: 1, ...options });
  onTestFinished(() => pool.close());
  return pool;
}

test('a task runs in a thread of its own and gives back its output', async () => {
  const pool = openPool();
  expect(pool.stats).toEqual({ threads: 0, queued: 0, completed: 0 });
  expect(await pool.run(task('add'), { a: 2, b: 3 })).toBe(5);
  expect(await pool.run(task('threadOf'), undefined)).toBeGreaterThan(0);
  expect(pool.stats).toEqual({ threads: 1, queued: 0, completed: 2 });
});

test('as many tasks run at once as there are threads', async () => {
  const pool = openPool({ threads: 2 });
  const cell = sharedCells();
  const held = [1, 2, 3].map(() => pool.run(task('holdThread'), cell));
  await begun(cell, 2);
  expect(pool.stats).toMatchObject({ threads: 2, queued: 1 });
  release(cell);
  expect(await Promise.all(held)).toEqual(['held', 'held', 'held']);
});

test('waiting tasks run in the order they came', async () => {
  const pool = openPool();
  const order: number[] = [];
  await Promise.all([1, 2, 3, 4].map((n) => pool.run(task('add'), { a: n, b: 0 }).then(() => order.push(n))));
  expect(order).toEqual([1, 2, 3, 4]);
});

test('a task that throws rejects with its own error', async () => {
  const pool = openPool();
  const error: unknown = await pool.run(task('throwCoded'), undefined).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'TypeError', message: 'outer', code: 'E_OUTER' });
  expect(error).toMatchObject({ cause: { name: 'RangeError', message: 'inner', code: 'E_INNER' } });
  expect(error).toHaveProperty('stack', expect.stringContaining('throwCoded'));
});

test.each([
  ['rejectOurs', { name: 'OverloadedError', code: 'overloaded', data: { limit: 2 } }],
  ['throwUnclonable', { name: 'OverloadedError', code: 'overloaded', message: 'too much' }],
  ['throwText', { message: 'only text' }],
])('a task that ends by %s rejects with what it threw', async (name, error) => {
  await expect(openPool().run(task(name), undefined)).rejects.toMatchObject(error);
});

test('a task aborted while it runs is cancelled and its thread is free again', async () => {
  const pool = openPool();
  const cell = sharedCells();
  const abort = new AbortController();
  const spinning = pool.run(task('spin'), cell, { signal: abort.signal });
  const next = pool.run(task('add'), { a: 1, b: 1 });
  await begun(cell, 1);
  abort.abort(new Error('enough'));
  await expect(spinning).rejects.toMatchObject({ code: 'cancelled', cause: { message: 'enough' } });
  expect(await next).toBe(2);
});

test('a task aborted while it waits is cancelled and leaves the queue', async () => {
  const pool = openPool();
  const cell = sharedCells();
  const abort = new AbortController();
  const held = pool.run(task('holdThread'), cell);
  const waiting = pool.run(task('add'), { a: 1, b: 1 }, { signal: abort.signal });
  expect(pool.stats.queued).toBe(1);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  expect(pool.stats.queued).toBe(0);
  release(cell);
  expect(await held).toBe('held');
});

test('a task aborted while its thread starts is cancelled, and the pool goes on', async () => {
  const pool = openPool();
  const abort = new AbortController();
  const starting = pool.run(task('add'), { a: 1, b: 1 }, { signal: abort.signal });
  const next = pool.run(task('add'), { a: 1, b: 2 });
  expect(pool.stats).toMatchObject({ threads: 1, queued: 1, completed: 0 });
  abort.abort();
  await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
  expect(await next).toBe(3);
});

test('a task whose signal has aborted before does not run', async () => {
  const pool = openPool();
  const run = pool.run(task('add'), { a: 1, b: 1 }, { signal: AbortSignal.abort() });
  await expect(run).rejects.toMatchObject({ code: 'cancelled' });
  expect(pool.stats).toEqual({ threads: 0, queued: 0, completed: 0 });
});

test('a signal that aborts after the task has ended changes nothing', async () => {
  const pool = openPool();
  const abort = new AbortController();
  const before = await pool.run(task('threadOf'), undefined, { signal: abort.signal });
  abort.abort();
  expect(await pool.run(task('threadOf'), undefined)).toBe(before);
});

test('waiting tasks run by priority, then by turns among tenants, then in the order they came', async () => {
  const pool = openPool();
  const cell = sharedCells();
  const order: string[] = [];
  const held = pool.run(task('holdThread'), cell);
  const tasks = [
    ['late', 9, 'a'],
    ['a1', 5, 'a'],
    ['a2', 5, 'a'],
    ['a3', 5, 'a'],
    ['b1', 5, 'b'],
    ['urgent', 0, 'a'],
  ] as const;
  const runs = tasks.map(async ([name, priority, tenant]) => {
    await pool.run(task('add'), { a: 1, b: 1 }, { priority, tenant });
    order.push(name);
  });
  release(cell);
  await Promise.all([held, ...runs]);
  expect(order).toEqual(['urgent', 'a1', 'b1', 'a2', 'a3', 'late']);
});

test('a tenant at its limit is refused while others may still wait', async () => {
  const pool = openPool({ maxTenantQueue: 1 });
  const cell = sharedCells();
  const run = (tenant: string) => pool.run(task('add'), { a: 1, b: 1 }, { tenant });
  const held = pool.run(task('holdThread'), cell, { tenant: 'a' });
  const taken = [run('a'), run('b')];
  await expect(run('a')).rejects.toMatchObject({ code: 'overloaded', data: { tenant: 'a', maxTenantQueue: 1 } });
  release(cell);
  expect([await held, await Promise.all(taken), await run('a')]).toEqual(['held', [2, 2], 2]);
});

test('a task that runs longer than it may is stopped however it blocks, and others are not', async () => {
  const clock = new VirtualClock();
  const pool = openPool({ threads: 2, clock });
  const [spinning, holding] = [sharedCells(), sharedCells()];
  const spun = pool.run(task('spin'), spinning, { timeoutMs: 100 });
  const held = pool.run(task('holdThread'), holding, { timeoutMs: 1_000 });
  const next = pool.run(task('add'), { a: 1, b: 1 }, { timeoutMs: 100 });
  await Promise.all([begun(spinning, 1), begun(holding, 1)]);
  const stopped = expect(spun).rejects.toMatchObject({ code: 'operation_timeout', data: { name: 'spin', ranMs: 100 } });
  await clock.advance(100);
  await stopped;
  expect(await next).toBe(2);
  release(holding);
  expect([await held, clock.pending]).toEqual(['held', 0]);
});

test('how long a task may run is up too where its thread has not started by then', async () => {
  const clock = new VirtualClock();
  const run = openPool({ clock }).run(task('spin'), sharedCells(), { timeoutMs: 100 });
  const stopped = expect(run).rejects.toMatchObject({ code: 'operation_timeout', data: { name: 'spin', ranMs: 100 } });
  await clock.advance(100);
  await stopped;
  expect(clock.pending).toBe(0);
});

test('a deadline stops what runs, and refuses what waits without its having begun', async () => {
  const clock = new VirtualClock();
  const pool = openPool({ clock });
  const cell = sharedCells();
  const spun = pool.run(task('spin'), cell, { deadlineMs: 100, timeoutMs: 1_000 });
  const early = pool.run(task('add'), { a: 1, b: 1 }, { deadlineMs: 50 });
  const same = pool.run(task('add'), { a: 1, b: 1 }, { deadlineMs: 100 });
  const outcomes = Promise.allSettled([spun, early, same]);
  await begun(cell, 1);
  await clock.advance(50);
  expect(pool.stats.queued).toBe(1);
  await clock.advance(50);
  expect(await outcomes).toMatchObject([
    { reason: { code: 'operation_timeout' } },
    { reason: { code: 'overloaded', data: { why: 'deadline' } } },
    { reason: { code: 'overloaded', data: { why: 'deadline' } } },
  ]);
  expect(await pool.run(task('add'), { a: 1, b: 1 })).toBe(2);
});

test.each([
  ['timeoutMs', { timeoutMs: 0 }],
  ['timeoutMs', { timeoutMs: '5' as unknown as number }],
  ['deadlineMs', { deadlineMs: Number.NaN }],
  ['clock', { timeoutMs: 100 }],
])('a task without a usable %s is refused', async (path, options) => {
  const run = openPool().run(task('add'), { a: 1, b: 1 }, options);
  await expect(run).rejects.toMatchObject({ code: 'invalid_config', data: { path } });
});

test.each([[() => 1], [undefined], [{ module: import.meta.url }]])(
  '%o is no task, and refused as such',
  async (given) => {
    const run = openPool().run(given as unknown as WorkerTask, 1);
    await expect(run).rejects.toMatchObject({ code: 'invalid_config', data: { path: 'task' } });
  },
);

test('a queue at its limit refuses, also tasks that can be aborted', async () => {
  const pool = openPool({ maxQueue: 2 });
  const cell = sharedCells();
  const { signal } = new AbortController();
  const taken = [1, 2, 3].map(() => pool.run(task('holdThread'), cell, { signal }));
  const refused = pool.run(task('add'), { a: 1, b: 1 }, { signal });
  await expect(refused).rejects.toMatchObject({ code: 'overloaded', data: { maxQueue: 2 } });
  release(cell);
  expect(await Promise.all(taken)).toHaveLength(3);
  expect(await pool.run(task('add'), { a: 1, b: 1 })).toBe(2);
});

test('what a task holds of memory is counted from when it is asked for until it ends, however it does', async () => {
  const memory = new MemoryBudget({ maxBytes: 1_000, tenantBytes: 600 });
  const pool = openPool({ memory, maxQueue: 3 });
  const cell = sharedCells();
  const run = (name: string, input: unknown, options: RunOptions = {}) =>
    pool.run(task(name), input, { tenant: 'a', ...options }).catch((error: { code: string }) => error.code);
  const held = run('holdThread', cell, { bytes: 500 });
  const abort = new AbortController();
  const waiting = [run('throwText', 'x'.repeat(50)), run('add', { a: 1, b: 1 }, { bytes: 0, signal: abort.signal })];
  expect(await run('add', 'x'.repeat(100))).toBe('overloaded');
  expect(memory.usedBytes).toBeGreaterThanOrEqual(550);
  const other = run('add', { a: 1, b: 2 }, { tenant: 'b', bytes: 300 });
  expect(await run('add', { a: 1, b: 1 }, { tenant: 'b', bytes: 1 })).toBe('overloaded');
  expect(memory.usedBytes).toBeLessThan(500 + 300 + 100);
  abort.abort();
  release(cell);
  expect(await Promise.all([held, ...waiting, other])).toEqual(['held', undefined, 'cancelled', 3]);
  expect(memory.usedBytes).toBe(0);
});

test('closing cancels what runs and what waits, and later tasks', async () => {
  const pool = openPool();
  const cell = sharedCells();
  const running = pool.run(task('spin'), cell);
  const waiting = pool.run(task('add'), { a: 1, b: 1 });
  const outcomes = Promise.allSettled([running, waiting]);
  await begun(cell, 1);
  await pool.close();
  const late = pool.run(task('add'), { a: 1, b: 1 });
  await expect(late).rejects.toMatchObject({ code: 'cancelled' });
  expect(await outcomes).toMatchObject([{ reason: { code: 'cancelled' } }, { reason: { code: 'cancelled' } }]);
  expect(pool.stats).toMatchObject({ threads: 0, queued: 0 });
});

test('closing twice is closing once', async () => {
  const pool = openPool();
  await Promise.all([pool.close(), pool.close()]);
  expect(pool.stats.threads).toBe(0);
});

test.each([
  ['a module that is not there', { module: new URL('./no-such.ts', import.meta.url).href, name: 'add' }, 'no-such.ts'],
  ['a function that is not exported', task('subtract'), 'subtract'],
  ['an export that is no function', task('notAFunction'), 'notAFunction'],
])('%s is an invalid definition that names it', async (_, missing, named) => {
  const pool = openPool();
  const run = pool.run(missing, undefined);
  await expect(run).rejects.toMatchObject({ code: 'invalid_definition', message: expect.stringContaining(named) });
  expect(await pool.run(task('add'), { a: 1, b: 1 })).toBe(2);
});

test.each([
  ['an input', task('add'), () => {}],
  ['an output', task('returnFunction'), undefined],
])('%s that cannot cross threads is not serialisable, and the pool goes on', async (_, bad, input) => {
  const pool = openPool();
  await expect(pool.run(bad, input)).rejects.toMatchObject({ code: 'not_serializable' });
  expect(await pool.run(task('add'), { a: 1, b: 1 })).toBe(2);
});

test('a thread that ends by itself fails its task, and the next task gets a new one', async () => {
  const pool = openPool();
  await expect(pool.run(task('endThread'), undefined)).rejects.toMatchObject({ code: 'worker_exited' });
  expect(await pool.run(task('add'), { a: 1, b: 1 })).toBe(2);
});

test('a task that needs more memory than a thread has fails alone, and the pool goes on', async () => {
  const pool = openPool({ threads: 2, maxHeapMb: 32 });
  const cell = sharedCells();
  const held = pool.run(task('holdThread'), cell);
  await begun(cell, 1);
  await expect(pool.run(task('fillMemory'), undefined)).rejects.toMatchObject({ code: 'worker_out_of_memory' });
  release(cell);
  expect(await held).toBe('held');
  expect(await pool.run(task('add'), { a: 1, b: 1 })).toBe(2);
});

test.each([
  ['makeArray', 1000],
  ['moveArray', 0],
])('%s gives the array to the caller and leaves %d numbers in the worker', async (name, left) => {
  const pool = openPool();
  expect(await pool.run(task(name), 1000)).toEqual({ values: new Float64Array(1000).fill(7) });
  expect(await pool.run(task('lengthLeft'), undefined)).toBe(left);
});

test.each([
  { threads: 0 },
  { threads: 1.5 },
  { maxQueue: -1 },
  { maxTenantQueue: -1 },
  { idleMs: Number.NaN },
  { maxHeapMb: 1 },
  { niceness: 20 },
  { maxThreads: 2 },
])('the setting %o is refused by its name', (options) => {
  const [path] = Object.keys(options);
  expect(() => createPool(options)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  expect(() => createPool(options)).toThrow(expect.objectContaining({ data: expect.objectContaining({ path }) }));
});
