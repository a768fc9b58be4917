/** What so many of something cost in memory. The process must be its own, see `fresh` in harness/entrants.ts. */
import { setImmediate as turn } from 'node:timers/promises';

/** Bytes a piece. */
export async function bytesEach(count: number, make: () => void | Promise<void>): Promise<number> {
  const before = await settled();
  await make();
  return ((await settled()) - before) / count;
}

/** Collections until what is in use falls no more: one alone leaves what finalizers and aged code still hold. */
const COLLECTIONS = 30;

/** Bytes in use once all that is garbage is gone. Without `--expose-gc` (tests only) garbage counts too. */
async function settled(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0, since = 0; count < COLLECTIONS && since < 3; count++) {
    await turn();
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    since = heapUsed + external < least * 0.999 ? 0 : since + 1;
    least = Math.min(least, heapUsed + external);
  }
  return least;
}
