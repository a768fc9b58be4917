/** Starts a heart and forgets it: its connection is closed, and nothing else is left to do. Argument: an address. */
import { incarnation, nodeId, silentLogger } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';

const connection = await connectNats({ servers: [process.argv[2] ?? ''], logger: silentLogger, clock: realClock() });
await connection.heart({ cluster: 'left' }).start({ id: nodeId('n'), incarnation: incarnation('1') });
await connection.close();
console.log('left');
