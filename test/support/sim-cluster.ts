/** A whole cluster in one process on a virtual clock: the production code over the ports of packages/sim. */
import type { ActorDefinition, Protocol } from '@jaegis/actors';
import {
  type ClusterEvent,
  ClusterNode,
  type ClusterNodeOptions,
  inboxSubjects,
  LargeInbox,
  turnSubjects,
} from '@jaegis/cluster';
import { jsonCodec } from '@jaegis/codec';
import { type JaegisError, limits, nodeId, silentLogger, type Transport, type WorkerPool } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';

const CLUSTER = 'sim';

const noPool: WorkerPool = {
  run: () => Promise.reject(new Error('no pool here')),
  stats: { threads: 0, queued: 0, completed: 0 },
  close: async () => {},
};

export interface SimClusterOptions {
  /** Of the server, in bytes. Default 1 MiB. */
  readonly maxPayload?: number;
}

export function simCluster(
  seed: number,
  entities: readonly ActorDefinition<Protocol>[],
  options: SimClusterOptions = {},
) {
  const world = createSimWorld({ seed, ...options });
  const failures: JaegisError[] = [];
  /** Of each node, by its name. */
  const transports = new Map<string, Transport>();
  /** How often each was started: a later life has chances of its own. */
  const lives = new Map<string, number>();

  async function node(
    name: string,
    role: 'member' | 'client' = 'member',
    more: Partial<ClusterNodeOptions> = {},
  ): Promise<ClusterNode> {
    const connection = world.connect(name);
    transports.set(name, connection.transport);
    const journal = (kind: string, subject: string) =>
      connection.openJournal({ name: kind, subjects: [subject], historyPerSubject: 10_000 });
    const { clock } = world;
    const life = (lives.get(name) ?? 0) + 1;
    lives.set(name, life);
    const random = world.random.fork(life === 1 ? name : `${name}#${life}`);
    const { transport } = connection;
    const stream = await clock.runUntilSettled(
      connection.openInbox({ name: 'INBOX', subjects: inboxSubjects(CLUSTER) }),
    );
    const bodies = connection.blobs({ name: 'BODIES' });
    const inbox = new LargeInbox({ inbox: stream, bodies, transport, clock, random, logger: silentLogger });
    const made: ClusterNode = new ClusterNode({
      cluster: CLUSTER,
      name: nodeId(name),
      role,
      entities,
      ports: {
        clock,
        random,
        logger: silentLogger,
        codec: jsonCodec(),
        pool: noPool,
        transport,
        blobs: connection.blobs({ name: 'LARGE', keepMs: limits.largeKeptMs }),
        viewJournal: await world.clock.runUntilSettled(journal('VIEW', `jaegis.${CLUSTER}.view`)),
        inbox,
        heart: connection.heart({ cluster: CLUSTER, running: () => made.system.running }),
        heapBytes: () => 0,
        turnJournal: await world.clock.runUntilSettled(journal('TURNS', turnSubjects(CLUSTER))),
      },
      onFailure: (error) => failures.push(error),
      ...more,
    });
    await world.clock.runUntilSettled(made.start());
    return made;
  }

  const events: ClusterEvent[] = [];
  return { world, node, events, failures, transports };
}
