/** Opens what is there, whatever its settings, and makes nothing: for tools that look at a cluster they do not run. */
import { InvalidConfigError } from '@jaegis/core';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { JetStreamAccess } from './access.ts';
import { unavailable } from './errors.ts';
import type { OpenedStream } from './open-stream.ts';

/** JSStreamNotFoundErr */
const notFound: number = JetStreamApiCodes.StreamNotFound;

/** @throws InvalidConfigError when there is none, StorageUnavailableError. */
export async function findStream({ link, client }: JetStreamAccess, name: string): Promise<OpenedStream> {
  link.assertConnected();
  try {
    const manager = await client.jetstreamManager(false);
    const { config } = await link.orLost(manager.streams.info(name));
    return { manager, config };
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
