import { inboxContract } from './inbox.contract.ts';
import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';

inboxContract('JetStream', () => natsWorld(1));
inboxContract('JetStream, three replicas', () => natsWorld(3));
inboxContract('in memory', simWorld);
