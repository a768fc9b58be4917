/**
 * What a durable turn costs over what it cannot do without: one append with an expected sequence to JetStream. Both on
 * the same server, one at a time.
 */
import { silentLogger } from '@jaegis/core';
import { connectNats, findServer, startServers } from '@jaegis/nats';
import { realClock, realHost, realRandom } from '@jaegis/node';
import { defineActor, defineApp, startNode } from 'jaegis';
import type { Session } from '../harness/session.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0, padding: 'x'.repeat(150) }),
  on: { add: (state) => ({ state: { ...state, total: state.total + 1 }, reply: state.total + 1 }) },
});

/** One server, synced to disk, that entrants share: started by the first, stopped by the last. */
export class TurnsBench {
  #running: Promise<Running> | undefined;
  #users = 0;

  async append(): Promise<Session> {
    const { raw } = await this.#join();
    const data = new Uint8Array(450); // about what a turn of the counter writes
    let expectedSequence = 0;
    const append = async () => {
      expectedSequence = await raw.append('raw', data, { expectedSequence });
    };
    return { round: (size) => msEach(size, append), close: () => this.#leave() };
  }

  async turn(): Promise<Session> {
    const { node } = await this.#join();
    const ref = node.entity(counter, 'one');
    return { round: (size) => msEach(size, () => ref.ask({ type: 'add' })), close: () => this.#leave() };
  }

  #join(): Promise<Running> {
    this.#users++;
    this.#running ??= start();
    return this.#running;
  }

  async #leave(): Promise<void> {
    this.#users--;
    if (this.#users > 0) return;
    const running = await this.#running;
    this.#running = undefined;
    await running?.close();
  }
}

type Running = Awaited<ReturnType<typeof start>>;

async function start() {
  const world = { host: realHost(), clock: realClock(), random: realRandom() };
  const path = world.host.env.NATS_SERVER;
  const binary = await findServer({ ...world, ...(path ? { path } : {}) });
  const servers = await startServers({ ...world, count: 1, binary });
  const node = await startNode({ nats: servers.urls, app: defineApp({ entities: [counter] }) });
  const connection = await connectNats({ servers: [...servers.urls], logger: silentLogger, clock: world.clock });
  const raw = await connection.openJournal({
    name: 'RAW',
    subjects: ['raw'],
    replicas: 1,
    storage: 'file',
    historyPerSubject: 64,
  });
  const close = async () => {
    await connection.close();
    await node[Symbol.asyncDispose]();
    await servers[Symbol.asyncDispose]();
  };
  return { node, raw, close };
}

/** Milliseconds each, one after the other. */
async function msEach(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let done = 0; done < count; done++) await work();
  return (performance.now() - began) / count;
}
