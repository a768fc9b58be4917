/**
 * Finds that there is a stream with the wanted options, or makes one. It looks first, so that who may make none can use
 * what is there. Several may try at once.
 */
import { ClusterMismatchError } from '@jaegis/core';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import type { JetStreamAccess } from './access.ts';
import { openWithin } from './open-within.ts';

/** JSStreamNameExistErrF: the name is taken by a stream with another configuration. */
const nameInUse = 10058;

export type WantedStream = Partial<StreamConfig> & { readonly name: string };

/** @param what For errors: `journal X`. */
export async function openStream(
  access: JetStreamAccess,
  what: string,
  wanted: WantedStream,
  openWithinMs: number | undefined,
): Promise<JetStreamManager> {
  const manager = await access.client.jetstreamManager(false);
  await openWithin(access, { name: what, openWithinMs }, async () => {
    if (await agrees(manager, wanted)) return;
    try {
      await manager.streams.add({ ...wanted }); // a copy: nats.js adds keys to it
    } catch (error) {
      if (!isCoded(error, nameInUse)) throw error;
      await agrees(manager, wanted);
    }
  });
  return manager;
}

function isCoded(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/**
 * False when there is none. The bound on its bytes is the one setting that may change; where none is wanted it stays as
 * it is.
 */
async function agrees(manager: JetStreamManager, { max_bytes, ...fixed }: WantedStream): Promise<boolean> {
  const found = await manager.streams.info(fixed.name).catch((error: unknown) => {
    if (!isCoded(error, JetStreamApiCodes.StreamNotFound)) throw error;
  });
  if (found === undefined) return false;
  const { config } = found;
  assertSame(config, fixed);
  if (max_bytes !== undefined && max_bytes >= 0 && config.max_bytes !== max_bytes) {
    await manager.streams.update(fixed.name, { max_bytes });
  }
  return true;
}

function assertSame(config: StreamConfig, wanted: WantedStream): void {
  // Objects with the same keys, so that the keys of the one can be read of the other.
  const present = config as unknown as Record<string, unknown>;
  const differing = Object.entries(wanted).filter(([key, value]) => !isEqual(present[key] ?? false, value));
  if (differing.length === 0) return;
  const list = differing.map(([key, value]) => `${key} is ${text(present[key])}, not ${text(value)}`).join('; ');
  throw new ClusterMismatchError(`The stream ${wanted.name} exists with other settings: ${list}.`, {
    data: { stream: wanted.name, differing: differing.map(([key]) => key) },
  });
}

function isEqual(a: unknown, b: unknown): boolean {
  return text(a) === text(b);
}

function text(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? value.toSorted() : value) ?? 'not set';
}
