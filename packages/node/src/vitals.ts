import type { Vitals } from '@jaegis/core';

/** Of this process. */
export function realVitals(): Vitals {
  return {
    read() {
      const { heapUsed: heapBytes, rss: rssBytes } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return { heapBytes, rssBytes, cpuMs: (user + system) / 1_000 };
    },
  };
}
