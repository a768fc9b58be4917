/** Messages above what the server takes as one, between two nodes on a real one. */
import { silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { defineActor, defineApp, MemoryBudget, startNode } from 'jaegis';
import { expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';

const nats = withServers(1, { config: 'max_payload: 65536\n' });
const shelf = defineActor('shelf', {
  state: () => ({ lengths: [] as readonly number[] }),
  on: {
    put: ({ lengths }, { bytes }: { bytes: Uint8Array }) => ({
      state: { lengths: [...lengths, bytes.length] },
      reply: bytes.length,
    }),
    echo: (_state, { bytes }: { bytes: Uint8Array }) => ({ reply: bytes }),
    lengths: ({ lengths }) => ({ reply: lengths }),
  },
});
const app = defineApp({ entities: [shelf] });

test('an entity takes and answers what is a hundred times as large, in order with the rest, within bounds', async () => {
  const network = { bytesPerSecond: 200_000_000 };
  const options = { cluster: 'large', nats: [...nats.urls], logLevel: 'silent', threads: 1, network } as const;
  const budget = new MemoryBudget({ maxBytes: 16_000_000 });
  await using _node = await startNode({ ...options, name: 'n1', app, memory: { budget } });
  await using client = await startNode({ ...options, name: 'c1', role: 'client', app });
  const ref = client.entity(shelf, 's');
  const sizes = [10, 7_000_000, 20, 200_000, 30];
  const bytes = (size: number) => new Uint8Array(size).fill(size % 251);
  await Promise.all(sizes.map((size) => ref.ask({ type: 'put', bytes: bytes(size) })));
  expect(await ref.ask({ type: 'lengths' })).toEqual(sizes);
  const replies = await Promise.all(sizes.map((size) => ref.ask({ type: 'echo', bytes: bytes(size) })));
  expect(replies.map((reply) => Buffer.from(reply).equals(bytes(reply.length)))).toEqual(sizes.map(() => true));
  expect(replies.map(({ length }) => length)).toEqual(sizes);
  const huge = ref.ask({ type: 'put', bytes: new Uint8Array(65 * 1024 * 1024) });
  await expect(huge).rejects.toMatchObject({ code: 'not_serializable' });
  const tooMuch = ref.ask({ type: 'put', bytes: new Uint8Array(15 * 1024 * 1024) }, { timeoutMs: 60_000 });
  await expect(tooMuch).rejects.toMatchObject({ code: 'overloaded', data: { budget: 'memory', maxBytes: 16_000_000 } });
  expect(budget.view).toMatchObject({ usedBytes: 0, refused: 1 });
});

test('sends that are a hundred times as large are kept while no node lives, and handled once in their order', async () => {
  const options = { cluster: 'large-sends', nats: [...nats.urls], logLevel: 'silent', threads: 1 } as const;
  const sizes = [10, 7_000_000, 20, 200_000, 30];
  const expected = [...sizes, 40];
  {
    await using first = await startNode({ ...options, name: 'n1', app });
    const ref = first.entity(shelf, 's');
    await ref.ask({ type: 'lengths' });
  }
  await using client = await startNode({ ...options, name: 'c1', role: 'client', app });
  const ref = client.entity(shelf, 's');
  await Promise.all(sizes.map((size) => ref.send({ type: 'put', bytes: new Uint8Array(size) }, { timeoutMs: 60_000 })));
  await using _node = await startNode({ ...options, name: 'n2', app });
  await ref.send({ type: 'put', bytes: new Uint8Array(40) });
  await expect.poll(() => ref.ask({ type: 'lengths' }), { timeout: 60_000 }).toEqual(expected);
  const connection = await connectNats({ servers: nats.urls, logger: silentLogger, clock: realClock() });
  const bodies = connection.blobs({ name: 'JAEGIS_large-sends_BODIES', replicas: 1, storage: 'file' });
  await expect.poll(() => bodies.names(), { timeout: 60_000 }).toEqual([]);
  await connection.close();
  const huge = ref.send({ type: 'put', bytes: new Uint8Array(65 * 1024 * 1024) });
  await expect(huge).rejects.toMatchObject({ code: 'not_serializable' });
});
