import type { InboxMessage, InboxStream, Logger } from '@jaegis/core';
import { type DeliverFromInbox, EntityInbox, type EntityInboxOptions } from './entity-inbox.ts';

export interface InboxReaderOptions extends Omit<EntityInboxOptions, 'subject' | 'deliver'> {
  readonly inbox: InboxStream;
  readonly logger: Logger;
  readonly deliver: (subject: string) => DeliverFromInbox;
  /** Whether what is followed may be handed over here; the rest is left to others. Default: all of it. */
  readonly isOurs?: (subject: string) => boolean;
}

/**
 * Follows the inboxes of the entities that this node owns, and hands each its messages in order. A message stays in the
 * stream until the turn that consumed it is written; what a node had when it died, the next owner reads again.
 */
export class InboxReader {
  readonly #options: InboxReaderOptions;
  readonly #bySubject = new Map<string, EntityInbox>();
  #following: AbortController | undefined;
  /** What is followed now. */
  #what = '';

  constructor(options: InboxReaderOptions) {
    this.#options = options;
  }

  /**
   * From now on these inboxes and no others: all that is there, then all that comes.
   * @param what Says what of them is ours: while it is the same, what is under way goes on.
   */
  follow(filters: readonly string[], what = filters.join()): void {
    if (this.#following !== undefined && what === this.#what) return;
    this.stop();
    this.#what = what;
    if (filters.length === 0) return;
    const following = new AbortController();
    this.#following = following;
    void this.#follow(filters, following.signal);
  }

  stop(): void {
    this.#following?.abort();
    this.#following = undefined;
    for (const entity of this.#bySubject.values()) entity.stop();
    this.#bySubject.clear();
  }

  async #follow(filters: readonly string[], signal: AbortSignal): Promise<void> {
    const { inbox, logger } = this.#options;
    try {
      for await (const message of inbox.feed(filters, signal)) {
        if (signal.aborted) return;
        this.#take(message);
      }
    } catch (error) {
      logger.error('inboxes are no longer followed', { error });
      if (!signal.aborted) this.#following = undefined;
    }
  }

  /** One message that is of no entity must not keep the others from theirs. */
  #take(message: InboxMessage): void {
    const { isOurs } = this.#options;
    try {
      if (isOurs === undefined || isOurs(message.subject)) this.#inboxOf(message).add(message);
    } catch (error) {
      const { subject, sequence } = message;
      this.#options.logger.error('a message of no entity is left in the inbox', { subject, sequence, error });
    }
  }

  #inboxOf({ subject }: InboxMessage): EntityInbox {
    let entity = this.#bySubject.get(subject);
    if (entity === undefined) {
      const { deliver, ...options } = this.#options;
      entity = new EntityInbox({
        ...options,
        subject,
        deliver: deliver(subject),
        onEmpty: () => this.#bySubject.delete(subject),
      });
      this.#bySubject.set(subject, entity);
    }
    return entity;
  }
}
