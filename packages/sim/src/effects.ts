/** What faults do to whom, while they last. Of several at once the newest counts, and each is ended on its own. */
export class Effects<Effect> {
  readonly #byTarget = new Map<string, { readonly effect: Effect }[]>();

  get isEmpty(): boolean {
    return this.#byTarget.size === 0;
  }

  newest(target: string): Effect | undefined {
    return this.#byTarget.get(target)?.at(-1)?.effect;
  }

  /** @returns Ends it. */
  add(target: string, effect: Effect): () => void {
    const one = { effect };
    this.#byTarget.set(target, [...(this.#byTarget.get(target) ?? []), one]);
    return () => {
      const left = (this.#byTarget.get(target) ?? []).filter((other) => other !== one);
      if (left.length > 0) this.#byTarget.set(target, left);
      else this.#byTarget.delete(target);
    };
  }

  clear(target: string): void {
    this.#byTarget.delete(target);
  }

  clearAll(): void {
    this.#byTarget.clear();
  }
}
