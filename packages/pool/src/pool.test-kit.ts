/** For the tests of this package: tasks by their names, and cells by which tests and tasks wait for each other. */
import type { WorkerTask } from '@jaegis/core';

const module = new URL('./pool.test-tasks.ts', import.meta.url).href;

export const task = (name: string): WorkerTask => ({ module, name });

export const sharedCells = (count = 1) => new Int32Array(new SharedArrayBuffer(4 * count));

/** Resolves when so many tasks have counted the cell up. */
export async function begun(cell: Int32Array, count = 1): Promise<void> {
  for (let value = Atomics.load(cell, 0); value < count; value = Atomics.load(cell, 0)) {
    await Atomics.waitAsync(cell, 0, value).value;
  }
}

/** Lets those that hold their threads by it go on. */
export function release(cell: Int32Array): void {
  Atomics.store(cell, 0, 100);
  Atomics.notify(cell, 0);
}
