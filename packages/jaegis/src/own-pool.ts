import type { MailboxMemory } from '@jaegis/actors';
import type { Clock, WorkerPool } from '@jaegis/core';
import { createPool } from '@jaegis/pool';

interface PoolSettings {
  readonly threads?: number | undefined;
  readonly memory?: MailboxMemory | undefined;
}

/** The pool of a node or a system, whose tasks count against the same budget as the messages in its mailboxes. */
export function ownPool(clock: Clock, { threads, memory }: PoolSettings): WorkerPool {
  return createPool({ clock, memory: memory?.budget, ...(threads === undefined ? {} : { threads }) });
}
