/** Tasks for the tests of this package. */
import { threadId } from 'node:worker_threads';
import { OverloadedError } from '@jaegis/core';
import { moved } from './moved.ts';

export const notAFunction = 1;

export function add({ a, b }: { a: number; b: number }): number {
  return a + b;
}

export async function threadOf(): Promise<number> {
  return threadId;
}

/** Counts the caller's cell up when it begins, then holds the thread until the cell is set to 100. */
export function holdThread(cell: Int32Array): string {
  Atomics.add(cell, 0, 1);
  Atomics.notify(cell, 0);
  for (let value = Atomics.load(cell, 0); value < 100; value = Atomics.load(cell, 0)) Atomics.wait(cell, 0, value);
  return 'held';
}

/** Tells that it began, then blocks the thread as a long computation would. */
export function spin(cell: Int32Array): void {
  Atomics.add(cell, 0, 1);
  Atomics.notify(cell, 0);
  for (;;);
}

export function throwCoded(): never {
  const cause = Object.assign(new RangeError('inner'), { code: 'E_INNER' });
  throw Object.assign(new TypeError('outer', { cause }), { code: 'E_OUTER' });
}

export async function rejectOurs(): Promise<never> {
  throw new OverloadedError('too much', { data: { limit: 2 } });
}

export function throwUnclonable(): never {
  throw new OverloadedError('too much', { data: { callback: () => {} } });
}

export function throwText(): never {
  // biome-ignore lint/style/useThrowOnlyError: a task of a user may do so.
  throw 'only text';
}

export function returnFunction(): unknown {
  return () => {};
}

export function endThread(): never {
  process.exit(3);
}

let lastArray: Float64Array<ArrayBuffer> | undefined;

export function makeArray(length: number): { values: Float64Array } {
  lastArray = new Float64Array(length).fill(7);
  return { values: lastArray };
}

export function moveArray(length: number): unknown {
  lastArray = new Float64Array(length).fill(7);
  return moved({ values: lastArray }, [lastArray, lastArray]);
}

export function lengthLeft(): number {
  return lastArray?.length ?? -1;
}

export function fillMemory(): number {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + kept.length));
}

let running = 0;
let most = 0;

/** Takes several turns of the event loop. @returns How many of its like ran at once, at most. */
export async function takeTurns(): Promise<number> {
  running += 1;
  most = Math.max(most, running);
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  running -= 1;
  return most;
}

/** Leaves a timer behind that counts the caller's cell up. */
export function startTicking(cell: Int32Array): void {
  setInterval(() => Atomics.add(cell, 0, 1), 1);
}

/** Counts its own cell up, and then does as it is told. */
export function doOnce({ cells, index, then }: { cells: Int32Array; index: number; then: string }): number {
  Atomics.add(cells, index, 1);
  Atomics.notify(cells, index);
  if (then === 'exit') process.exit(1);
  if (then === 'throw') throw new Error('told to');
  while (then === 'hang');
  return index;
}
