/** Opens what is there, whatever its settings, and makes nothing: for tools that look at a cluster they do not run. */
import { InvalidConfigError } from '@jaegis/core';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import type { JetStreamAccess } from './access.ts';
import { unavailable } from './errors.ts';

/** JSStreamNotFoundErr */
const notFound: number = JetStreamApiCodes.StreamNotFound;

/** @throws InvalidConfigError when there is none, StorageUnavailableError. */
export async function findStream({ link, client }: JetStreamAccess, name: string): Promise<JetStreamManager> {
  link.assertConnected();
  try {
    const manager = await client.jetstreamManager(false);
    await link.orLost(manager.streams.info(name));
    return manager;
  } catch (cause) {
    if (cause instanceof JetStreamApiError && cause.code === notFound) {
      throw new InvalidConfigError(`There is no stream ${name}: no node of this cluster was ever started here.`, {
        cause,
        data: { path: 'cluster', stream: name },
      });
    }
    throw unavailable({ what: `find the stream ${name}`, data: { stream: name } }, cause);
  }
}
