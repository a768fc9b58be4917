/** A node of `remote.test.ts`. Arguments: its name, the cluster, addresses of servers. Ends when its parent is gone. */
import { onParentGone, startNode } from 'jaegis';
import { app } from './remote-app.ts';

const [, , name = '', cluster = '', nats = ''] = process.argv;

onParentGone(() => process.exit(0));
await startNode({ name, cluster, nats: nats.split(','), app, logLevel: 'silent' });
console.log('ready');
