/** The blobs port as one node sees it: requests over its connection to what all nodes share. */
import { type Blobs, invariant } from '@jaegis/core';
import type { SimLink } from './sim-network.ts';
import type { SimStorage } from './sim-storage.ts';

export class SimBlobs implements Blobs {
  readonly #link: SimLink;
  readonly #storage: SimStorage;
  readonly #kept: Map<string, Uint8Array>;

  constructor(link: SimLink, storage: SimStorage, name: string) {
    this.#link = link;
    this.#storage = storage;
    this.#kept = storage.blobs(name);
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    invariant(name !== '', 'A blob has a name.');
    const copy = new Uint8Array(bytes);
    await this.#request(`put ${name}`, name, true, () => this.#kept.set(name, copy));
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const found = await this.#request(`read ${name}`, name, false, () => this.#kept.get(name));
    return found && new Uint8Array(found);
  }

  async remove(name: string): Promise<void> {
    await this.#request(`remove ${name}`, name, true, () => this.#kept.delete(name));
  }

  async names(): Promise<readonly string[]> {
    return await this.#request('list the bucket', '', false, () => [...this.#kept.keys()]);
  }

  #request<Answer>(what: string, name: string, isWrite: boolean, execute: () => Answer): Promise<Answer> {
    return this.#storage.request(this.#link, { what, data: { name }, isWrite, execute });
  }
}
