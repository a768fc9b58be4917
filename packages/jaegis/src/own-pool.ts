import type { DoorPolicy, MailboxMemory } from '@jaegis/actors';
import type { Clock, WorkerPool } from '@jaegis/core';
import { createPool } from '@jaegis/pool';
import { GuardedPool } from './guarded-pool.ts';

interface PoolSettings {
  readonly threads?: number | undefined;
  readonly memory?: MailboxMemory | undefined;
  /** Default: tasks go to it as they come. */
  readonly poolPolicy?: DoorPolicy | undefined;
}

/** The pool of a node or a system, whose tasks count against the same budget as the messages in its mailboxes. */
export function ownPool(clock: Clock, { threads, memory, poolPolicy }: PoolSettings): WorkerPool {
  const pool = createPool({ clock, memory: memory?.budget, ...(threads === undefined ? {} : { threads }) });
  return poolPolicy === undefined ? pool : new GuardedPool(pool, poolPolicy);
}
