/** All nodes of a cluster, each a process, are told to stop and started again, one after the other, while it is asked. */
import { type JaegisNode, startNode } from 'jaegis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';
import { counter, journal } from './app.ts';
import { members } from './members.ts';
import { NodeProcesses } from './node-processes.ts';
import { turnsKept } from './turn-order.ts';

const nats = withServers(1);
const nodes = new NodeProcesses('rolling');
const names = ['n1', 'n2', 'n3'];
const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
let client: JaegisNode;

beforeAll(async () => {
  const options = { cluster: 'rolling', nats: [...nats.urls], logLevel: 'silent', threads: 1 } as const;
  await Promise.all(names.map((name) => nodes.start(name, nats.urls)));
  client = await startNode({ ...options, name: 'client', role: 'client', history: turnsKept });
  await members(client, ...names);
});
afterAll(async () => {
  await client?.stop();
  await nodes[Symbol.asyncDispose]();
});

test('no ask fails and nothing is lost or done twice', async () => {
  const failed: unknown[] = [];
  const acknowledged = new Map(keys.map((key) => [key, 0]));
  let isOn = true;
  let sent = 0;
  /** One that asks, and asks again when it is answered. */
  const asker = async (key: string) => {
    while (isOn) {
      try {
        await client.entity(counter, key).ask({ type: 'add', by: 1 });
        acknowledged.set(key, (acknowledged.get(key) ?? 0) + 1);
      } catch (error) {
        failed.push(error);
      }
    }
  };
  const sender = async () => {
    while (isOn) {
      await client.entity(journal, 'all').send({ type: 'write', entry: `${++sent}` });
      // Each turn of the journal holds all its entries: it must not be outrun.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const load = [...keys.map(asker), sender()];
  for (const name of names) {
    await nodes.stop(name);
    await nodes.start(name, nats.urls);
    await members(client, ...names);
  }
  isOn = false;
  await Promise.all(load);
  expect(failed).toEqual([]);
  for (const key of keys) {
    expect(await client.entity(counter, key).ask({ type: 'read' }), key).toBe(acknowledged.get(key));
    expect(acknowledged.get(key)).toBeGreaterThan(names.length);
  }
  const entries = async () => (await client.entity(journal, 'all').ask({ type: 'read' })) as string[]; // as it answers
  await expect.poll(async () => (await entries()).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(sent);
  expect(await entries()).toEqual(Array.from({ length: sent }, (_, index) => `${index + 1}`));
});
