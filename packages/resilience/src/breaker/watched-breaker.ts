import { type Clock, InvalidConfigError } from '@jaegis/core';
import type { Call, Inner, Part } from '../call.ts';
import type { PartEvent } from '../services.ts';
import type { Breaker } from './breaker.ts';
import type { BreakerSnapshot } from './snapshot.ts';

/** Looks at a breaker from time to time, and may tune or trip it. What it throws then is dropped: it must not change a call. */
export interface BreakerWatcher {
  /** For what is shown and kept of it: no two watchers of a breaker may have the same. */
  readonly name: string;
  /** How often at most, in ms. */
  readonly everyMs: number;
  look(breaker: Breaker): void;
  /** A call that began while the breaker was closed went well. Without this and {@link failed} calls cost nothing more. */
  succeeded?(tookMs: number): void;
  /** One ended with an error, which the breaker has counted. It may have opened by it. */
  failed?(breaker: Breaker, error: unknown, call: Call): void;
  /** What it has learned. */
  forget?(): void;
  /** What is shown of it. */
  inspect?(): unknown;
  /** What it knows, as plain data. */
  export?(): unknown;
  /** @throws InvalidConfigError where it is not what `export` gives; then all stays as it is. */
  import?(known: unknown): void;
}

export interface WatchedBreakerOptions {
  readonly breaker: Breaker;
  /** What calls go through. Default: the breaker; give that of a cluster where it is part of one. */
  readonly through?: Part | undefined;
  readonly watchers: readonly BreakerWatcher[];
}

/** The state of a watched breaker, and what its watchers know. */
export interface WatchedSnapshot {
  readonly breaker: BreakerSnapshot;
  /** By their names. */
  readonly watchers: Readonly<Record<string, unknown>>;
}

/** A breaker whose watchers look at it as calls come, from the first on, while it is closed: without calls nothing has to be known. */
export class WatchedBreaker implements Part {
  readonly name: string;
  /** What its watchers look at. */
  readonly breaker: Breaker;
  readonly #through: Part;
  readonly #clock: Clock;
  readonly #due: { readonly watcher: BreakerWatcher; atMs: number }[];
  /** Those that want to know of each call. */
  readonly #told: readonly BreakerWatcher[];
  #nextMs: number;

  /** @throws InvalidConfigError where two watchers have one name. */
  constructor({ breaker, through = breaker, watchers }: WatchedBreakerOptions, { clock }: { readonly clock: Clock }) {
    this.name = breaker.name;
    this.breaker = breaker;
    this.#through = through;
    this.#clock = clock;
    checkNames(watchers);
    // With the first call.
    this.#due = watchers.map((watcher) => ({ watcher, atMs: clock.monotonic() }));
    this.#told = watchers.filter(({ succeeded, failed }) => succeeded !== undefined || failed !== undefined);
    this.#nextMs = this.#firstDue();
  }

  run(call: Call, inner: Inner): Promise<unknown> {
    if (this.breaker.state !== 'closed') return this.#through.run(call, inner);
    const nowMs = this.#clock.monotonic();
    if (nowMs >= this.#nextMs) this.#look(nowMs);
    // One that looked may have opened it.
    const isTold = this.#told.length > 0 && this.breaker.state === 'closed';
    return isTold ? this.#runTold(call, inner, nowMs) : this.#through.run(call, inner);
  }

  /** Its watchers forget what they have learned; the breaker stays as it is. */
  forget(): void {
    for (const { watcher } of this.#due) watcher.forget?.();
  }

  /** That of the breaker, and what its watchers say. */
  inspect(): unknown {
    const shown = this.#due.flatMap(({ watcher }) => (watcher.inspect ? [[watcher.name, watcher.inspect()]] : []));
    return { ...this.breaker.figures, ...(shown.length === 0 ? {} : { watchers: Object.fromEntries(shown) }) };
  }

  listen(listener: (event: PartEvent) => void): () => void {
    return this.breaker.listen(listener);
  }

  export(): WatchedSnapshot {
    const known = this.#due.flatMap(({ watcher }) => (watcher.export ? [[watcher.name, watcher.export()]] : []));
    return { breaker: this.breaker.export(), watchers: Object.fromEntries(known) };
  }

  /**
   * Goes on from there: the breaker first, so that an open one is open whatever else is wrong. Watchers that were not there
   * begin with nothing.
   * @param agoMs As for a breaker. @throws InvalidConfigError where it is not what `export` gives.
   */
  import(snapshot: WatchedSnapshot, agoMs = 0): void {
    const { breaker, watchers } = Object(snapshot) as WatchedSnapshot; // each checks its own
    this.breaker.import(breaker, agoMs);
    for (const { watcher } of this.#due) {
      if (Object.hasOwn(Object(watchers), watcher.name)) watcher.import?.(watchers[watcher.name]);
    }
    for (const due of this.#due) due.atMs = this.#clock.monotonic();
    this.#nextMs = this.#firstDue();
  }

  async #runTold(call: Call, inner: Inner, begunMs: number): Promise<unknown> {
    let result: unknown;
    try {
      result = await this.#through.run(call, inner);
    } catch (error) {
      for (const watcher of this.#told) quietly(() => watcher.failed?.(this.breaker, error, call));
      throw error;
    }
    const tookMs = this.#clock.monotonic() - begunMs;
    for (const watcher of this.#told) quietly(() => watcher.succeeded?.(tookMs));
    return result;
  }

  #look(nowMs: number): void {
    for (const due of this.#due) {
      if (nowMs < due.atMs) continue;
      due.atMs = nowMs + due.watcher.everyMs;
      quietly(() => due.watcher.look(this.breaker));
    }
    this.#nextMs = this.#firstDue();
  }

  #firstDue(): number {
    return Math.min(...this.#due.map(({ atMs }) => atMs));
  }
}

function quietly(watch: () => void): void {
  try {
    watch();
  } catch {}
}

function checkNames(watchers: readonly BreakerWatcher[]): void {
  const names = watchers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new InvalidConfigError(`Two watchers of a breaker are called "${twice}".`, {
    data: { path: 'breaker.watchers' },
  });
}
