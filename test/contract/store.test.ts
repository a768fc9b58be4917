import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';
import { storeContract } from './store.contract.ts';

storeContract('JetStream', () => natsWorld(1));
storeContract('JetStream, three replicas', () => natsWorld(3));
storeContract('in memory', simWorld);
