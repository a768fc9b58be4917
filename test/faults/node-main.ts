/** A node under fire. Arguments: its name, the cluster, addresses of servers. Ends when its parent is gone. */
import { onParentGone, startNode } from 'jaegis';
import { app } from './app.ts';

const [, , name = '', cluster = '', nats = ''] = process.argv;

onParentGone(() => process.exit(0));
const node = await startNode({ name, cluster, nats: nats.split(','), app, logLevel: 'error', threads: 1 });
process.once('SIGTERM', () => void node.stop());
console.log('ready');
const reason = await node.stopped;
if (reason !== undefined) console.error(reason);
process.exit(reason === undefined ? 0 : 1);
