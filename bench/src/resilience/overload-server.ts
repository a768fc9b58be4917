/**
 * An HTTP server that does 4 requests at once, in 20 ms each, and keeps the others in a line without an end; whether
 * anybody still waits for the answer it does not ask. `overload-server.ts guarded` puts a bulkhead in front of that. Says
 * its port, and ends when its input does.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { hasCode } from '@jaegis/core';
import { realClock, realRandom } from '@jaegis/node';
import { Bulkhead, createPolicy, gradient } from '@jaegis/resilience';

const AT_ONCE = 4;
const SERVICE_MS = 20;

const waiting: (() => void)[] = [];
let inFlight = 0;

async function work(): Promise<void> {
  if (inFlight < AT_ONCE) inFlight += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  await wait(SERVICE_MS);
  const next = waiting.shift();
  if (next === undefined) inFlight -= 1;
  else next(); // its place is free for that one
}

const clock = realClock();
// It is not told what the server can do, and finds out.
const bulkhead = new Bulkhead(clock, { limit: gradient(), maxQueue: 16, queueMs: 100, shedding: {} });
const policy = createPolicy({ bulkhead }, { clock, random: realRandom() });
const guarded = process.argv[2] === 'guarded';

async function answer(response: ServerResponse): Promise<void> {
  try {
    await (guarded ? policy.run(work) : work());
  } catch (error) {
    response.statusCode = hasCode(error, 'overloaded') ? 503 : 500;
  }
  response.end();
}

const server = createServer((_, response) => void answer(response)).listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`); // it listens on a port
process.stdin.resume().once('close', () => process.exit());
