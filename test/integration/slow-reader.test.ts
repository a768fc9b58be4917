/** What happens to a node that reads more slowly than messages come, on a real server. */
import { silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { connect } from '@nats-io/transport-node';
import { defineActor, defineApp, startNode } from 'jaegis';
import { describe, expect, test } from 'vitest';
import { until } from '../contract/world.ts';
import { withServers } from '../support/nats.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

type Counter = {
  add: { message: { n: number }; reply: undefined };
  count: { message: object; reply: number };
};
const PIECE = new Uint8Array(64 * 1024);

describe('a server with room', () => {
  const nats = withServers(1);

  /** A process that takes so long for each piece of a flood. */
  async function flooded(pieces: number, busyMs: number) {
    const clock = realClock();
    const options = { servers: nats.urls, logger: silentLogger, clock, slowReadBytes: 4_000_000 };
    const { transport, close } = await connectNats(options);
    const heard: unknown[] = [];
    transport.onStatus((status) => heard.push(status));
    transport.onSlow((backlog) => heard.push(backlog));
    const read = { pieces: 0 };
    transport.subscribe('flood', () => {
      read.pieces++;
      for (const end = clock.monotonic() + busyMs; clock.monotonic() < end; );
    });
    await transport.flush();
    const flooder = await connect({ servers: [...nats.urls] });
    for (let piece = 0; piece < pieces; piece++) flooder.publish('flood', PIECE);
    const end = async () => {
      await flooder.close();
      await close();
    };
    return { heard, read, end };
  }

  const slow = {
    bytes: expect.toSatisfy((bytes) => bytes >= 4_000_000),
    delayMs: expect.toSatisfy((delayMs) => delayMs > 0),
  };

  test('a process that reads too slowly is told so while its connection stands', async () => {
    const { heard, read, end } = await flooded(600, 4);
    await until(() => heard.length > 0);
    expect(heard).toEqual([slow]);
    expect(read.pieces).toBeLessThan(600);
    await end();
  });

  test('a connection that takes long to read what waits is not taken for a dead one', async () => {
    const { heard, read, end } = await flooded(600, 10);
    await until(() => read.pieces === 600 || heard.includes('disconnected'));
    expect(heard).not.toContain('disconnected');
    await end();
  });
});

describe('a server with little room', () => {
  const nats = withServers(1, {
    config: `max_pending: 2MB
accounts {
  APP { jetstream: enabled, users: [{ user: app, password: app }] }
  $SYS { users: [{ user: sys, password: sys }] }
}
no_auth_user: app
`,
  });

  /** Connections that the server has cut off for reading too slowly. */
  async function slowConsumers(): Promise<number> {
    const system = await connect({ servers: [...nats.urls], user: 'sys', pass: 'sys' });
    const answer = await system.request('$SYS.REQ.SERVER.PING.VARZ');
    await system.close();
    return answer.json<{ data: { slow_consumers: number } }>().data.slow_consumers;
  }

  test('a node that is cut off connects again, and what it was told is handled in order, each once', async () => {
    const heard: number[] = [];
    const counter = defineActor('counter', {
      state: () => ({}),
      on: {
        add: (_state, { n }: { n: number }) => void heard.push(n),
        count: () => ({ reply: heard.length }),
      },
    });
    await using proxy = await TcpProxy.to(nats.urls[0] ?? '');
    const options = { cluster: 'slow', logLevel: 'silent', threads: 1 } as const;
    const app = defineApp({ actors: [{ definition: counter, name: 'counter' }] });
    await using node = await startNode({ ...options, name: 'n1', nats: proxy.url, app });
    await using client = await startNode({ ...options, name: 'c1', role: 'client', nats: [...nats.urls] });
    node.onEvent(() => {});
    const before = client.view.members;
    const ref = client.actor<Counter>('n1/user/counter');
    let told = 0;
    const tell = (count: number) => {
      for (let n = 0; n < count; n++) ref.tell({ type: 'add', n: told++ });
    };
    tell(100);
    expect(await ref.ask({ type: 'count' })).toBe(100);
    const flooder = await connect({ servers: [...nats.urls] });
    // A connection that hangs for seconds is given up by its own side, so it may be another one that is cut off.
    do {
      proxy.stall();
      tell(100);
      for (let piece = 0; piece < 400; piece++) flooder.publish('jaegis.slow.event', PIECE);
      await flooder.flush();
    } while ((await slowConsumers()) === 0);
    await flooder.close();
    proxy.goOn();
    tell(100);
    expect(await ref.ask({ type: 'count' }, { timeoutMs: 60_000 })).toBe(told);
    expect(heard).toEqual(Array.from({ length: told }, (_, n) => n));
    expect(client.view.members).toEqual(before);
  });
});
