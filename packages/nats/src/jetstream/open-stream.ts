/**
 * Finds that there is a stream with the wanted options, or makes one. It looks first, so that who may make none can use
 * what is there. Several may try at once.
 */
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { violationIn } from '../connection/refusals.ts';
import type { JetStreamAccess } from './access.ts';
import { openWithin } from './open-within.ts';
import { assertSame, type ChangeableSettings, changesTo } from './stream-settings.ts';

/** JSStreamNameExistErrF: the name is taken by a stream with another configuration. */
const nameInUse = 10058;
/**
 * JSStreamReplicasNotSupportedErr, where there is one server only: the option is the user's to change, as for a new stream.
 * JSClusterNotAvailErr: an election, which passes.
 */
const notLeftAlone: readonly number[] = [10074, 10008];

export interface StreamPlan {
  /** For errors: `journal X`. */
  readonly what: string;
  /** Of a stream that is there they must be the same. */
  readonly fixed: Partial<StreamConfig> & { readonly name: string };
  /** A stream that is there is changed to them. */
  readonly changeable: ChangeableSettings;
  /** Of a new stream only. */
  readonly initial?: Partial<StreamConfig>;
  readonly openWithinMs: number | undefined;
}

export interface OpenedStream {
  readonly manager: JetStreamManager;
  readonly config: StreamConfig;
}

export async function openStream(access: JetStreamAccess, plan: StreamPlan): Promise<OpenedStream> {
  const { fixed, changeable, what, openWithinMs } = plan;
  const manager = await access.client.jetstreamManager(false);
  const found: StreamConfig[] = [];
  await openWithin(access, { name: what, openWithinMs }, async () => {
    const present = (await find(manager, fixed.name)) ?? (await make(manager, plan));
    assertSame(present, fixed);
    found.push(await changeStream(access, manager, present, changeable));
  });
  const [config] = found;
  if (config === undefined) throw new Error('openWithin returns when the stream is open');
  return { manager, config };
}

async function find(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (isCoded(error, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw error;
  }
}

/** Or gives what somebody else has made meanwhile. */
async function make(manager: JetStreamManager, { fixed, changeable, initial }: StreamPlan): Promise<StreamConfig> {
  try {
    return (await manager.streams.add({ ...initial, ...fixed, ...given(changeable) })).config;
  } catch (error) {
    if (!isCoded(error, nameInUse)) throw error;
    return (await manager.streams.info(fixed.name)).config;
  }
}

function isCoded(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/**
 * Makes a stream that is there what is wanted of it, as far as the servers let us: what is refused stays as it is, which
 * is as safe as before, and is logged. Gives the settings that the stream has then.
 */
export async function changeStream(
  { link }: Pick<JetStreamAccess, 'link'>,
  manager: JetStreamManager,
  present: StreamConfig,
  wanted: ChangeableSettings,
): Promise<StreamConfig> {
  const changes = changesTo(present, wanted);
  if (Object.keys(changes).length === 0) return present;
  const { name } = present;
  const told = { stream: name, from: pick(present, Object.keys(changes)), to: changes };
  try {
    const { config } = await manager.streams.update(name, changes);
    link.logger.info('A stream was changed', told);
    return config;
  } catch (error) {
    if (violationIn(error) === undefined && !isRefusal(error)) throw error;
    link.logger.warn('A stream stays as it is: the change was refused', { ...told, error });
    return present;
  }
}

/** A server that is away or full is no reason not to start: the next node that starts asks again. */
function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && !notLeftAlone.includes(error.code);
}

function given(settings: ChangeableSettings): Partial<StreamConfig> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function pick(config: StreamConfig, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key)));
}
