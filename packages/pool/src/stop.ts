/**
 * What piscina takes for a signal, with no more than it uses: an AbortController for each task would cost more than all
 * else that a small task costs here.
 */
export class Stop {
  aborted = false;
  reason: unknown;
  #listener: (() => void) | undefined;

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#listener?.();
  }

  addEventListener(_name: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}
