import { heartContract } from './heart.contract.ts';
import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';

heartContract('NATS', () => natsWorld(1));
heartContract('in memory', simWorld);
