/**
 * What a durable turn costs over what it cannot do without: one append with an expected sequence to JetStream. Both on
 * the same server, one at a time.
 */
import { silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
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
    return this.#raw(async (publish, size) => {
      let sequence = 0;
      return medianMs(size, async () => {
        sequence = await publish('appended.0', sequence);
      });
    });
  }

  /** As many at once as there are asks under way, each to a subject of its own with its expected sequence. */
  appends(): Promise<Session> {
    return this.#raw(async (publish, size) => {
      const sequences = new Array<number>(WIDTH).fill(0);
      const free = [...sequences.keys()];
      return inFlight(WIDTH, size, async () => {
        const index = free.pop() ?? 0; // as many as there are workers
        sequences[index] = await publish(`appended.${index}`, sequences[index] ?? 0);
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

  /** nats.js itself, on a stream like that of turns, which each round begins anew. */
  async #raw(round: (publish: Publish, size: number) => Promise<number>): Promise<Session> {
    const url = await this.#server.join();
    const servers = url.split(',');
    const connection = await connectNats({ servers, logger: silentLogger, clock: realClock() });
    await connection.openJournal({ ...rawJournal, replicas: this.#server.options.count });
    await connection.close();
    const client = await connect({ servers });
    const stream = jetstream(client);
    const manager = await stream.jetstreamManager();
    const publish: Publish = async (subject, lastSubjectSequence) =>
      (await stream.publish(subject, RECORD, { expect: { lastSubjectSequence } })).seq;
    const close = async () => {
      await client.close();
      await this.#server.leave();
    };
    return {
      round: async (size) => {
        await manager.streams.purge(rawJournal.name);
        return round(publish, size);
      },
      close,
    };
  }
}

/** With the expected sequence of its subject; resolves with the new one. */
type Publish = (subject: string, lastSubjectSequence: number) => Promise<number>;

const rawJournal = {
  name: 'RAW',
  subjects: ['appended.*'],
  storage: 'file',
  historyPerSubject: 64,
} as const;
