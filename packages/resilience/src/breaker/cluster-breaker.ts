import { BreakerOpenError, hasCode } from '@jaegis/core';
import type { Call, Inner, Part } from '../call.ts';
import type { PartEvent } from '../services.ts';
import type { BreakerBoard, BreakerNotice, ProbePlace } from './board.ts';
import { Breaker, type BreakerServices } from './breaker.ts';
import type { BreakerEvent } from './events.ts';
import { type BreakerOptions, BreakerSettings } from './settings.ts';
import type { BreakerSnapshot } from './snapshot.ts';

export interface ClusterBreakerServices extends BreakerServices {
  readonly board: BreakerBoard;
  /** This node, as the others are to know it. */
  readonly node: string;
}

/**
 * The breaker of a name on one node of a cluster: when one opens all do, when one has found that it works again all
 * close, and half-open they let through `probes` calls in all. Where the board cannot be reached each goes on by itself.
 * What somebody forces or resets on one node stays there. Calls while it is closed know nothing of the board.
 */
export class ClusterBreaker implements Part {
  readonly name: string;
  /** To look at it, and to force it on this node. Tune it by {@link tune} only. */
  readonly breaker: Breaker;
  readonly #board: BreakerBoard;
  readonly #node: string;
  #settings: BreakerSettings;
  readonly #unwatch: () => void;
  /** Errors of calls that this breaker did not let through: they count for nothing. */
  readonly #refusals = new WeakSet<object>();

  /** @throws InvalidConfigError as a breaker. */
  constructor(options: BreakerOptions, services: ClusterBreakerServices) {
    this.#settings = new BreakerSettings(options);
    this.name = this.#settings.name;
    this.#board = services.board;
    this.#node = services.node;
    this.breaker = new Breaker(this.#wired(options), services);
    this.#unwatch = services.board.watch(this.name, (notice) => this.#heard(notice));
  }

  run(call: Call, inner: Inner): Promise<unknown> {
    if (this.breaker.state === 'closed') return this.breaker.run(call, inner);
    return this.breaker.run(call, (probe) => this.#probe(probe, inner));
  }

  /** As that of a breaker, on this node. @throws InvalidConfigError as a breaker; then all stays as it is. */
  tune(options: BreakerOptions): void {
    const settings = this.#settings.with(options);
    this.breaker.tune(this.#wired(options));
    this.#settings = settings;
  }

  inspect(): unknown {
    return this.breaker.inspect();
  }

  listen(listener: (event: PartEvent) => void): () => void {
    return this.breaker.listen(listener);
  }

  /** Of this node. */
  export(): BreakerSnapshot {
    return this.breaker.export();
  }

  /** As that of a breaker, on this node; the others are not told. */
  import(snapshot: BreakerSnapshot, agoMs = 0): void {
    this.breaker.import(snapshot, agoMs);
  }

  /** It hears nothing from the others any more. */
  close(): void {
    this.#unwatch();
  }

  #wired(options: BreakerOptions): BreakerOptions {
    return {
      ...options,
      ignores: (error, call) => this.#isRefusal(error) || this.#settings.ignores(error, call),
      onEvent: (event) => this.#happened(event),
    };
  }

  async #probe(call: Call, inner: Inner): Promise<unknown> {
    if (this.breaker.state !== 'half_open') return inner(call);
    const place = await this.#claim();
    if (place === undefined) throw this.#refusal();
    const stopListening = call.onAbort(() => place.release());
    try {
      return await inner(call);
    } finally {
      stopListening();
      place.release();
    }
  }

  async #claim(): Promise<ProbePlace | undefined> {
    try {
      const { probes, probeMs } = this.#settings;
      return await this.#board.claim(this.name, probes, probeMs);
    } catch {
      // A board that is away must not keep what works from being found.
      return { release: () => {} };
    }
  }

  #refusal(): Error {
    const error = new BreakerOpenError(
      `The breaker ${this.name} is half-open, and other nodes probe: nothing was called.`,
      {
        data: { breaker: this.name, state: 'half_open', retryAfterMs: 0 },
      },
    );
    this.#refusals.add(error);
    return error;
  }

  #isRefusal(error: unknown): boolean {
    return hasCode(error, 'breaker_open') && this.#refusals.has(error as object); // what has a code is an object
  }

  #happened(event: BreakerEvent): void {
    const { onEvent } = this.#settings;
    if (event.type === 'ignored' && this.#isRefusal(event.error)) {
      onEvent?.({ type: 'refused', breaker: this.name, reason: 'half_open', retryAfterMs: 0 });
      return;
    }
    if (event.type === 'opened' && isFound(event.reason.kind)) this.#publish('open', event.retryAfterMs);
    if (event.type === 'closed' && event.reason === 'recovered') this.#publish('closed', 0);
    onEvent?.(event);
  }

  #publish(state: 'open' | 'closed', waitMs: number): void {
    this.#board.publish({ name: this.name, by: this.#node, state, waitMs });
  }

  #heard({ by, state, waitMs, isOld = false }: BreakerNotice): void {
    if (by === this.#node && !isOld) return;
    if (state === 'open') this.breaker.trip({ kind: 'cluster', by }, waitMs);
    else this.breaker.recover('cluster');
  }
}

/** Whether this node has found out by itself that it should be open. */
function isFound(kind: string): boolean {
  return kind !== 'cluster' && kind !== 'forced' && kind !== 'imported';
}
