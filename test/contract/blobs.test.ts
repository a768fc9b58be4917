import { blobsContract } from './blobs.contract.ts';
import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';

blobsContract('JetStream', () => natsWorld(1));
blobsContract('in memory', simWorld);
