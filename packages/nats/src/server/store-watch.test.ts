import type { Clock, Random } from '@jaegis/core';
import { expect, test } from 'vitest';
import type { ServerEvent } from './server-event.ts';
import { enoughRoom, StoreWatch } from './store-watch.ts';

const failed = "[ERR] JetStream stream '$G > T' critical write error: write 1.blk: no space left on device";

/** Time passes as soon as somebody waits for it. */
const clock = {
  setTimer: (_ms: number, run: () => void) => setImmediate(run),
  clearTimer: () => {},
} as unknown as Clock; // what sleeps use
const random = { next: () => 0.5 } as Random; // the only thing that is asked of it

/** @param free What each look at the disk finds; the last one stays. */
function watch(free: number[], more: { readonly isRunning?: boolean; readonly starts?: number } = {}) {
  const events: string[] = [];
  let restarts = 0;
  let looks = 0;
  const made = new StoreWatch({
    name: 's1',
    storeDir: '/store',
    clock,
    random,
    report: ({ type }: ServerEvent) => events.push(type),
    isRunning: () => more.isRunning ?? true,
    freeBytes: async () => free[Math.min(looks++, free.length - 1)] ?? 0,
    restart: async () => {
      if (++restarts < (more.starts ?? 1)) throw new Error('not ready in time');
    },
  });
  return { made, events, restarts: () => restarts, looks: () => looks };
}

test('a server that could not write is started again once, as soon as its disk has room', async () => {
  const { made, events, restarts, looks } = watch([0, enoughRoom - 1, enoughRoom]);
  made.heard(failed);
  made.heard(failed);
  await expect.poll(() => events).toEqual(['write-failed', 'restarted']);
  expect([restarts(), looks()]).toEqual([1, 3]);
});

test('it is started again for every time that it could not write', async () => {
  const { made, events } = watch([enoughRoom]);
  made.heard(failed);
  await expect.poll(() => events).toEqual(['write-failed', 'restarted']);
  made.heard(failed);
  await expect.poll(() => events.length).toBe(4);
});

test('one that does not start is tried again', async () => {
  const { made, events } = watch([enoughRoom], { starts: 3 });
  made.heard(failed);
  await expect.poll(() => events).toEqual(['write-failed', 'retrying', 'retrying', 'restarted']);
});

test('one that was ended on order stays ended, and other lines mean nothing', async () => {
  const { made, events, looks } = watch([enoughRoom], { isRunning: false });
  made.heard('[INF] Server is ready');
  made.heard(failed);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect([events, looks()]).toEqual([['write-failed'], 0]);
});
