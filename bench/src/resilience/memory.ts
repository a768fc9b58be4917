/** What many breakers take: bytes of heap for each that is alive and was used. */
import type { Session } from '../harness/session.ts';
import { bytesEach } from '../kernel/heap.ts';

/** @param use Makes so many breakers, and uses each. */
export function memoryOf(use: (count: number) => Promise<readonly unknown[]>): Session {
  let alive: readonly unknown[] = [];
  return {
    round: (size) =>
      bytesEach(size, async () => {
        alive = await use(size);
      }),
    // So that they are alive until the end.
    close: () => {
      if (alive.length === 0) throw new Error('There were no breakers.');
    },
  };
}
