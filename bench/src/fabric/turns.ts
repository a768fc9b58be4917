/**
 * What a durable turn costs over what it cannot do without: one append with an expected sequence to JetStream. Both on
 * the same server, one at a time.
 */
import { type Journal, silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { defineActor, defineApp, type JaegisNode, startNode } from 'jaegis';
import type { Session } from '../harness/session.ts';
import { inFlight, medianMs } from './rounds.ts';
import type { SharedServer } from './shared-server.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0, padding: 'x'.repeat(150) }),
  on: { add: (state) => ({ state: { ...state, total: state.total + 1 }, reply: state.total + 1 }) },
});

/** Asks or appends under way at any time. */
const WIDTH = 256;
const ENTITIES = 1_000;
/** About what a turn of the counter writes. */
const RECORD = new Uint8Array(260);

/** Ours and what it cannot do without, in one process, on the server that all rows share. */
export class TurnsBench {
  readonly #server: SharedServer;

  constructor(server: SharedServer) {
    this.#server = server;
  }

  /** One append after the other, each with the expected sequence of the one before. */
  append(): Promise<Session> {
    return this.#raw(async (raw, size) => {
      let expectedSequence = (await raw.last('raw.0'))?.sequence ?? 0;
      return medianMs(size, async () => {
        expectedSequence = await raw.append('raw.0', RECORD, { expectedSequence });
      });
    });
  }

  /** As many at once as there are asks under way, each to a subject of its own with its expected sequence. */
  appends(): Promise<Session> {
    return this.#raw(async (raw, size) => {
      const sequences = await Promise.all(
        Array.from({ length: WIDTH }, async (_, index) => (await raw.last(`raw.${index}`))?.sequence ?? 0),
      );
      const free = [...sequences.keys()];
      return inFlight(WIDTH, size, async () => {
        const index = free.pop() ?? 0; // as many as there are workers
        sequences[index] = await raw.append(`raw.${index}`, RECORD, { expectedSequence: sequences[index] ?? 0 });
        free.push(index);
      });
    });
  }

  turn(): Promise<Session> {
    return this.#ours((node, size) => {
      const ref = node.entity(counter, 'one');
      return medianMs(size, () => ref.ask({ type: 'add' }));
    });
  }

  hot(): Promise<Session> {
    return this.#ours((node, size) => {
      const ref = node.entity(counter, 'hot');
      return inFlight(WIDTH, size, () => ref.ask({ type: 'add' }));
    });
  }

  many(): Promise<Session> {
    return this.#ours((node, size) => {
      const refs = Array.from({ length: ENTITIES }, (_, index) => node.entity(counter, `many-${index}`));
      return inFlight(WIDTH, size, (index) => refs[index % ENTITIES]?.ask({ type: 'add' }) ?? Promise.resolve());
    });
  }

  async #ours(round: (node: JaegisNode, size: number) => Promise<number>): Promise<Session> {
    const url = await this.#server.join();
    const node = await startNode({ nats: url, app: defineApp({ entities: [counter] }) });
    const close = async () => {
      await node.stop();
      await this.#server.leave();
    };
    return { round: (size) => round(node, size), close };
  }

  async #raw(round: (raw: Journal, size: number) => Promise<number>): Promise<Session> {
    const url = await this.#server.join();
    const connection = await connectNats({ servers: url.split(','), logger: silentLogger, clock: realClock() });
    const raw = await connection.openJournal({ ...rawJournal, replicas: this.#server.options.count });
    const close = async () => {
      await connection.close();
      await this.#server.leave();
    };
    return { round: (size) => round(raw, size), close };
  }
}

const rawJournal = {
  name: 'RAW',
  subjects: ['raw.*'],
  storage: 'file',
  historyPerSubject: 64,
} as const;
