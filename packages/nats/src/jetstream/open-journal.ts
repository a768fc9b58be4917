/** Makes the stream behind a journal, or finds that there is one made with the same options. Several may try at once. */
import { ClusterMismatchError, type Journal } from '@jaegis/core';
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { JetStreamAccess } from './access.ts';
import { JetStreamJournal } from './journal.ts';
import { type OpenOptions, openWithin } from './open-within.ts';

export interface JournalOptions extends OpenOptions {
  /** Of the stream: letters, digits, `-` and `_`. */
  readonly name: string;
  /** What the journal holds; `>` at the end for all below. */
  readonly subjects: readonly string[];
  readonly replicas: 1 | 3;
  readonly storage: 'file' | 'memory';
  /** Newest records kept of each subject. */
  readonly historyPerSubject: number;
  /** Above it appends are refused; nothing is dropped to make room. Default: what the server allows. */
  readonly maxBytes?: number;
}

/** JAEGIS sends no message ids, so the server need not remember any for longer. */
const duplicateWindowMs = 1_000;
/** JSStreamNameExistErrF: the name is taken by a stream with another configuration. */
const nameInUse = 10058;

export async function openJournal(access: JetStreamAccess, options: JournalOptions): Promise<Journal> {
  const manager = await access.client.jetstreamManager(false);
  const wanted = streamConfig(options);
  await openWithin(access, { name: `journal ${options.name}`, openWithinMs: options.openWithinMs }, async () => {
    try {
      await manager.streams.add(wanted);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== nameInUse) throw error;
      await assertSame(manager, wanted);
    }
  });
  return new JetStreamJournal(access, manager, options.name);
}

function streamConfig({ name, subjects, replicas, storage, historyPerSubject, maxBytes }: JournalOptions) {
  return {
    name,
    subjects: [...subjects],
    num_replicas: replicas,
    storage: storage === 'file' ? StorageType.File : StorageType.Memory,
    retention: RetentionPolicy.Limits,
    max_msgs_per_subject: historyPerSubject,
    max_bytes: maxBytes ?? -1,
    max_age: 0,
    // Of one subject the oldest record goes. For the stream as a whole the new one is refused: dropping the oldest
    // would drop the only record of an entity that has been quiet for long.
    discard: DiscardPolicy.New,
    discard_new_per_subject: false,
    duplicate_window: nanos(duplicateWindowMs),
    allow_direct: true,
    allow_rollup_hdrs: true,
    deny_delete: true,
    deny_purge: false,
  } satisfies Partial<StreamConfig>;
}

async function assertSame(manager: JetStreamManager, wanted: ReturnType<typeof streamConfig>): Promise<void> {
  const { config } = await manager.streams.info(wanted.name);
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
