/** Policies around what really fails: servers over HTTP, and threads that end. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type JaegisError, WorkerExitedError } from '@jaegis/core';
import { realClock, realRandom } from '@jaegis/node';
import { createPool } from '@jaegis/pool';
import { Breaker, Bulkhead, createPolicy, type PolicyEvent } from '@jaegis/resilience';
import { VirtualClock } from '@jaegis/sim';
import { expect, onTestFinished, test } from 'vitest';

const services = { clock: realClock(), random: realRandom() };

/** Its address. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('It listens on no port.');
  return `http://127.0.0.1:${address.port}/`;
}

/** The text of the answer. @throws Error unless it is a good one. */
async function ask(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}`);
  return text;
}

/** The code of the error, or else the answer. */
const codeOf = (call: Promise<unknown>) => call.catch((error: JaegisError) => error.code ?? error.message);

test('a server that fails for a while gets no calls meanwhile, then one, then all again', async () => {
  let isWell = false;
  let asked = 0;
  const url = await serve((_, response) => {
    asked += 1;
    response.writeHead(isWell ? 200 : 500).end('well');
  });
  // Only the server is real: a wait of the breaker is over when the test says so.
  const clock = new VirtualClock();
  const breaker = new Breaker({ failures: 3, openMs: 1_000, successes: 1 }, { clock });
  const policy = createPolicy({ breaker }, { ...services, clock });
  const call = () => codeOf(policy.run(({ signal }) => ask(url, signal)));

  expect([await call(), await call(), await call()]).toEqual(['500', '500', '500']);
  expect([await call(), await call()]).toEqual(['breaker_open', 'breaker_open']);
  expect([asked, breaker.state]).toEqual([3, 'open']);

  await clock.advance(breaker.figures.retryAfterMs);
  expect([await call(), asked, breaker.state]).toEqual(['500', 4, 'open']);

  isWell = true;
  await clock.advance(breaker.figures.retryAfterMs);
  const together = await Promise.all([call(), call()]);
  expect([together, asked, breaker.state]).toEqual([['well', 'breaker_open'], 5, 'closed']);
  expect([await Promise.all([call(), call(), call()]), asked]).toEqual([['well', 'well', 'well'], 8]);
});

test('an overloaded server does what the policy admits, and the rest is refused while it is still at the first', async () => {
  const held: (() => void)[] = [];
  let isHolding = true;
  let answered = 0;
  let mostAtOnce = 0;
  const allInside = Promise.withResolvers<void>();
  const url = await serve((_, response) => {
    const answer = () => {
      answered += 1;
      response.end('done');
    };
    if (!isHolding) return answer();
    held.push(answer);
    mostAtOnce = Math.max(mostAtOnce, held.length);
    if (held.length === 4) allInside.resolve();
  });
  const bulkhead = new Bulkhead(services.clock, { limit: 4, maxQueue: 6, queueMs: Number.POSITIVE_INFINITY });
  const policy = createPolicy({ bulkhead, retry: {} }, services);

  const calls = Array.from({ length: 30 }, () => codeOf(policy.run(({ signal }) => ask(url, signal))));
  const refused = await Promise.all(calls.slice(10));
  expect(new Set(refused)).toEqual(new Set(['overloaded']));
  await allInside.promise;
  expect([answered, bulkhead.stats]).toEqual([0, { limit: 4, inFlight: 4, queued: 6, refused: 20 }]);

  isHolding = false;
  for (const answer of held) answer();
  expect(await Promise.all(calls.slice(0, 10))).toEqual(Array.from({ length: 10 }, () => 'done'));
  expect([answered, mostAtOnce]).toEqual([10, 4]);
});

test('a task whose thread ends fails with an error that says so, and its policy does it again in another one', async () => {
  const pool = createPool({ threads: 1 });
  onTestFinished(() => pool.close());
  const task = { module: new URL('./resilience-tasks.ts', import.meta.url).href, name: 'endsItsThreadOnce' };
  const events: PolicyEvent[] = [];
  const policy = createPolicy({ retry: { backoff: { kind: 'constant', delayMs: 1 } } }, services);
  policy.onEvent((event) => events.push(event));
  const times = new Int32Array(new SharedArrayBuffer(4));

  const outcome = await policy.outcome(({ signal }) => pool.run(task, times, { signal }));
  expect(outcome).toMatchObject({ ok: true, value: 'done', tries: 2 });
  expect(events).toMatchObject([{ type: 'retry', number: 1, error: expect.any(WorkerExitedError) }]);
});
