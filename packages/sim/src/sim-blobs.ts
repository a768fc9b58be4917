/** The blobs port as one node sees it: requests over its connection to what all nodes share. */
import { type Blobs, type Clock, invariant } from '@jaegis/core';
import type { SimLink } from './sim-link.ts';
import type { SimBlob, SimStorage } from './sim-storage.ts';

export interface SimBlobsOptions {
  readonly name: string;
  /** How long bytes that nobody removes are kept, in ms. Default: for ever. */
  readonly keepMs?: number;
}

export interface SimBlobsAccess {
  readonly link: SimLink;
  readonly storage: SimStorage;
  readonly clock: Clock;
}

export class SimBlobs implements Blobs {
  readonly #link: SimLink;
  readonly #storage: SimStorage;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #keepMs: number;
  readonly #kept: Map<string, SimBlob>;

  constructor({ link, storage, clock }: SimBlobsAccess, { name, keepMs = Number.POSITIVE_INFINITY }: SimBlobsOptions) {
    this.#link = link;
    this.#storage = storage;
    this.#clock = clock;
    this.#name = name;
    this.#keepMs = keepMs;
    this.#kept = storage.blobs(name);
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    invariant(name !== '', 'A blob has a name.');
    const copy = new Uint8Array(bytes);
    await this.#request(`put ${name}`, name, true, () =>
      this.#kept.set(name, { bytes: copy, timeMs: this.#clock.now() }),
    );
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const found = await this.#request(`read ${name}`, name, false, () => this.#present(name));
    return found && new Uint8Array(found.bytes);
  }

  async remove(name: string): Promise<void> {
    await this.#request(`remove ${name}`, name, true, () => this.#kept.delete(name));
  }

  async names(): Promise<readonly string[]> {
    const present = () => [...this.#kept.keys()].filter((name) => this.#present(name) !== undefined);
    return await this.#request('list the bucket', '', false, present);
  }

  #present(name: string): SimBlob | undefined {
    const found = this.#kept.get(name);
    if (found === undefined || this.#clock.now() - found.timeMs < this.#keepMs) return found;
    this.#kept.delete(name);
    return undefined;
  }

  #request<Answer>(what: string, name: string, isWrite: boolean, execute: () => Answer): Promise<Answer> {
    return this.#storage.request(this.#link, { what, data: { name }, stream: this.#name, isWrite, execute });
  }
}
