import { hasCode, keyToToken, type Shelf, type Store } from '@jaegis/core';

/** How often it is tried to write a key while others write it too: a former life of this process may. */
const ATTEMPTS = 5;

/** {@link Shelf} on the store port of core. */
export class StoreShelf implements Shelf {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #revisions = new Map<string, number>();

  /** @param owner Whose it is: others with the same store do not see it. */
  constructor(store: Store, owner: string) {
    this.#store = store;
    this.#prefix = `kept.${keyToToken(owner)}`;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const entry = await this.#store.get(this.#keyOf(key));
    this.#revisions.set(key, entry?.revision ?? 0);
    return entry?.value;
  }

  async write(key: string, data: Uint8Array): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (!this.#revisions.has(key)) await this.read(key);
      const expectedRevision = this.#revisions.get(key) ?? 0;
      this.#revisions.delete(key);
      try {
        this.#revisions.set(key, await this.#store.put(this.#keyOf(key), data, { expectedRevision }));
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || !hasCode(error, 'wrong_sequence')) throw error;
      }
    }
  }

  #keyOf(key: string): string {
    return `${this.#prefix}.${keyToToken(key)}`;
  }
}
