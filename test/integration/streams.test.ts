/** The streams of a cluster as real servers have them: where they are kept, in how many copies, and what may be changed. */
import { rm } from 'node:fs/promises';
import { type Logger, silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { defineActor, defineApp, type JaegisNode, type NodeOptions, startNode } from 'jaegis';
import { describe, expect, it } from 'vitest';
import { bareRequest } from '../support/bare-nats.ts';
import { withServers } from '../support/nats.ts';

const list = defineActor('list', {
  state: () => ({ items: [] as readonly (number | string)[] }),
  on: {
    add: ({ items }, { item }: { item: number }) => ({ state: { items: [...items, item] }, reply: items.length + 1 }),
    note: ({ items }, { text }: { text: string }) => ({
      state: { items: [...items, text.length] },
      reply: text.length,
    }),
    remind: (_state, { item, afterMs }: { item: number; afterMs: number }, context) => {
      context.schedule('item', { afterMs }, { type: 'add', item });
      return { reply: true };
    },
    items: ({ items }) => ({ reply: items }),
  },
});
const app = defineApp({ entities: [list] });
const patient = { timeoutMs: 60_000 };
const streamsOf = (cluster: string) => [
  ...['HEALTH', 'TURNS', 'INBOX'].map((kind) => `JAEGIS_${cluster}_${kind}`),
  ...['LARGE', 'BODIES'].map((kind) => `OBJ_JAEGIS_${cluster}_${kind}`),
];

interface StreamInfo {
  readonly config: { readonly storage: string; readonly num_replicas: number; readonly max_msgs_per_subject: number };
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly { readonly current: boolean }[] };
}

async function info(url: string, name: string): Promise<StreamInfo> {
  return JSON.parse(await bareRequest(url, `$JS.API.STREAM.INFO.${name}`));
}

/** What each of these streams is. One after the other: bare requests share their reply subject. */
async function eachOf<Value>(
  url: string,
  names: readonly string[],
  read: (stream: StreamInfo) => Value,
): Promise<Value[]> {
  const values: Value[] = [];
  for (const name of names) values.push(read(await info(url, name)));
  return values;
}

/** One setting of each stream of a cluster. */
const settings = (url: string, cluster: string, key: keyof StreamInfo['config']) =>
  eachOf(url, streamsOf(cluster), ({ config }) => config[key]);

const itemsOf = (node: JaegisNode, key: string) => node.entity(list, key).ask({ type: 'items' }, patient);

describe('on one server', () => {
  const nats = withServers(1);
  const options = (cluster: string): NodeOptions => ({ cluster, nats: nats.urls, app, logLevel: 'silent', threads: 1 });
  const url = () => nats.urls[0] ?? '';

  it.each(['file', 'memory'] as const)(
    'all streams of a cluster with storage in %s are kept there',
    async (storage) => {
      const cluster = `in-${storage}`;
      await using _node = await startNode({ ...options(cluster), storage });
      await using client = await startNode({ ...options(cluster), storage, role: 'client' });
      await client.entity(list, 'a').ask({ type: 'note', text: 'x'.repeat(2_000_000) }, patient);
      expect(await settings(url(), cluster, 'storage')).toEqual(streamsOf(cluster).map(() => storage));
    },
  );

  it('storage is on file where nothing is said, and a node that says otherwise is refused with both named', async () => {
    await using _node = await startNode(options('kept'));
    await expect(startNode({ ...options('kept'), storage: 'memory' })).rejects.toMatchObject({
      code: 'cluster_mismatch',
      message: 'The stream JAEGIS_kept_HEALTH exists with other settings: storage is "file", not "memory".',
    });
  });

  it('the history of a cluster is changed by a node that starts with another, and by no other', async () => {
    await using first = await startNode(options('history'));
    for (let item = 0; item < 10; item++) await first.entity(list, 'a').ask({ type: 'add', item });
    await using _second = await startNode({ ...options('history'), history: 4 });
    await using third = await startNode(options('history'));
    const kept: number[] = [];
    for await (const { turn } of third.history({ entity: { type: 'list', key: 'a' } })) kept.push(turn);
    expect(kept).toEqual([7, 8, 9, 10]);
    expect(await settings(url(), 'history', 'max_msgs_per_subject')).toEqual([64, 4, -1, -1, -1]);
  });

  it('more copies than there are servers are refused as the option that they are', async () => {
    await using _node = await startNode(options('alone'));
    await expect(startNode({ ...options('alone'), replicas: 3 })).rejects.toMatchObject({ code: 'invalid_config' });
  });
});

describe('on a server that lets nobody change a stream', () => {
  const permissions = '{ publish: { deny: "$JS.API.STREAM.UPDATE.>" } }';
  const nats = withServers(1, {
    config: `authorization { users: [{ user: n, password: p, permissions: ${permissions} }] }
`,
  });

  it('a node that wants another history starts, and says what stays as it is', async () => {
    const warnings: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (message, data) => warnings.push([message, data]) };
    const auth = { user: 'n', password: 'p' };
    const connection = await connectNats({ servers: nats.urls, auth, logger, clock: realClock() });
    const options = { name: 'J', subjects: ['j.>'], replicas: 1, storage: 'file' } as const;
    await connection.openJournal({ ...options, historyPerSubject: 8 });
    await connection.openJournal({ ...options, historyPerSubject: 4 });
    await connection.close();
    expect(warnings).toEqual([
      [
        'A stream stays as it is: the change was refused',
        { stream: 'J', from: { max_msgs_per_subject: 8 }, to: { max_msgs_per_subject: 4 }, error: expect.any(Error) },
      ],
    ]);
  });
});

describe('on three servers', () => {
  const nats = withServers(3);
  const streams = streamsOf('grown');
  const numbers = Array.from({ length: 20 }, (_, index) => index);

  it('a cluster with one copy gets three from the node that starts, and is whole after a machine is lost with its disk', async () => {
    const options: NodeOptions = { cluster: 'grown', nats: nats.urls, app, logLevel: 'silent', threads: 1 };
    const first = await startNode({ ...options, replicas: 1, name: 'n1' });
    const one = await startNode({ ...options, replicas: 1, name: 'c1', role: 'client' });
    for (const item of numbers) await one.entity(list, `${item}`).send({ type: 'add', item }, patient);
    await one.entity(list, 'large').ask({ type: 'note', text: 'x'.repeat(2_000_000) }, patient);
    await one.entity(list, 'timer').ask({ type: 'remind', item: 7, afterMs: 20_000 }, patient);
    expect(await copies(nats.urls[1] ?? '')).toEqual([1, 1, 1, 1, 1]);
    await one.stop();
    await first.stop();

    await using second = await startNode({ ...options, name: 'n2' });
    await using client = await startNode({ ...options, name: 'c2', role: 'client' });
    await client.entity(list, 'large').ask({ type: 'note', text: 'x'.repeat(2_000_000) }, patient);
    await expect.poll(() => current(nats.urls[1] ?? ''), { timeout: 60_000 }).toEqual([2, 2, 2, 2, 2]);

    const [lost, down, left] = nats.servers;
    if (!lost || !down || !left) throw new Error('there are three');
    await lost.kill();
    await rm(lost.storeDir, { recursive: true });
    await lost.restart();
    await expect.poll(() => current(left.url), { timeout: 90_000 }).toEqual([2, 2, 2, 2, 2]);
    await down.kill();
    for (const item of numbers) expect(await itemsOf(client, `${item}`)).toEqual([item]);
    expect(await itemsOf(client, 'large')).toEqual([2_000_000, 2_000_000]);
    await expect.poll(() => itemsOf(second, 'timer'), { timeout: 60_000 }).toEqual([7]);
  });

  const copies = (url: string) => settings(url, 'grown', 'num_replicas');

  /** Copies of each stream that have all of it, besides its leader's. */
  const current = (url: string) =>
    eachOf(url, streams, ({ cluster }) =>
      cluster?.leader === undefined ? 0 : cluster.replicas?.filter((replica) => replica.current).length,
    ).catch(String);
});
