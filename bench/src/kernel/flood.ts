/** One sender and a receiver that is told faster than it can handle: the same blocks for ours and for each peer. */

/** Fits into a mailbox of the default limit (10,000). */
const BLOCK = 5_000;

/** Counts what is handled. Made once, shared by a sender and its receiver. */
export class Countdown {
  #left = 0;
  #done: () => void = () => {};

  /** Resolves after so many ticks. */
  start(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  tick(): void {
    this.#left--;
    if (this.#left === 0) this.#done();
  }
}

/** Sends `size` messages in blocks, each handled before the next is sent. Returns messages a second. */
export async function flood(countdown: Countdown, size: number, send: () => void): Promise<number> {
  const began = performance.now();
  for (let left = size; left > 0; left -= BLOCK) {
    const block = Math.min(BLOCK, left);
    const handled = countdown.start(block);
    for (let sent = 0; sent < block; sent++) send();
    await handled;
  }
  return perSecond(size, began);
}

/** Calls one after the other, each awaited. Returns calls a second. */
export async function oneByOne(size: number, call: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let count = 0; count < size; count++) await call();
  return perSecond(size, began);
}

export function perSecond(count: number, began: number): number {
  return (count / (performance.now() - began)) * 1_000;
}
