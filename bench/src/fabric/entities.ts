/** What entities cost that are not at work: to wake one, on the server's disk, and in the memory of their node. */
import { limits, silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { defineActor, defineApp, startNode } from 'jaegis';
import type { Session, Workloads } from '../harness/session.ts';
import { inFlight, medianMs } from './rounds.ts';
import { SERVER_VARIABLE } from './shared-server.ts';

/** How long an entity of the row on memory stays after its message, in ms. */
const SOON = 50;

const note = defineActor('note', {
  state: () => ({ text: '' }),
  on: {
    write: (_, { text }: { text: string }) => ({ state: { text }, reply: text.length }),
    length: (state) => ({ reply: state.text.length }),
  },
});

const sleeper = defineActor('sleeper', {
  passivateAfterMs: SOON,
  state: () => ({ total: 0 }),
  on: { add: (state) => ({ state: { total: state.total + 1 }, reply: state.total + 1 }) },
});

/** Of the row on stored bytes: the state as the codec writes it. */
export const STATE_BYTES = 200;

const STREAM = 'JAEGIS_bench_TURNS';

const url = () => process.env[SERVER_VARIABLE] ?? '';

export const workloads: Workloads = { wake, get, stored, asleep };

/** Milliseconds until an entity whose record has 1 kB answers, which nobody has asked on this node before. */
async function wake(): Promise<Session> {
  const start = () => startNode({ nats: url(), cluster: 'bench', name: 'waker', app: defineApp({ entities: [note] }) });
  const text = 'x'.repeat(1_000);
  return {
    round: async (size) => {
      await using writer = await start();
      await inFlight(64, size, (index) => writer.entity(note, `n${index}`).ask({ type: 'write', text }));
      await writer.stop();
      await using node = await start();
      let next = 0;
      return await medianMs(size, () => node.entity(note, `n${next++}`).ask({ type: 'length' }));
    },
  };
}

/** Milliseconds of a direct get of the newest record of a subject, of as many bytes. */
async function get(): Promise<Session> {
  const connection = await connectNats({ servers: [url()], logger: silentLogger, clock: realClock() });
  const options = { name: 'GETS', subjects: ['gets.*'], replicas: 1, storage: 'file', historyPerSubject: 1 } as const;
  const journal = await connection.openJournal(options);
  const raw = await connect({ servers: url() });
  const { direct } = await jetstreamManager(raw);
  return {
    round: async (size) => {
      for (let index = 0; index < size; index++) {
        const expectedSequence = (await journal.last(`gets.${index}`))?.sequence ?? 0;
        await journal.append(`gets.${index}`, new Uint8Array(1_100), { expectedSequence });
      }
      let next = 0;
      return medianMs(size, () => direct.getMessage('GETS', { last_by_subj: `gets.${next++}` }));
    },
    close: async () => {
      await raw.close();
      await connection.close();
    },
  };
}

/** Bytes that the server holds for each turn of entities that have as many as are kept, and had more. */
async function stored(): Promise<Session> {
  const node = await startNode({ nats: url(), cluster: 'bench', app: defineApp({ entities: [note] }) });
  const raw = await connect({ servers: url() });
  const manager = await jetstreamManager(raw);
  let rounds = 0;
  return {
    round: async (size) => {
      await manager.streams.purge(STREAM);
      const round = ++rounds; // other entities each time: those of the last round would miss their records
      const text = 'x'.repeat(STATE_BYTES - 8);
      const entities = Math.ceil(size / limits.turnHistory);
      for (let turn = 1; turn <= 2 * limits.turnHistory; turn++) {
        await inFlight(64, entities, (index) => node.entity(note, `s${round}-${index}`).ask({ type: 'write', text }));
      }
      const { state } = await manager.streams.info(STREAM);
      return state.bytes / state.messages;
    },
    close: async () => {
      await raw.close();
      await node.stop();
    },
  };
}

/** Bytes of heap that an entity leaves behind which has been at work and sleeps. */
async function asleep(): Promise<Session> {
  const node = await startNode({ nats: url(), cluster: 'bench', app: defineApp({ entities: [sleeper] }), history: 1 });
  const work = async (size: number, round: number) => {
    await inFlight(256, size, (index) => node.entity(sleeper, `${round}-${index}`).ask({ type: 'add' }));
    while ((node.tree().children.find(({ id }) => id === 'entities')?.children.length ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, SOON));
    }
  };
  let rounds = 0;
  return {
    round: async (size) => {
      const before = heapUsed();
      await work(size, ++rounds);
      return Math.max(0, (heapUsed() - before) / size);
    },
    close: async () => {
      await node.stop();
    },
  };
}

function heapUsed(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
