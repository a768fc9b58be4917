import { journalContract } from './journal.contract.ts';
import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';

journalContract('JetStream', () => natsWorld(1));
journalContract('JetStream, three replicas', () => natsWorld(3));
journalContract('in memory', simWorld);
