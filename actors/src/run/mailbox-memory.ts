import type { ByteBudget } from '@jaegis/core';
import type { Message } from './protocol.ts';

/** Which budget counts the messages of an actor, and for whom. */
export interface MailboxMemory {
  /** A `MemoryBudget`, which many definitions may share. */
  readonly budget: ByteBudget;
  /**
   * Whom a message counts for. As a function: of the message and the actor's name or the entity's key; what it throws is
   * thrown to the sender. Default: nobody in particular.
   */
  readonly tenant?: string | ((message: Message, key: string) => string | undefined) | undefined;
}
