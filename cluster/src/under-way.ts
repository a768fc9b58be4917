/** Counts work that has begun and not ended, so that its end can be waited for. */
export class UnderWay {
  #count = 0;
  #onSettled: (() => void) | undefined;

  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count === 0) this.#onSettled?.();
  }

  /** Resolves when all that has begun has ended. Nothing may begin from then on. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
      if (this.#count === 0) resolve();
    });
  }
}
