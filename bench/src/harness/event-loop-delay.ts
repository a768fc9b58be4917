import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds, over so many milliseconds; of a timer of 1 ms, which is a part of it. */
export async function delayP99(durationMs: number): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await wait(durationMs);
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}
