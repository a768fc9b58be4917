/** A node that dies at one step. Arguments: name, cluster, servers, the node beside it, step, moment, occurrence. */
import { ClusterNode, inboxSubjects, turnSubjects } from '@jaegis/cluster';
import { binaryCodec } from '@jaegis/codec';
import { limits, nodeId } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { pinoLogger, realClock, realRandom } from '@jaegis/node';
import { createPool } from '@jaegis/pool';
import { onParentGone } from 'jaegis';
import { app } from './app.ts';
import { Deadly, type Moment, type Step } from './deadly.ts';

const [, , name = '', cluster = '', nats = '', other = '', step, moment, occurrence] = process.argv;

onParentGone(() => process.exit(0));
const logger = pinoLogger({ level: 'error' });
const clock = realClock();
// As the test gives them.
const deadly = new Deadly({ step: step as Step, moment: moment as Moment, occurrence: Number(occurrence) });
const connection = await connectNats({ servers: nats.split(','), name, logger, clock });
const journal = (kind: string, subject: string) =>
  connection.openJournal({
    name: `JAEGIS_${cluster}_${kind}`,
    subjects: [subject],
    replicas: connection.replicas,
    storage: 'file',
    historyPerSubject: limits.turnHistory,
  });
const inbox = await connection.openInbox({
  name: `JAEGIS_${cluster}_INBOX`,
  subjects: inboxSubjects(cluster),
  replicas: connection.replicas,
  storage: 'file',
});
const node = new ClusterNode({
  cluster,
  name: nodeId(name),
  role: 'member',
  entities: app.entities,
  ports: {
    clock,
    random: realRandom(),
    logger,
    codec: binaryCodec(),
    pool: createPool({ threads: 1 }),
    transport: deadly.transport(connection.transport, cluster, other),
    viewJournal: await journal('VIEW', `jaegis.${cluster}.view`),
    blobs: connection.blobs({
      name: `JAEGIS_${cluster}_LARGE`,
      replicas: connection.replicas,
      storage: 'file',
      keepMs: limits.largeKeptMs,
    }),
    turnJournal: deadly.journal(await journal('TURNS', turnSubjects(cluster))),
    inbox: deadly.inbox(inbox),
  },
  onFailure: (error) => {
    console.error(error);
    process.exit(1);
  },
});
await node.start();
console.log('ready');
