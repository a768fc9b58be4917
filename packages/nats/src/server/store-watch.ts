/**
 * Starts a server again that could not write, once its disk has room: a stream whose write failed takes nothing more until
 * then, and answers nobody (seen with nats-server 2.15).
 */
import { statfs } from 'node:fs/promises';
import { backoffDelay, type Clock, type Random, sleep } from '@jaegis/core';
import { reasonOf } from './reason.ts';
import type { ServerReport } from './server-event.ts';

export interface StoreWatchOptions {
  readonly name: string;
  readonly storeDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: ServerReport;
  /** Whether it runs: one that was ended on order stays ended. */
  readonly isRunning: () => boolean;
  readonly restart: () => Promise<void>;
  /** Bytes that are free where the folder is. Default: as the system says. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** With less, in bytes, the next message or two would fail again. */
export const enoughRoom = 4 * 2 ** 20;
const LOOK = { firstMs: 500, maxMs: 4_000 };

export class StoreWatch {
  readonly #options: StoreWatchOptions;
  readonly #stop = new AbortController();
  #isWatching = false;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  /** A line of the server's log. */
  heard(line: string): void {
    if (this.#isWatching || !isFailure(line)) return;
    this.#isWatching = true;
    void this.#watch(line).finally(() => {
      this.#isWatching = false;
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  async #watch(reason: string): Promise<void> {
    const { name, clock, random, report, isRunning, restart } = this.#options;
    report({ type: 'write-failed', server: name, reason });
    for (let looks = 1; ; looks++) {
      await sleep(clock, backoffDelay(looks, random.next(), LOOK), this.#stop.signal);
      if (this.#stop.signal.aborted || !isRunning()) return;
      if ((await this.#free()) < enoughRoom) continue;
      try {
        await restart();
        report({ type: 'restarted', server: name });
        return;
      } catch (error) {
        report({ type: 'retrying', reason: `${name} does not start after a write failed: ${reasonOf(error)}` });
      }
    }
  }

  async #free(): Promise<number> {
    const { storeDir, freeBytes = freeBytesOf } = this.#options;
    return await freeBytes(storeDir).catch(() => 0);
  }
}

/** With three servers the ones that follow say another thing than that the disk is full, and are as stuck. */
function isFailure(line: string): boolean {
  return line.includes('critical write error') || line.includes('no space left on device');
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
