/** Small tasks are given to threads ahead. Nothing of what the pool promises is to be seen otherwise for that. */
import { Worker } from 'node:worker_threads';
import type { RunOptions, WorkerPool } from '@jaegis/core';
import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { expect, onTestFinished, test } from 'vitest';
import { begun, release, sharedCells, task } from './pool.test-kit.ts';
import { createPool, type PoolOptions } from './pool.ts';

/** Its threads have done so many small tasks that they are given some ahead from now on. */
async function openQuickPool(options: PoolOptions = {}): Promise<WorkerPool> {
  const pool = createPool({ threads: 1, ...options });
  onTestFinished(() => pool.close());
  await Promise.all(Array.from({ length: 100 }, () => add(pool)));
  return pool;
}

const add = (pool: WorkerPool, options?: RunOptions) => pool.run<number>(task('add'), { a: 1, b: 1 }, options);

test('what was given ahead of a task that takes long is done by another thread', async () => {
  const pool = await openQuickPool({ threads: 2 });
  const cell = sharedCells();
  const before = Array.from({ length: 10 }, () => add(pool));
  const held = pool.run(task('holdThread'), cell);
  const after = Array.from({ length: 10 }, () => add(pool));
  await Promise.all([...before, ...after]);
  release(cell);
  expect(await held).toBe('held');
});

test('what was given ahead of a task that takes long does not wait for a gap in the line either', async () => {
  const pool = await openQuickPool({ threads: 2 });
  const cell = sharedCells();
  const before = Array.from({ length: 10 }, () => add(pool));
  const held = pool.run(task('holdThread'), cell);
  const after = Array.from({ length: 10 }, () => add(pool));
  let isOver = false;
  const line = Array.from({ length: 20 }, async () => {
    while (!isOver) await add(pool);
  });
  await Promise.all([...before, ...after]);
  isOver = true;
  await Promise.all(line);
  release(cell);
  expect(await held).toBe('held');
});

test('a task that is aborted before it begins leaves those around it alone', async () => {
  const pool = await openQuickPool();
  const cell = sharedCells();
  const abort = new AbortController();
  const held = pool.run(task('holdThread'), cell);
  const [aborted, other] = [add(pool, { signal: abort.signal }), add(pool)];
  abort.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'cancelled' });
  release(cell);
  expect([await held, await other]).toEqual(['held', 2]);
});

test.each(['endThread', 'fillMemory'])(
  'after %s has ended its thread those that were to come after it are done',
  async (name) => {
    const pool = await openQuickPool({ maxHeapMb: 32 });
    const ended = pool.run(task(name), undefined).catch((error: { code: string }) => error.code);
    expect(await Promise.all([add(pool), add(pool), add(pool)])).toEqual([2, 2, 2]);
    expect(await ended).toMatch(/^worker_/);
  },
);

test('a task whose time is up takes none of those after it with it', async () => {
  const clock = new VirtualClock();
  const pool = await openQuickPool({ clock });
  const cell = sharedCells();
  const spun = pool.run(task('spin'), cell, { timeoutMs: 100 });
  const early = add(pool, { deadlineMs: 50 });
  const others = [add(pool, { timeoutMs: 100 }), add(pool)];
  const outcomes = Promise.allSettled([spun, early]);
  await begun(cell);
  await clock.advance(100);
  expect(await outcomes).toMatchObject([
    { reason: { code: 'operation_timeout', data: { ranMs: 100 } } },
    { reason: { code: 'overloaded', data: { why: 'deadline' } } },
  ]);
  expect([await Promise.all(others), clock.pending]).toEqual([[2, 2], 0]);
});

test('a pool that closes settles what a thread has begun after a task whose answer nobody has heard', async () => {
  const pool = await openQuickPool();
  const cell = sharedCells(1);
  const first = add(pool);
  const [answered, spun] = [add(pool), pool.run(task('spin'), cell).catch((error: { code: string }) => error.code)];
  await first;
  // Nothing is heard while this thread sleeps. Where the tasks were not small enough, there is nothing ahead to sleep for.
  Atomics.wait(cell, 0, 0, 1_000);
  await pool.close();
  expect([await answered, await spun]).toEqual([2, 'cancelled']);
});

test('a thread does one task at a time, also where tasks are asynchronous', async () => {
  const pool = await openQuickPool();
  const most = await Promise.all(Array.from({ length: 50 }, () => pool.run(task('takeTurns'), undefined)));
  expect(new Set(most)).toEqual(new Set([1]));
});

test('timers of a module keep time, however busy its thread is', async () => {
  const pool = await openQuickPool();
  const cell = sharedCells();
  await pool.run(task('startTicking'), cell);
  const lines = Array.from({ length: 10 }, async () => {
    while (Atomics.load(cell, 0) < 5) await add(pool);
  });
  await Promise.all(lines);
});

test('a pool that has nothing to do keeps nothing alive', async () => {
  const uses = `import { createPool } from ${JSON.stringify(new URL('./pool.ts', import.meta.url).href)};
    await createPool({ threads: 1 }).run(${JSON.stringify(task('add'))}, { a: 1, b: 1 });`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(uses)}`));
  expect(await new Promise((resolve) => worker.on('exit', resolve))).toBe(0);
});

test.each([1, 2, 3])('whatever happens, each task begins once at most and comes to an end (seed %d)', async (seed) => {
  const random = new SeededRandom(seed);
  const pool = await openQuickPool({ threads: 2 });
  const count = 300;
  const cells = sharedCells(count);
  const outcomes = Array.from({ length: count }, async (_, index) => {
    const chance = random.next();
    const then = chance < 0.02 ? 'exit' : chance < 0.04 ? 'hang' : chance < 0.1 ? 'throw' : 'return';
    const abort = new AbortController();
    const run = pool.run(task('doOnce'), { cells, index, then }, { signal: abort.signal });
    if (then === 'hang') void begun(cells.subarray(index, index + 1)).then(() => abort.abort());
    else if (random.next() < 0.1) setImmediate(() => abort.abort());
    return run.catch((error: { code?: string; message: string }) => error.code ?? error.message);
  });
  const ended = await Promise.all(outcomes);
  for (const [index, outcome] of ended.entries()) {
    expect(cells[index]).toBeLessThanOrEqual(1);
    expect([index, 'cancelled', 'worker_exited', 'told to']).toContain(outcome);
    if (outcome !== 'cancelled') expect(cells[index]).toBe(1);
  }
  expect(await add(pool)).toBe(2);
});
