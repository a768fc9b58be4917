import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';
import { transportContract } from './transport.contract.ts';

transportContract('NATS', () => natsWorld(1));
transportContract('NATS, three servers', () => natsWorld(3));
transportContract('in memory', simWorld);
