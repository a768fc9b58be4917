import { limitsContract } from './limits.contract.ts';
import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';

limitsContract('JetStream', () => natsWorld(1));
limitsContract('JetStream, three replicas', () => natsWorld(3));
limitsContract('in memory', simWorld);
