/** The same work for ours and for each peer: asks one at a time, many at once, and messages that are not answered. */
import { perSecond } from '../kernel/flood.ts';

/** Tells between two asks that wait until they were handled; within a mailbox of the default limit. */
const BLOCK = 5_000;

/** The median of the times of calls one after the other, in ms. */
export async function medianMs(size: number, call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let done = 0; done < size; done++) {
    const began = performance.now();
    await call();
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** Calls a second with so many under way at any time. */
export async function inFlight(
  width: number,
  size: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < size) await call(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return perSecond(size, began);
}

/** Messages a second, from the first one sent until the last one is handled, which `settle` waits for. */
export async function told(size: number, tell: () => void, settle: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let left = size; left > 0; left -= BLOCK) {
    for (let count = Math.min(BLOCK, left); count > 0; count--) tell();
    await settle();
  }
  return perSecond(size, began);
}
