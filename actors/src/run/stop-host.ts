import type { ExitReason } from '@jaegis/core';
import { CellContext, type ContextOwner } from './cell-context.ts';
import type { BehaviorHost } from './contract.ts';
import type { Effect } from './effect.ts';

/** How an incarnation ends in the end. */
export interface Final {
  readonly reason: ExitReason;
}

/**
 * What the stop function of an actor sees of it. It has a context of its own: that of the handlers is closed before, and
 * this one when the incarnation ends, so that neither a handler nor a stop function that was cut off has any effect.
 */
export class StopHost implements BehaviorHost {
  readonly #cell: BehaviorHost & ContextOwner;
  readonly state: unknown;
  #context: CellContext | undefined = undefined;
  #isClosed = false;

  constructor(cell: BehaviorHost & ContextOwner) {
    this.#cell = cell;
    this.state = cell.state;
  }

  get context(): CellContext {
    this.#context ??= new CellContext(this.#cell, undefined);
    if (this.#isClosed) this.#context.close();
    return this.#context;
  }

  get input(): unknown {
    return this.#cell.input;
  }

  takeEffects(): readonly Effect[] {
    return this.#context?.takeEffects() ?? [];
  }

  /** It has succeeded: what it told leaves. */
  perform(): void {
    this.#context?.perform(undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#context?.close();
  }

  post(): void {
    // Nothing is handled any more.
  }

  refuse(): void {
    // No message is under way.
  }

  crash(): void {
    // It ends anyway.
  }
}
