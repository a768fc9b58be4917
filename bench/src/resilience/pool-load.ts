/** Tiny tasks for two threads, of which a pool has as many as it may hold at any time. */
import type { Session } from '../harness/session.ts';

export const THREADS = 2;
const IN_FLIGHT = 64;

/** Tasks a second. The number of a task decides what is asked of it. */
export function poolLoad(run: (index: number) => Promise<unknown>, close: () => Promise<void>): Session {
  return {
    round: async (size) => {
      let next = 0;
      const began = performance.now();
      const lines = Array.from({ length: IN_FLIGHT }, async () => {
        while (next < size) {
          const index = next++;
          await run(index);
        }
      });
      await Promise.all(lines);
      return (size / (performance.now() - began)) * 1_000;
    },
    close,
  };
}
