/** What a guard adds to an async call: the same call with and without it, block by block, in one process. */
import type { Session } from '../harness/session.ts';

/** Calls without a pause between two looks at the clock. */
const BLOCK = 2_000;

export type Guarded = (operation: () => Promise<number>) => Promise<unknown>;

async function operation(): Promise<number> {
  return 1;
}

async function blockMs(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let call = 0; call < BLOCK; call++) await run();
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Nanoseconds that the guard adds to each call. */
export function added(guarded: Guarded, close?: () => void | Promise<void>): Session {
  const guardedCall = () => guarded(operation);
  return {
    round: async (size) => {
      const bare: number[] = [];
      const guardedMs: number[] = [];
      for (let calls = 0; calls < size; calls += BLOCK) {
        bare.push(await blockMs(operation));
        guardedMs.push(await blockMs(guardedCall));
      }
      // At least one, of which a ratio can be made: where there are few calls, noise may be more than what is added.
      return Math.max(1, ((median(guardedMs) - median(bare)) / BLOCK) * 1e6);
    },
    ...(close === undefined ? {} : { close }),
  };
}
