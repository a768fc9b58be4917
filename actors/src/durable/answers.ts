import { type Answered, inboxSender, limits } from '@jaegis/core';

/**
 * What an entity's asks were answered, by id, so that one that is repeated is answered the same and has no second
 * effect; and the ids of the `send`s that it has consumed, which servers that are started again do not know any more. What
 * came before the entity was activated here is read from the turns that are kept, when it is first needed.
 */
export class Answers {
  readonly #load: () => Promise<readonly Answered[]>;
  readonly #replies = new Map<string, unknown>();
  #isLoaded: boolean;

  /** @param isNew There are no turns to read. */
  constructor(load: () => Promise<readonly Answered[]>, isNew: boolean) {
    this.#load = load;
    this.#isLoaded = isNew;
  }

  /** Undefined: all is known. Else: when it is. */
  known(): Promise<void> | undefined {
    return this.#isLoaded ? undefined : this.#read();
  }

  hasSent(id: string): boolean {
    return this.#replies.has(idOfSend(id));
  }

  get(id: string): { readonly reply: unknown } | undefined {
    const reply = this.#replies.get(id);
    return reply !== undefined || this.#replies.has(id) ? { reply } : undefined;
  }

  add(answered: readonly Answered[]): void {
    for (const { id, reply } of answered) this.#replies.set(id, reply);
    this.#forgetOldest();
  }

  async #read(): Promise<void> {
    const since = [...this.#replies];
    const before = await this.#load();
    this.#replies.clear();
    for (const { id, reply } of before) this.#replies.set(id, reply);
    for (const [id, reply] of since) this.#replies.set(id, reply);
    this.#isLoaded = true;
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const id of this.#replies.keys()) {
      if (this.#replies.size <= limits.idempotencyKeys) return;
      this.#replies.delete(id);
    }
  }
}

/** Among the ids of asks. */
export function idOfSend(id: string): string {
  return `${inboxSender}:${id}`;
}
