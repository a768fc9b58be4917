/**
 * What a durable turn costs over what it cannot do without: one append with an expected sequence to JetStream. Both on
 * the same server, one at a time.
 */
import { silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { defineActor, defineApp, startNode } from 'jaegis';
import type { Session } from '../harness/session.ts';
import { medianMs } from './rounds.ts';
import type { SharedServer } from './shared-server.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0, padding: 'x'.repeat(150) }),
  on: { add: (state) => ({ state: { ...state, total: state.total + 1 }, reply: state.total + 1 }) },
});

/** Both ways, in one process, on the server that all rows share. */
export class TurnsBench {
  readonly #server: SharedServer;

  constructor(server: SharedServer) {
    this.#server = server;
  }

  async append(): Promise<Session> {
    const url = await this.#server.join();
    const connection = await connectNats({ servers: [url], logger: silentLogger, clock: realClock() });
    const raw = await connection.openJournal(rawJournal);
    const data = new Uint8Array(450); // about what a turn of the counter writes
    let expectedSequence = (await raw.last('raw'))?.sequence ?? 0;
    const append = async () => {
      expectedSequence = await raw.append('raw', data, { expectedSequence });
    };
    const close = async () => {
      await connection.close();
      await this.#server.leave();
    };
    return { round: (size) => medianMs(size, append), close };
  }

  async turn(): Promise<Session> {
    const url = await this.#server.join();
    const node = await startNode({ nats: url, app: defineApp({ entities: [counter] }) });
    const ref = node.entity(counter, 'one');
    const close = async () => {
      await node.stop();
      await this.#server.leave();
    };
    return { round: (size) => medianMs(size, () => ref.ask({ type: 'add' })), close };
  }
}

const rawJournal = {
  name: 'RAW',
  subjects: ['raw'],
  replicas: 1,
  storage: 'file',
  historyPerSubject: 64,
} as const;
