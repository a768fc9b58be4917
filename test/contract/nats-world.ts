/** Real servers, one set for a suite. */
import type { Heart } from '@jaegis/core';
import { connectNats, type NatsConnection } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { afterEach, beforeEach } from 'vitest';
import { withServers } from '../support/nats.ts';
import { errorsTo, type World } from './world.ts';

/** To be called in the describe of the suite. */
export function natsWorld(count: 1 | 3): World {
  const nats = withServers(count);
  const errors: string[] = [];
  let open: NatsConnection[] = [];
  let hearts: Heart[] = [];
  /** Each connection goes to another server than the one before, so that what one says must find its way to the others. */
  const fromNext = () => nats.urls.map((_, index) => nats.urls[(index + open.length) % count] ?? '');
  beforeEach(() => {
    errors.length = 0;
  });
  afterEach(async () => {
    await Promise.all(open.map((connection) => connection.close()));
    await Promise.all(hearts.map((heart) => heart.stop()));
    open = [];
    hearts = [];
  });
  return {
    errors,
    async connect(options = {}) {
      const connection = await connectNats({
        servers: fromNext(),
        logger: errorsTo(errors),
        clock: realClock(),
        ...options,
      });
      open.push(connection);
      return {
        transport: connection.transport,
        openJournal: (wishes) => connection.openJournal({ ...wishes, replicas: count, storage: 'file' }),
        openInbox: (wishes) => connection.openInbox({ ...wishes, replicas: count, storage: 'file' }),
        openBlobs: (name, keepMs = 600_000) => connection.blobs({ name, replicas: count, storage: 'file', keepMs }),
        openStore: (name) => connection.openStore({ name, replicas: count, storage: 'file' }),
        heart: (wanted) => {
          const heart = connection.heart(wanted);
          hearts.push(heart);
          return heart;
        },
      };
    },
    async loseServer() {
      await Promise.all(nats.servers.map((server) => server.kill()));
    },
    async restoreServer() {
      await Promise.all(nats.servers.map((server) => server.restart()));
    },
  };
}
