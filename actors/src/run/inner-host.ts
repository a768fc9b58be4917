import type { InnerStep } from './async-step.ts';
import { CellContext, type ContextOwner } from './cell-context.ts';
import type { BehaviorHost } from './contract.ts';
import type { Effect } from './effect.ts';
import type { Message } from './protocol.ts';

/** What a handler inside a waiting one sees of its actor: the ask that it answers is another. */
export class InnerHost implements BehaviorHost {
  readonly context: CellContext;
  readonly #cell: BehaviorHost;

  constructor(cell: BehaviorHost & ContextOwner, step: InnerStep) {
    this.#cell = cell;
    this.context = new CellContext(cell, step);
  }

  get input(): unknown {
    return this.#cell.input;
  }

  takeEffects(): readonly Effect[] {
    return this.context.takeEffects();
  }

  post(message: Message): void {
    this.#cell.post(message);
  }

  crash(error: unknown): void {
    this.#cell.crash(error);
  }
}
