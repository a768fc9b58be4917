import { blobsContract } from './blobs.contract.ts';
import { natsWorld } from './nats-world.ts';
import { simWorld } from './sim-world.ts';

blobsContract('JetStream', () => natsWorld(1));
blobsContract('JetStream, three replicas', () => natsWorld(3));
blobsContract('in memory', simWorld);
