import type { Clock } from '@jaegis/core';
import type { Call, Inner, Part } from '../call.ts';
import type { Breaker } from './breaker.ts';

/** Looks at a breaker from time to time, and may tune or trip it. */
export interface BreakerWatcher {
  /** How often at most, in ms. */
  readonly everyMs: number;
  look(breaker: Breaker): void;
}

export interface WatchedBreakerOptions {
  readonly breaker: Breaker;
  /** What calls go through. Default: the breaker; give that of a cluster where it is part of one. */
  readonly through?: Part | undefined;
  readonly watchers: readonly BreakerWatcher[];
}

/** A breaker whose watchers look at it as calls come, while it is closed: without calls nothing has to be known. */
export class WatchedBreaker implements Part {
  readonly name: string;
  readonly #breaker: Breaker;
  readonly #through: Part;
  readonly #clock: Clock;
  readonly #due: { readonly watcher: BreakerWatcher; atMs: number }[];
  #nextMs: number;

  constructor({ breaker, through = breaker, watchers }: WatchedBreakerOptions, { clock }: { readonly clock: Clock }) {
    this.name = breaker.name;
    this.#breaker = breaker;
    this.#through = through;
    this.#clock = clock;
    const nowMs = clock.monotonic();
    this.#due = watchers.map((watcher) => ({ watcher, atMs: nowMs + watcher.everyMs }));
    this.#nextMs = this.#firstDue();
  }

  run(call: Call, inner: Inner): Promise<unknown> {
    if (this.#breaker.state === 'closed') {
      const nowMs = this.#clock.monotonic();
      if (nowMs >= this.#nextMs) this.#look(nowMs);
    }
    return this.#through.run(call, inner);
  }

  #look(nowMs: number): void {
    for (const due of this.#due) {
      if (nowMs < due.atMs) continue;
      due.atMs = nowMs + due.watcher.everyMs;
      due.watcher.look(this.#breaker);
    }
    this.#nextMs = this.#firstDue();
  }

  #firstDue(): number {
    return Math.min(...this.#due.map(({ atMs }) => atMs));
  }
}
