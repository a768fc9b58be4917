/** A node that dies at one step. Arguments: name, cluster, servers, the node beside it, step, moment, occurrence. */
import { onParentGone } from 'jaegis';
import { startByHand } from '../hand-made-node.ts';
import { app } from './app.ts';
import { Deadly, type Moment, type Step } from './deadly.ts';

const [, , name = '', cluster = '', nats = '', other = '', step, moment, occurrence] = process.argv;

onParentGone(() => process.exit(0));
// As the test gives them.
const deadly = new Deadly({ step: step as Step, moment: moment as Moment, occurrence: Number(occurrence) });
await startByHand({
  name,
  cluster,
  urls: nats.split(','),
  app,
  around: (ports) => ({
    ...ports,
    codec: deadly.codec(ports.codec),
    transport: deadly.transport(ports.transport, cluster, other),
    turnJournal: deadly.journal(ports.turnJournal),
    inbox: deadly.inbox(ports.inbox),
  }),
});
console.log('ready');
