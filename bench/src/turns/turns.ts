/**
 * What a durable turn costs over what it cannot do without: one append with an expected sequence to JetStream. Both on
 * the same server in the same run, one after the other in rounds; the median of the rounds and their ratio.
 */
import { silentLogger } from '@jaegis/core';
import { connectNats, findServer, startServers } from '@jaegis/nats';
import { realClock, realHost, realRandom } from '@jaegis/node';
import { defineActor, defineApp, startNode } from 'jaegis';

export interface TurnsResult {
  /** Milliseconds, median over the rounds. */
  readonly appendMs: number;
  readonly turnMs: number;
  /** Turn by append. */
  readonly ratio: number;
}

const counter = defineActor('counter', {
  state: () => ({ total: 0, padding: 'x'.repeat(150) }),
  on: { add: (state) => ({ state: { ...state, total: state.total + 1 }, reply: state.total + 1 }) },
});

export async function measureTurns({ rounds, turns }: { rounds: number; turns: number }): Promise<TurnsResult> {
  const world = { host: realHost(), clock: realClock(), random: realRandom() };
  const path = world.host.env.NATS_SERVER;
  const binary = await findServer({ ...world, ...(path ? { path } : {}) });
  await using servers = await startServers({ ...world, count: 1, binary });
  await using node = await startNode({ nats: servers.urls, app: defineApp({ entities: [counter] }) });
  const connection = await connectNats({ servers: [...servers.urls], logger: silentLogger, clock: world.clock });
  const journal = await connection.openJournal({
    name: 'RAW',
    subjects: ['raw'],
    replicas: 1,
    storage: 'file',
    historyPerSubject: 64,
  });
  const ref = node.entity(counter, 'one');
  const data = new Uint8Array(450);
  let expectedSequence = 0;
  const append = async () => {
    expectedSequence = await journal.append('raw', data, { expectedSequence });
  };
  const each = async (work: () => Promise<unknown>) => {
    const began = world.clock.monotonic();
    for (let count = 0; count < turns; count++) await work();
    return (world.clock.monotonic() - began) / turns;
  };
  const times: { append: number; turn: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const time = { append: await each(append), turn: await each(() => ref.ask({ type: 'add' })) };
    if (round > 0) times.push(time); // the first warms up
  }
  await connection.close();
  const [appendMs, turnMs] = [median(times.map(({ append }) => append)), median(times.map(({ turn }) => turn))];
  return { appendMs, turnMs, ratio: median(times.map(({ append, turn }) => turn / append)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
