/**
 * How long this node has been listening: silence of others counts only in that time (Lifeguard: what is wrong with
 * oneself is not held against others). It hears its own heart, and its own words, over the same connection as the beats of others, so
 * whatever keeps those from it keeps these too: a loop that stood still, a dead link, messages that wait to be read.
 */
export class Ears {
  /** Each own word that comes back says that it has been listening for so long, at most. */
  readonly #worthMs: number;
  #heardMs = 0;
  #atMs: number;
  #echoes = false;

  constructor(beatMs: number, nowMs: number) {
    this.#worthMs = beatMs * 1.5;
    this.#atMs = nowMs;
  }

  /** An own word has come back. */
  echo(nowMs: number): void {
    this.#heardMs = this.at(nowMs);
    this.#atMs = nowMs;
    this.#echoes = true;
  }

  /** Nothing comes back any more: this life is over, or has not begun. */
  deafen(nowMs: number): void {
    this.#heardMs = this.at(nowMs);
    this.#atMs = nowMs;
    this.#echoes = false;
  }

  /** Where no word comes back, who looks must say for how long nothing could be heard. */
  look(nowMs: number, isConnected: boolean, ownLatenessMs: number): void {
    if (this.#echoes) return;
    if (isConnected) this.#heardMs += Math.max(0, nowMs - this.#atMs - ownLatenessMs);
    this.#atMs = nowMs;
  }

  /** The time of listening, in ms from an arbitrary start. */
  at(nowMs: number): number {
    const sinceMs = Math.max(0, nowMs - this.#atMs);
    return this.#heardMs + Math.min(sinceMs, this.#worthMs);
  }
}
