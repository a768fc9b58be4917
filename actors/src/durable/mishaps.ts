import { limits } from '@jaegis/core';

/** A record that this node has written and that is not there any more, nor any after it. */
export interface MissingRecord {
  readonly sequence: number;
  /** The turn that it was. */
  readonly turn: number;
  /** What is wrong, for people. */
  readonly error: unknown;
}

/**
 * What a node knows of an entity that is not in its record: what went wrong in the activations before this one, so that
 * the next one does not come to the same end.
 */
export class Mishaps {
  /** By id of a durable message: they come again by themselves, so each is consumed or given up in the end. */
  readonly #crashes = new Map<string, { count: number; error: unknown }>();

  #alone = 0;
  /** Nobody else can know it: to others a record that is gone looks like a turn that never was. */
  missing: MissingRecord | undefined;

  /** Nothing of it is of use to another activation. */
  get isOver(): boolean {
    return this.#crashes.size === 0 && this.#alone === 0 && this.missing === undefined;
  }

  /** Whether the next message is to have a turn of its own. */
  get isAlone(): boolean {
    return this.#alone > 0;
  }

  /** So many messages shared a turn that cannot be written, and it is not known for whose sake. */
  suspect(count: number): void {
    this.#alone = Math.max(this.#alone, count);
  }

  wrote(count: number): void {
    if (this.#alone > 0) this.#alone = Math.max(0, this.#alone - count);
  }

  crashed(id: string, error: unknown): void {
    this.#crashes.set(id, { count: (this.#crashes.get(id)?.count ?? 0) + 1, error });
  }

  /** The last error of a message that crashed the entity so often that it is given up. */
  givenUp(id: string): { readonly error: unknown } | undefined {
    const crashes = this.#crashes.get(id);
    return crashes !== undefined && crashes.count >= limits.deliveryAttempts ? crashes : undefined;
  }

  consumed(id: string): void {
    this.#crashes.delete(id);
  }
}
