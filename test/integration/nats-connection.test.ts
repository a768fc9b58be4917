/** What only real servers do: refuse, hang, die one by one. What all adapters have in common is in test/contract. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { hasCode, type Journal, silentLogger } from '@jaegis/core';
import { type ConnectOptions, connectNats, type NatsConnection } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, test } from 'vitest';
import { bytes, eventually, text, uniqueName, until } from '../contract/world.ts';
import { freeze } from '../support/freeze.ts';
import { withServers } from '../support/nats.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const open: NatsConnection[] = [];
const fakes: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  for (const fake of fakes.splice(0)) fake.close();
});

async function connectTo(servers: readonly string[], options: Partial<ConnectOptions> = {}): Promise<NatsConnection> {
  const connection = await connectNats({ servers, logger: silentLogger, clock: realClock(), ...options });
  open.push(connection);
  return connection;
}

/** Speaks just enough of the protocol to be connected to; nobody listens on any subject. */
async function fakeServer(version: string): Promise<string> {
  const info = { server_id: 'fake', version, proto: 1, headers: true, max_payload: 1_000_000, port: 1, host: 'fake' };
  const server = createServer((socket) => {
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const lines = data.toString();
      if (/^PING/m.test(lines)) socket.write('PONG\r\n');
      const request = /^PUB \$JS\S+ (\S+) /m.exec(lines);
      if (request) socket.write(`HMSG ${request[1]} 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  fakes.push(server);
  return `127.0.0.1:${portOf(server)}`;
}

// A server that listens on a TCP port has such an address.
const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function freeAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${portOf(server)}`;
  server.close();
  await once(server, 'close');
  return address;
}

test.each([
  ['', {}],
  [' to TLS', { tls: { handshakeFirst: true } }],
])('a dial to a server that says nothing%s leaves no socket', async (_, options) => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  fakes.push(mute);
  const taken = once(mute, 'connection');
  await expect(connectTo([`127.0.0.1:${portOf(mute)}`], options)).rejects.toMatchObject({ code: 'connect_failed' });
  const [socket] = await taken;
  socket.on('error', () => {}).resume();
  await once(socket, 'close');
});

function statusesOf({ transport }: NatsConnection): string[] {
  const seen: string[] = [];
  transport.onStatus((status) => seen.push(status));
  return seen;
}

async function openJournal(
  connection: NatsConnection,
  replicas: 1 | 3,
): Promise<{ journal: Journal; subject: string }> {
  const name = uniqueName();
  const journal = await connection.openJournal({
    name,
    subjects: [`${name}.>`],
    replicas,
    storage: 'file',
    historyPerSubject: 64,
  });
  return { journal, subject: `${name}.a` };
}

/** As a caller does: when the outcome is unknown, or another wrote, it reads the newest record and looks. */
async function appendOnce(journal: Journal, subject: string, data: string): Promise<void> {
  for (;;) {
    const newest = await eventually(() => journal.last(subject));
    if (text(newest?.data) === data) return;
    const append = () => journal.append(subject, bytes(data), { expectedSequence: newest?.sequence ?? 0 });
    await eventually(append).catch((error) => {
      if (!hasCode(error, 'outcome_unknown') && !hasCode(error, 'wrong_sequence')) throw error;
    });
  }
}

test('addresses where nobody answers are named in a typed error', async () => {
  const addresses = [await freeAddress(), await freeAddress()];
  await expect(connectTo(addresses)).rejects.toMatchObject({
    code: 'connect_failed',
    message: expect.stringContaining(addresses.join(', ')),
    data: { servers: addresses },
  });
});

test('a server that is too old is refused with both versions', async () => {
  await expect(connectTo([await fakeServer('2.11.4')])).rejects.toMatchObject({
    code: 'server_too_old',
    message: expect.stringMatching(/2\.11\.4.*2\.12\.0/),
  });
});

test('a server without JetStream is refused', async () => {
  const address = await fakeServer('2.15.0');
  await expect(connectTo([address])).rejects.toMatchObject({
    code: 'jetstream_disabled',
    message: expect.stringContaining(address),
  });
});

describe('one server', () => {
  const nats = withServers(1);

  test('it offers one replica and refuses three', async () => {
    const connection = await connectTo(nats.urls);
    expect(connection.replicas).toBe(1);
    await expect(openJournal(connection, 3)).rejects.toMatchObject({ code: 'invalid_config' });
  });

  test('a first address where nobody answers does not keep from the second', async () => {
    const connection = await connectTo([await freeAddress(), ...nats.urls]);
    expect(connection.transport.connected).toBe(true);
  });

  test('an append that a hanging server does not answer is of unknown outcome, and is found when it goes on', async () => {
    const connection = await connectTo(nats.urls, { storageTimeoutMs: 300 });
    const { journal, subject } = await openJournal(connection, 1);
    const pid = nats.servers[0]?.pid ?? 0;
    await freeze(pid);
    const append = journal.append(subject, bytes('1'), { expectedSequence: 0 });
    await expect(append)
      .rejects.toMatchObject({ code: 'outcome_unknown' })
      .finally(() => process.kill(pid, 'SIGCONT'));
    let found: string | undefined;
    while (found === undefined) found = text((await eventually(() => journal.last(subject)))?.data);
    expect(found).toBe('1');
  });

  test('control passes data that waits for the server, and a flush means both', async () => {
    const { transport } = await connectTo(nats.urls);
    const subject = uniqueName();
    const sizes: number[] = [];
    transport.subscribe(subject, ({ data }) => sizes.push(data.length));
    await transport.flush();
    for (let index = 0; index < 25; index++) transport.publish(subject, new Uint8Array(1_000_000));
    transport.publish(subject, new Uint8Array(1), { lane: 'control' });
    await transport.flush();
    expect(sizes).toHaveLength(26);
    expect(sizes.indexOf(1)).toBeLessThan(10);
  });

  test('a connection is tried for again however often nobody answers, and goes on when somebody does', async () => {
    await using proxy = await TcpProxy.to(nats.urls[0] ?? '');
    const connection = await connectTo([proxy.url]);
    const seen = statusesOf(connection);
    const got: (string | undefined)[] = [];
    connection.transport.subscribe('after.outage', ({ data }) => got.push(text(data)));
    await connection.transport.flush();
    await nats.servers[0]?.kill();
    await until(() => seen.length === 1);
    connection.transport.publish('after.outage', bytes('kept'));
    const lostAt = proxy.dials;
    // Three times as many as nats.js tries by itself.
    await until(() => proxy.dials - lostAt > 30);
    expect(seen).toEqual(['disconnected']);
    await nats.servers[0]?.restart();
    await until(() => got.length > 0);
    expect([seen, got]).toEqual([['disconnected', 'connected'], ['kept']]);
  });

  test('a link on which nothing arrives is given up without a reset and without traffic, and made anew', async () => {
    await using proxy = await TcpProxy.to(nats.urls[0] ?? '');
    const connection = await connectTo([proxy.url]);
    const seen = statusesOf(connection);
    proxy.swallow();
    await until(() => seen.length === 1);
    expect(seen).toEqual(['disconnected']);
    proxy.heal();
    await until(() => seen.length === 2);
    expect(seen).toEqual(['disconnected', 'connected']);
  });

  test('a key that somebody else deleted does not exist and can be made again', async () => {
    const connection = await connectTo(nats.urls);
    const name = uniqueName();
    const store = await connection.openStore({ name, replicas: 1, storage: 'file' });
    const first = await store.put('a', bytes('1'), { expectedRevision: 0 });
    const other = await connect({ servers: [...nats.urls] });
    await (await new Kvm(other).open(name)).delete('a');
    await other.close();
    expect(await store.get('a')).toBeUndefined();
    const stale = store.put('a', bytes('never'), { expectedRevision: first });
    await expect(stale).rejects.toMatchObject({ code: 'wrong_sequence' });
    const again = await store.put('a', bytes('2'), { expectedRevision: 0 });
    expect(await store.get('a')).toEqual({ value: bytes('2'), revision: again });
    const twice = store.put('a', bytes('never'), { expectedRevision: 0 });
    await expect(twice).rejects.toMatchObject({ code: 'wrong_sequence' });
  });
});

describe('three servers', () => {
  const nats = withServers(3);

  test('they offer three replicas', async () => {
    expect((await connectTo(nats.urls)).replicas).toBe(3);
  });

  test('they offer three replicas also while one is down', async () => {
    await nats.servers[1]?.kill();
    expect((await connectTo(nats.urls)).replicas).toBe(3);
    await nats.servers[1]?.restart();
  });

  test('when its server is killed a connection goes on at another, also one that it was not told of', async () => {
    const told = await connectTo(nats.urls);
    const untold = await connectTo(nats.urls.slice(0, 1));
    const got: (string | undefined)[] = [];
    untold.transport.subscribe('still.here', ({ data }) => got.push(text(data)));
    const statuses = [statusesOf(told), statusesOf(untold)];
    await nats.servers[0]?.kill();
    await until(() => statuses.every((seen) => seen.length === 2));
    expect(statuses).toEqual([
      ['disconnected', 'connected'],
      ['disconnected', 'connected'],
    ]);
    // Until the subscription is known to the server of the other.
    while (got.length === 0) {
      told.transport.publish('still.here', bytes('yes'));
      await Promise.all([told.transport.flush(), untold.transport.flush()]);
    }
    expect(got[0]).toBe('yes');
    await nats.servers[0]?.restart();
  });

  test('when its server hangs with much unsent a connection goes on at another', async () => {
    const connection = await connectTo(nats.urls);
    const seen = statusesOf(connection);
    const pid = nats.servers[0]?.pid ?? 0;
    await freeze(pid);
    try {
      for (let index = 0; index < 20; index++) connection.transport.publish('nobody', new Uint8Array(1_000_000));
      await until(() => seen.length === 2);
      expect(seen).toEqual(['disconnected', 'connected']);
      await connection.transport.flush();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('what is published to a server that hangs is refused beyond the bound', async () => {
    const { transport } = await connectTo(nats.urls, { sendBufferBytes: 5_000_000 });
    const pid = nats.servers[0]?.pid ?? 0;
    await freeze(pid);
    try {
      const publish = () => {
        for (let index = 0; index < 20; index++) transport.publish('nobody', new Uint8Array(1_000_000));
      };
      expect(publish).toThrow(expect.objectContaining({ code: 'transport_unavailable' }));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test.each([0, 1, 2])(
    'when server %i of three is killed nothing acknowledged is lost and appends go on',
    async (index) => {
      const connection = await connectTo(nats.urls);
      const { journal, subject } = await openJournal(connection, 3);
      let expectedSequence = 0;
      for (let turn = 1; turn <= 5; turn++) {
        expectedSequence = await journal.append(subject, bytes(`${turn}`), { expectedSequence });
      }
      const server = nats.servers[index];
      await server?.kill();
      for (const data of ['6', '7']) await appendOnce(journal, subject, data);
      await server?.restart();
      const kept: (string | undefined)[] = [];
      for await (const record of journal.history(subject)) kept.push(text(record.data));
      expect(kept).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    },
  );
});
