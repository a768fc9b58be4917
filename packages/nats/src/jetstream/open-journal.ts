/** Makes the stream behind a journal, or finds that there is one made with the same options. */
import { type Journal, limits } from '@jaegis/core';
import { DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { JetStreamAccess } from './access.ts';
import { findStream } from './find-stream.ts';
import { JetStreamJournal } from './journal.ts';
import { openStream, type StreamPlan } from './open-stream.ts';
import type { OpenOptions } from './open-within.ts';

export interface JournalOptions extends OpenOptions {
  /** Of the stream: letters, digits, `-` and `_`. */
  readonly name: string;
  /** What the journal holds; `>` at the end for all below. */
  readonly subjects: readonly string[];
  /** Copies. A stream that has fewer is given more; one that has more keeps them. */
  readonly replicas: 1 | 3;
  readonly storage: 'file' | 'memory';
  /**
   * Newest records kept of each subject. Replaces the number that the stream has; where that was greater, older records go
   * at once. Default: that one, or for a new stream `limits.turnHistory`.
   */
  readonly historyPerSubject?: number;
  /**
   * Above it appends are refused; nothing is dropped to make room. Replaces the bound that the stream has. Default: that
   * one, or for a new stream what the server allows.
   */
  readonly maxBytes?: number;
}

/** JAEGIS sends no message ids to journals, so the server need not remember any for longer. */
const duplicateWindowMs = 1_000;

export async function openJournal(access: JetStreamAccess, options: JournalOptions): Promise<Journal> {
  return new JetStreamJournal(access, await openStream(access, journalPlan(options)));
}

/** One that is there, with the settings it has. @throws InvalidConfigError when there is none. */
export async function findJournal(access: JetStreamAccess, name: string): Promise<Journal> {
  return new JetStreamJournal(access, await findStream(access, name));
}

export function journalPlan(options: JournalOptions): StreamPlan {
  const { name, subjects, replicas, storage, historyPerSubject, maxBytes, openWithinMs } = options;
  return {
    what: `journal ${name}`,
    openWithinMs,
    changeable: { num_replicas: replicas, max_msgs_per_subject: historyPerSubject, max_bytes: maxBytes },
    initial: { max_msgs_per_subject: limits.turnHistory, max_bytes: -1 },
    fixed: {
      name,
      subjects: [...subjects],
      storage: storage === 'file' ? StorageType.File : StorageType.Memory,
      retention: RetentionPolicy.Limits,
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
    },
  };
}
