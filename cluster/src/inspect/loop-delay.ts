import { type Clock, sleep } from '@jaegis/core';

/** How often it looks, in ms. */
const EVERY_MS = 20;

export interface LoopDelay {
  readonly mean: number;
  readonly max: number;
}

/** How late timers are in a stretch of time, in ms: what everything that waits for the event loop waits longer. */
export async function loopDelay(clock: Clock, overMs: number): Promise<LoopDelay> {
  const ends = clock.monotonic() + overMs;
  let [count, sum, max] = [0, 0, 0];
  for (let left = overMs; left > 0; left = ends - clock.monotonic()) {
    const waitMs = Math.min(EVERY_MS, left);
    const began = clock.monotonic();
    await sleep(clock, waitMs);
    const late = Math.max(0, clock.monotonic() - began - waitMs);
    count++;
    sum += late;
    max = Math.max(max, late);
  }
  return { mean: rounded(count === 0 ? 0 : sum / count), max: rounded(max) };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
