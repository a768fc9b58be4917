/** One node of the production code over a simulated connection. */
import { ClusterNode, type ClusterPorts, inboxSubjects, LargeInbox, turnSubjects } from '@jaegis/cluster';
import { jsonCodec } from '@jaegis/codec';
import { type Journal, limits, nodeId, silentLogger, type WorkerPool } from '@jaegis/core';
import type { SimConnection, SimWorld } from '@jaegis/sim';
import { entities } from './entities.ts';

export const cluster = 'sim';

/** Records kept of each entity, so that a run's history is whole. */
const KEPT = 100_000;

const noPool: WorkerPool = {
  run: () => Promise.reject(new Error('no pool here')),
  stats: { threads: 0, queued: 0, completed: 0 },
  close: async () => {},
};

export interface MakeNodeOptions {
  readonly world: SimWorld;
  readonly name: string;
  readonly role: 'member' | 'client';
  /** Counts the lives of this name. */
  readonly number: number;
  /** Of the shards it takes its part by weight. Default 1. */
  readonly weight?: number | undefined;
  readonly onFailure: (error: unknown) => void;
  readonly disturb: (ports: ClusterPorts) => ClusterPorts;
}

export async function makeNode(options: MakeNodeOptions): Promise<ClusterNode> {
  const { world, name, role, number, onFailure, disturb, weight = 1 } = options;
  const connection = world.connect(name);
  const { transport, clock } = connection;
  const random = world.random.fork(`${name}/${number}`);
  const stream = await connection.openInbox({ name: 'INBOX', subjects: inboxSubjects(cluster) });
  let made: ClusterNode | undefined;
  const bodies = connection.blobs({ name: 'BODIES' });
  const ports: ClusterPorts = {
    clock,
    random,
    logger: silentLogger,
    codec: jsonCodec(),
    pool: noPool,
    transport,
    blobs: connection.blobs({ name: 'LARGE', keepMs: limits.largeKeptMs }),
    healthJournal: await openLog(connection, 'HEALTH', `jaegis.${cluster}.health`),
    turnJournal: await openLog(connection, 'TURNS', turnSubjects(cluster)),
    heart: connection.heart({ cluster, running: () => made?.system.running }),
    inbox: new LargeInbox({ inbox: stream, bodies, transport, clock, random, logger: silentLogger }),
  };
  made = new ClusterNode({ cluster, name: nodeId(name), role, weight, entities, ports: disturb(ports), onFailure });
  return made;
}

function openLog(connection: SimConnection, name: string, subject: string): Promise<Journal> {
  return connection.openJournal({ name, subjects: [subject], historyPerSubject: KEPT });
}
