import { createServer, type RequestListener } from 'node:http';
import type { Clock, Timer } from '@jaegis/core';
import { expect, onTestFinished, test } from 'vitest';
import { get } from './http.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/file` : '';
}

/** A clock whose newest timer is due when the test says so. */
function clockOnOrder(): Clock & { ring(): void } {
  let due = () => {};
  return {
    now: () => 0,
    monotonic: () => 0,
    setTimer(_delayMs, callback) {
      due = callback;
      // Nobody looks into a timer.
      return {} as Timer;
    },
    clearTimer() {},
    ring: () => due(),
  };
}

test('the body comes whole, with its progress', async () => {
  const url = await serve((_, response) => response.setHeader('content-length', 5).end('whole'));
  const progress: unknown[] = [];
  const body = await get(url, { clock: clockOnOrder(), onProgress: (...now) => progress.push(now) });
  expect(body.toString()).toBe('whole');
  expect(progress.at(-1)).toEqual([5, 5]);
});

test('an answer that is no success is an error that says which', async () => {
  const url = await serve((_, response) => response.writeHead(404).end('no'));
  await expect(get(url, { clock: clockOnOrder() })).rejects.toThrow(`${url} answered 404`);
});

test('a server that does not answer is left', async () => {
  const clock = clockOnOrder();
  const url = await serve(() => clock.ring());
  await expect(get(url, { clock, answerWithinMs: 7 })).rejects.toThrow('no answer within 7 ms');
});

test('a body that stalls is left', async () => {
  const clock = clockOnOrder();
  const url = await serve((_, response) => response.write('first'));
  const onProgress = () => clock.ring();
  await expect(get(url, { clock, stalledAfterMs: 8, onProgress })).rejects.toThrow('nothing more within 8 ms');
});

test('a body that is too large is left', async () => {
  const url = await serve((_, response) => response.end('12345'));
  await expect(get(url, { clock: clockOnOrder(), maxBytes: 4 })).rejects.toThrow('more than 4 bytes');
});
