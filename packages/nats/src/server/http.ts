/**
 * GET with limits: on the wait for an answer, on a stall, on the size; none on the whole time, for slow lines are no
 * error. Used for the release and for the servers' monitoring. A proxy is used if Node is told so (NODE_USE_ENV_PROXY).
 */
import type { Clock, Timer } from '@jaegis/core';

export interface GetOptions {
  readonly clock: Clock;
  /** For the connection and the head of the answer, redirects included. Default 6,000. */
  readonly answerWithinMs?: number;
  /** From one piece of the body to the next. Default 15,000. */
  readonly stalledAfterMs?: number;
  /** Default 128 MiB. */
  readonly maxBytes?: number;
  readonly onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void;
}

/** Rejects when the status is none of success. */
export async function get(url: string, options: GetOptions): Promise<Buffer> {
  const { clock, answerWithinMs = 6_000, stalledAfterMs = 15_000 } = options;
  const abort = new AbortController();
  let timer: Timer | undefined;
  const expect = (withinMs: number, problem: string): void => {
    clock.clearTimer(timer);
    timer = clock.setTimer(withinMs, () => abort.abort(new Error(`${problem} within ${withinMs} ms from ${url}`)));
  };
  try {
    expect(answerWithinMs, 'no answer');
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`${url} answered ${response.status}`);
    }
    return await readBody(response, options, () => expect(stalledAfterMs, 'nothing more'));
  } finally {
    clock.clearTimer(timer);
  }
}

async function readBody(response: Response, options: GetOptions, alive: () => void): Promise<Buffer> {
  const { maxBytes = 128 * 2 ** 20, onProgress } = options;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const totalBytes = Number.isNaN(length) ? undefined : length;
  const chunks: Uint8Array[] = [];
  let received = 0;
  alive();
  for await (const chunk of response.body ?? []) {
    alive();
    chunks.push(chunk);
    received += chunk.byteLength;
    if (received > maxBytes) throw new Error(`${response.url} sends more than ${maxBytes} bytes`);
    onProgress?.(received, totalBytes);
  }
  return Buffer.concat(chunks);
}
