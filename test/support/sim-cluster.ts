/** A whole cluster in one process on a virtual clock: the production code over the ports of packages/sim. */
import type { ActorDefinition, Protocol, Startable } from '@jaegis/actors';
import {
  type ClusterEvent,
  ClusterNode,
  type ClusterNodeOptions,
  type ClusterPorts,
  inboxSubjects,
  LargeInbox,
  turnSubjects,
} from '@jaegis/cluster';
import { jsonCodec } from '@jaegis/codec';
import { type JaegisError, limits, nodeId, silentLogger, type Transport, type WorkerPool } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { nextTurn } from './next-turn.ts';

const CLUSTER = 'sim';

const noPool: WorkerPool = {
  run: () => Promise.reject(new Error('no pool here')),
  stats: { threads: 0, queued: 0, completed: 0 },
  close: async () => {},
};

export interface SimClusterOptions {
  /** Of the server, in bytes. Default 1 MiB. */
  readonly maxPayload?: number;
  /** Puts something between a node and its world. Default: nothing. */
  readonly between?: (node: string, ports: ClusterPorts) => ClusterPorts;
  /** What supervisors of other nodes may start on a node, by its name. Default: nothing. */
  readonly startables?: (node: string) => readonly Startable[];
}

export function simCluster(
  seed: number,
  entities: readonly ActorDefinition<Protocol>[],
  options: SimClusterOptions = {},
) {
  const { between = (_node, ports) => ports } = options;
  const world = createSimWorld({ seed, settled: nextTurn, ...options });
  const failures: JaegisError[] = [];
  /** Nodes that were told to leave. */
  const left: string[] = [];
  /** Of each node, by its name. */
  const transports = new Map<string, Transport>();
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
    // Another life of a node draws other names for itself.
    const life = (lives.get(name) ?? 0) + 1;
    lives.set(name, life);
    const random = world.random.fork(life === 1 ? name : `${name}/${life}`);
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
      startables: options.startables?.(name) ?? [],
      ports: between(name, {
        clock: connection.clock,
        random,
        logger: silentLogger,
        codec: jsonCodec(),
        pool: noPool,
        transport,
        blobs: connection.blobs({ name: 'LARGE', keepMs: limits.largeKeptMs }),
        healthJournal: await world.clock.runUntilSettled(journal('HEALTH', `jaegis.${CLUSTER}.health`)),
        inbox,
        heart: connection.heart({ cluster: CLUSTER, running: () => made.system.running }),
        turnJournal: await world.clock.runUntilSettled(journal('TURNS', turnSubjects(CLUSTER))),
      }),
      onFailure: (error) => failures.push(error),
      leave: () => left.push(name),
      ...more,
    });
    await world.clock.runUntilSettled(made.start());
    return made;
  }

  const events: ClusterEvent[] = [];
  return { world, node, events, failures, left, transports };
}
