/** `send` and durable timers on real servers: nodes come and go, servers are killed, and what was acknowledged is handled once. */
import { defineActor, defineApp, type JaegisNode, startNode } from 'jaegis';
import { afterEach, describe, expect, it } from 'vitest';
import { bareRequest } from '../support/bare-nats.ts';
import { withServers } from '../support/nats.ts';

const log = defineActor('log', {
  state: () => ({ items: [] as number[] }),
  on: {
    add: (state, message: { item: number }) => ({ state: { items: [...state.items, message.item] } }),
    items: (state) => ({ reply: state.items }),
    remind: (_state, message: { item: number; afterMs: number }, context) => {
      context.schedule(`item-${message.item}`, { afterMs: message.afterMs }, { type: 'add', item: message.item });
      return { reply: true };
    },
    forget: (_state, message: { item: number }, context) => {
      context.unschedule(`item-${message.item}`);
      return { reply: true };
    },
  },
});
const app = defineApp({ entities: [log] });
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

describe.each([1, 3] as const)('on %d servers', (count) => {
  const nats = withServers(count);
  const running: JaegisNode[] = [];
  let clusters = 0;
  afterEach(async () => {
    for (const node of running.splice(0)) await node.stop();
  });

  async function nodes(cluster: string, ...names: string[]): Promise<JaegisNode[]> {
    const options = { cluster, nats: nats.urls, app, logLevel: 'silent' } as const;
    const started = await Promise.all(
      names.map((name) => startNode({ ...options, name, role: name === 'client' ? 'client' : 'member' })),
    );
    running.push(...started);
    return started;
  }
  const items = (node: JaegisNode, key: string) => node.entity(log, key).ask({ type: 'items' }, { timeoutMs: 30_000 });

  it('what was sent is handled once and in order while nodes come and go', async () => {
    const cluster = `send-${++clusters}`;
    const [client, first] = await nodes(cluster, 'client', 'n1');
    if (!client || !first) throw new Error('both were asked for');
    const keys = ['a', 'b', 'c', 'd'];
    const sendAll = (from: number) =>
      Promise.all(
        numbers(from, 50).flatMap((item) => keys.map((key) => client.entity(log, key).send({ type: 'add', item }))),
      );
    await sendAll(0);
    const [second] = await nodes(cluster, 'n2');
    await sendAll(50);
    await first.stop();
    await sendAll(100);
    for (const key of keys) await expect.poll(() => items(client, key), { timeout: 30_000 }).toEqual(numbers(0, 150));
    await second?.stop();
  });

  it('a timer fires although no node lived at its time', async () => {
    const cluster = `timer-${++clusters}`;
    const [client, first] = await nodes(cluster, 'client', 'n1');
    const entity = client?.entity(log, 'a');
    await entity?.ask({ type: 'remind', item: 1, afterMs: 300 });
    await entity?.ask({ type: 'remind', item: 2, afterMs: 300 });
    await entity?.ask({ type: 'forget', item: 2 });
    await first?.stop();
    await new Promise((resolve) => setTimeout(resolve, 400));
    await nodes(cluster, 'n2');
    await entity?.ask({ type: 'remind', item: 3, afterMs: 0 }, { timeoutMs: 30_000 });
    await expect.poll(() => client && items(client, 'a'), { timeout: 30_000 }).toContain(3);
    expect((await (client && items(client, 'a')))?.toSorted()).toEqual([1, 3]);
  });

  it('consumed messages and fired timers leave nothing on the server', async () => {
    const cluster = `tidy-${++clusters}`;
    const [client] = await nodes(cluster, 'client', 'n1');
    if (!client) throw new Error('it was asked for');
    const entity = client.entity(log, 'a');
    for (const item of numbers(1, 20)) await entity.send({ type: 'add', item });
    await entity.ask({ type: 'remind', item: 21, afterMs: 1 });
    await entity.ask({ type: 'remind', item: 22, afterMs: 3_600_000 });
    await entity.ask({ type: 'forget', item: 22 });
    await expect.poll(() => items(client, 'a')).toEqual(numbers(1, 21));
    const state = async () => {
      const info = await bareRequest(nats.urls[0] ?? '', `$JS.API.STREAM.INFO.JAEGIS_${cluster}_INBOX`);
      const { messages, consumer_count } = JSON.parse(info).state;
      return { messages, consumers: consumer_count };
    };
    await expect.poll(state).toEqual({ messages: 0, consumers: 1 });
  });
});

describe('when the server is killed and started again', () => {
  const nats = withServers(1);

  it('a send that is repeated with its id has one effect, although the server forgot what was consumed', async () => {
    const options = { cluster: 'again', nats: nats.urls, app, logLevel: 'silent' } as const;
    await using client = await startNode({ ...options, name: 'client', role: 'client' });
    await using first = await startNode({ ...options, name: 'n1' });
    const entity = client.entity(log, 'a');
    const items = () => entity.ask({ type: 'items' }, { timeoutMs: 30_000 }).catch(String);
    const send = (item: number) => entity.send({ type: 'add', item }, { id: `item-${item}`, timeoutMs: 60_000 });
    const isEmpty = async () => {
      const info = await bareRequest(nats.urls[0] ?? '', '$JS.API.STREAM.INFO.JAEGIS_again_INBOX');
      return JSON.parse(info).state.messages === 0;
    };
    const killServer = async () => {
      await expect.poll(isEmpty).toBe(true);
      for (const server of nats.servers) {
        await server.kill();
        await server.restart();
      }
    };
    await send(1);
    await expect.poll(items).toEqual([1]);
    await killServer();
    await send(1);
    await send(2);
    await expect.poll(items, { timeout: 30_000 }).toEqual([1, 2]);
    await killServer();
    await using second = await startNode({ ...options, name: 'n2' });
    await first.stop();
    for (const item of [2, 1, 3]) await send(item);
    await expect.poll(items, { timeout: 30_000 }).toEqual([1, 2, 3]);
    expect(second.view.members).toHaveLength(1);
  });
});

describe('when servers die', () => {
  const nats = withServers(3);

  it('what was acknowledged is handled once, whichever server is killed', async () => {
    const options = { cluster: 'killed', nats: nats.urls, app, logLevel: 'silent' } as const;
    await using client = await startNode({ ...options, name: 'client', role: 'client' });
    await using first = await startNode({ ...options, name: 'n1' });
    await using second = await startNode({ ...options, name: 'n2' });
    const entity = client.entity(log, 'a');
    let next = 0;
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        await entity.send({ type: 'add', item: next }, { timeoutMs: 60_000 });
        next += 1;
      }
    })();
    for (const server of nats.servers) {
      const before = next;
      await server.kill();
      await expect.poll(() => next, { timeout: 40_000 }).toBeGreaterThan(before + 20);
      await server.restart();
    }
    isOver = true;
    await sending;
    await expect
      .poll(() => entity.ask({ type: 'items' }, { timeoutMs: 30_000 }), { timeout: 40_000 })
      .toEqual(numbers(0, next));
    expect([first.view.members.length, second.view.members.length]).toEqual([2, 2]);
  });
});
