/** How long a lost connection is lost: its server is killed while two others run, or everything on the way is swallowed. */
import { silentLogger, type Transport } from '@jaegis/core';
import { connectNats, type NatsConnection, type NatsServers } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { TcpProxy } from '../../../test/support/tcp-proxy.ts';
import type { Session } from '../harness/session.ts';
import { spreadOf } from '../harness/spread.ts';
import { startBenchServers } from './shared-server.ts';

const SUBJECT = 'losses.request';
const REPLY = 'losses.reply';
const EMPTY = new Uint8Array();
/** Between two requests, in ms: the first that finds a connection counts. */
const PAUSE_MS = 2;

/** From the kill of the server that the client is connected to until a request is answered again, in ms. */
export async function serverKilled(): Promise<Session> {
  const servers = await startBenchServers({ count: 3, sync: '2m' });
  return {
    round: (size) => medianOf(size, () => answeredAfterKill(servers)),
    close: () => servers.stop(),
  };
}

/** From the moment that nothing arrives any more, without a reset, until the connection is said to be lost, in ms. */
export async function swallowed(): Promise<Session> {
  const servers = await startBenchServers({ count: 1, sync: '2m' });
  return {
    round: (size) => medianOf(size, () => noticedAfterSilence(servers)),
    close: () => servers.stop(),
  };
}

async function answeredAfterKill({ urls, servers }: NatsServers): Promise<number> {
  const [killed] = servers;
  const [client, responder] = [await connect(urls), await connect(urls.slice(2))];
  try {
    responder.transport.subscribe(SUBJECT, ({ replyTo }) => {
      if (replyTo !== undefined) responder.transport.publish(replyTo, EMPTY);
    });
    await responder.transport.flush();
    const answers = { count: 0 };
    client.transport.subscribe(REPLY, () => void answers.count++);
    await untilAnswered(client.transport, answers); // the servers know of both by now
    const began = performance.now();
    await killed?.kill();
    // What was asked before is answered by now, or never.
    answers.count = 0;
    await untilAnswered(client.transport, answers);
    return performance.now() - began;
  } finally {
    await Promise.all([client.close(), responder.close()]);
    await killed?.restart();
  }
}

async function untilAnswered(transport: Transport, answers: { count: number }): Promise<void> {
  while (answers.count === 0) {
    transport.publish(SUBJECT, EMPTY, { replyTo: REPLY });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function noticedAfterSilence({ urls }: NatsServers): Promise<number> {
  await using proxy = await TcpProxy.to(urls[0] ?? '');
  const { transport, close } = await connect([proxy.url]);
  try {
    await transport.flush();
    const lost = new Promise<void>((resolve) => {
      transport.onStatus((status) => void (status === 'disconnected' && resolve()));
    });
    const began = performance.now();
    proxy.swallow();
    await lost;
    return performance.now() - began;
  } finally {
    await close();
  }
}

async function medianOf(size: number, measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let done = 0; done < size; done++) times.push(await measure());
  return spreadOf(times).median;
}

function connect(servers: readonly string[]): Promise<NatsConnection> {
  return connectNats({ servers, logger: silentLogger, clock: realClock() });
}
