/** A node as `startNode` makes it, with ports that a test has put something around. */
import { ClusterNode, type ClusterPorts, inboxSubjects, turnSubjects } from '@jaegis/cluster';
import { binaryCodec } from '@jaegis/codec';
import { limits, nodeId } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { pinoLogger, realClock, realRandom } from '@jaegis/node';
import { createPool } from '@jaegis/pool';
import type { App } from 'jaegis';

export interface HandMade {
  readonly name: string;
  readonly cluster: string;
  readonly urls: readonly string[];
  readonly app: App;
  /** Records kept of each entity. Default: as of `startNode`. */
  readonly history?: number;
  /** Default: 3 where there are three servers. */
  readonly replicas?: 1 | 3;
  readonly around: (ports: ClusterPorts) => ClusterPorts;
}

/** Resolves when it is a member. It ends with its process. */
export async function startByHand(given: HandMade): Promise<ClusterNode> {
  const { name, cluster, urls, app, history, around } = given;
  const logger = pinoLogger({ level: 'error' });
  const clock = realClock();
  const connection = await connectNats({ servers: urls, name, logger, clock });
  const { replicas = connection.replicas } = given;
  const journal = (kind: string, subject: string, historyPerSubject: number) =>
    connection.openJournal({
      name: `JAEGIS_${cluster}_${kind}`,
      subjects: [subject],
      replicas,
      storage: 'file',
      historyPerSubject,
    });
  const ports: ClusterPorts = {
    heart: connection.heart({ cluster, running: () => node.system.running }),
    clock,
    random: realRandom(),
    logger,
    codec: binaryCodec(),
    pool: createPool({ threads: 1 }),
    transport: connection.transport,
    healthJournal: await journal('HEALTH', `jaegis.${cluster}.health`, limits.healthHistory),
    turnJournal: await journal('TURNS', turnSubjects(cluster), history ?? limits.turnHistory),
    inbox: await connection.openInbox({
      name: `JAEGIS_${cluster}_INBOX`,
      subjects: inboxSubjects(cluster),
      replicas,
      storage: 'file',
    }),
    blobs: connection.blobs({
      name: `JAEGIS_${cluster}_LARGE`,
      replicas,
      storage: 'file',
      keepMs: limits.largeKeptMs,
    }),
  };
  const node: ClusterNode = new ClusterNode({
    cluster,
    name: nodeId(name),
    role: 'member',
    entities: app.entities,
    ports: around(ports),
    onFailure: (error) => {
      console.error(error);
      process.exit(1);
    },
  });
  await node.start();
  return node;
}
