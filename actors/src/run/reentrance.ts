import { InvalidReturnError, innerWaiter, removeWaits, type Waiter } from '@jaegis/core';
import type { Ask, Item } from './ask.ts';
import type { AsyncStep, InnerStep } from './async-step.ts';
import { CellContext, type ContextOwner } from './cell-context.ts';
import type { Behavior, BehaviorHost, Outcome } from './contract.ts';
import { crashedError } from './crash.ts';
import type { Effect } from './effect.ts';
import type { Message } from './protocol.ts';

/** An actor that handles an ask while it waits. */
type Reentrant = BehaviorHost &
  ContextOwner & {
    readonly behavior: Behavior | undefined;
    state: unknown;
    handledOne(item: Item): void;
  };

/**
 * Handles an ask that came back to an actor within one chain of asks, while the handler that began the chain waits. That
 * one is not done before this one is; a failure is a failure of the actor.
 */
export function handleInside(cell: Reentrant, ask: Ask, outer: AsyncStep): void {
  const host = new InnerHost(cell, ask);
  ask.to = host.waiter;
  outer.inner.add(host);
  const over = (finish: () => void) => {
    if (!outer.leave(host)) return;
    removeWaits(host.waiter);
    finish();
    outer.left();
  };
  const failed = (error: unknown) =>
    over(() => {
      ask.fail(crashedError(cell.address, error, ask));
      cell.crash(error);
    });
  const succeeded = (outcome: Outcome | undefined) => {
    if (outcome?.actions) {
      failed(new InvalidReturnError('A re-entrant ask is handled without actions.'));
      return;
    }
    over(() => {
      if (outcome?.state !== undefined) cell.state = outcome.state;
      cell.handledOne(ask);
      if (!ask.isDeferred) ask.reply(outcome?.reply);
      host.context.perform(outcome?.effects);
    });
  };
  try {
    const outcome = cell.behavior?.receive(cell.state, ask.message, host, ask);
    if (outcome instanceof Promise) outcome.then(succeeded, failed);
    else succeeded(outcome);
  } catch (error) {
    failed(error);
  }
}

/** What a handler inside a waiting one sees of its actor: the ask that it answers is another. */
class InnerHost implements BehaviorHost, InnerStep {
  readonly ask: Ask;
  readonly waiter: Waiter;
  readonly context: CellContext;
  readonly #cell: Reentrant;
  readonly #incarnation: number;
  #isAbandoned = false;

  constructor(cell: Reentrant, ask: Ask) {
    this.#cell = cell;
    this.#incarnation = cell.incarnation;
    this.ask = ask;
    this.waiter = innerWaiter(cell);
    this.context = new CellContext(cell, this);
  }

  get isOver(): boolean {
    return this.#isAbandoned || this.#cell.incarnation !== this.#incarnation;
  }

  get input(): unknown {
    return this.#cell.input;
  }

  get state(): unknown {
    return this.#cell.state;
  }

  abandon(error: unknown): void {
    this.#isAbandoned = true;
    this.context.close();
    removeWaits(this.waiter);
    this.ask.fail(error);
  }

  takeEffects(): readonly Effect[] {
    return this.context.takeEffects();
  }

  post(message: Message): void {
    if (!this.isOver) this.#cell.post(message);
  }

  refuse(error: Error): void {
    this.ask.isDeferred = true; // answered here
    this.ask.fail(error);
  }

  crash(error: unknown): void {
    if (!this.isOver) this.#cell.crash(error);
  }
}
