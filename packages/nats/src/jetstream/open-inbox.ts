/** Makes the stream behind an inbox, or finds that there is one made with the same options. */
import type { InboxStream } from '@jaegis/core';
import { DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { JetStreamAccess } from './access.ts';
import { findStream } from './find-stream.ts';
import { JetStreamInbox } from './inbox.ts';
import { boundAsMetadata } from './inbox-room.ts';
import { openStream, type StreamPlan } from './open-stream.ts';
import type { OpenOptions } from './open-within.ts';

export interface InboxOptions extends OpenOptions {
  /** Of the stream: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Of messages, and of what is scheduled; `>` at the end for all below. */
  readonly subjects: readonly string[];
  /** Copies. A stream that has fewer is given more; one that has more keeps them. */
  readonly replicas: 1 | 3;
  readonly storage: 'file' | 'memory';
  /** How long ids of messages are remembered, in ms. Default 120,000. */
  readonly duplicateWindowMs?: number;
  /**
   * What its messages and schedules may take on each server; above it `put` and `schedule` are refused. Several senders at
   * once may exceed it by what they put in a quarter of a second. Replaces the bound that the inbox has. Default: that one,
   * or for a new inbox what the server allows.
   */
  readonly maxBytes?: number;
}

const defaultDuplicateWindowMs = 120_000;

export async function openInbox(access: JetStreamAccess, options: InboxOptions): Promise<InboxStream> {
  const { manager, config } = await openStream(access, inboxPlan(options));
  return new JetStreamInbox(access, manager, config);
}

/** One that is there, with the settings it has. @throws InvalidConfigError when there is none. */
export async function findInbox(access: JetStreamAccess, name: string): Promise<InboxStream> {
  const { manager, config } = await findStream(access, name);
  return new JetStreamInbox(access, manager, config);
}

export function inboxPlan(options: InboxOptions): StreamPlan {
  const { duplicateWindowMs = defaultDuplicateWindowMs } = options;
  const { name, subjects, replicas, storage, maxBytes, openWithinMs } = options;
  return {
    what: `inbox ${name}`,
    openWithinMs,
    changeable: { num_replicas: replicas, metadata: boundAsMetadata(maxBytes) },
    fixed: {
      name,
      subjects: [...subjects],
      storage: storage === 'file' ? StorageType.File : StorageType.Memory,
      retention: RetentionPolicy.Limits,
      // The server takes schedules only into streams that discard the oldest. Without a bound of the server's nothing is
      // discarded: what its own storage limit does not let in is refused, and see `inbox-room.ts`.
      discard: DiscardPolicy.Old,
      max_msgs: -1,
      max_msgs_per_subject: -1,
      max_bytes: -1,
      max_age: 0,
      duplicate_window: nanos(duplicateWindowMs),
      allow_direct: true,
      allow_rollup_hdrs: true,
      allow_msg_schedules: true,
      deny_delete: true,
      deny_purge: false,
    },
  };
}
