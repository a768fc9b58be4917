/** Who wants to be told of something. What a listener throws is dropped, since what happened has nothing to do with it. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>();

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** @returns Takes it back. */
  add(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {}
    }
  }
}
