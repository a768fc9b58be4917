import type { Ask, Message } from '@jaegis/actors';
import { type Clock, type EntityId, limits, type Timer } from '@jaegis/core';

export interface DoubtfulAsksOptions {
  readonly clock: Clock;
  /** Whether this node does not know at the moment what it owns. */
  readonly isInDoubt: () => boolean;
  /** Takes an ask in. What it throws is the answer. */
  readonly take: (entity: EntityId, message: Message, ask: Ask) => void;
  /** Why an ask is not kept. */
  readonly refusal: (entity: EntityId) => Error;
}

interface Held {
  readonly entity: EntityId;
  readonly message: Message;
  readonly ask: Ask;
}

/** How soon it is looked whether the node knows, in ms. */
const LOOK_MS = 20;

/**
 * Asks to entities that come while this node looks whether it still owns them. They wait for that here: those that are
 * sent back come again at once, and a node that is late since it has much to do would have more to do by each of them.
 */
export class DoubtfulAsks {
  readonly #options: DoubtfulAsksOptions;
  #held: Held[] = [];
  #timer: Timer | undefined;

  constructor(options: DoubtfulAsksOptions) {
    this.#options = options;
  }

  /** Takes the ask in, now or when it is known who owns the entity, in the order in which they came. @throws as `take` does. */
  add(entity: EntityId, message: Message, ask: Ask): void {
    const { isInDoubt, take, refusal } = this.#options;
    if (this.#held.length === 0 && !isInDoubt()) {
      take(entity, message, ask);
      return;
    }
    if (this.#held.length >= limits.doubtfulAsks) throw refusal(entity);
    this.#held.push({ entity, message, ask });
    this.#lookSoon();
  }

  /** Those that wait are sent back. */
  stop(): void {
    this.#options.clock.clearTimer(this.#timer);
    for (const { entity, ask } of this.#held.splice(0)) ask.fail(this.#options.refusal(entity));
  }

  #lookSoon(): void {
    const { clock, isInDoubt } = this.#options;
    this.#timer ??= clock.setTimer(isInDoubt() ? LOOK_MS : 0, this.#look);
  }

  /** Some at a time: what they need takes long, and whether this node knows what it owns may change with that. */
  readonly #look = (): void => {
    this.#timer = undefined;
    let taken = 0;
    for (; taken < Math.min(this.#held.length, limits.batch) && !this.#options.isInDoubt(); taken++) {
      const held = this.#held[taken];
      if (held !== undefined) this.#take(held);
    }
    this.#held.splice(0, taken);
    if (this.#held.length > 0) this.#lookSoon();
  };

  #take({ entity, message, ask }: Held): void {
    if (!ask.isOpen) return;
    try {
      this.#options.take(entity, message, ask);
    } catch (error) {
      ask.fail(error);
    }
  }
}
