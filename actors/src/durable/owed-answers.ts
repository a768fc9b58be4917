import { type EntityId, formatEntityId, ReplyLostError } from '@jaegis/core';
import { Ask } from '../run/ask.ts';
import type { DeliveryInfo } from '../run/contract.ts';
import type { Effect } from '../run/effect.ts';

/** What is known of the answer to a message when its step is done. */
export interface StepAnswer {
  readonly reply: unknown;
  /** It is an ask that will be answered later. */
  readonly isOwed: boolean;
}

/** @param reply What the step itself returned. */
export function answerOf({ id, isDeferred }: DeliveryInfo, effects: readonly Effect[], reply: unknown): StepAnswer {
  if (isDeferred !== true) return { reply, isOwed: false };
  const given = effects.find((effect) => effect.kind === 'answer' && effect.answered?.id === id);
  if (given?.kind !== 'answer') return { reply: undefined, isOwed: true };
  return { reply: given.answered?.reply, isOwed: false };
}

/** An ask that is repeated after it had its effect: what was to answer it answers whoever asked first. */
export function replyLost(entity: EntityId, id: string): Error {
  return new ReplyLostError(
    `${formatEntityId(entity)} has handled the ask "${id}", and its answer, which was to come later, is lost.`,
  );
}

/** Asks that have had their effect and that only this activation can answer. */
export class OwedAnswers {
  readonly #open = new Set<Ask>();
  #onNone: (() => void)[] = [];

  add(delivery: DeliveryInfo): void {
    if (!(delivery instanceof Ask) || !delivery.isOpen) return;
    this.#open.add(delivery);
    delivery.onceSettled(() => {
      this.#open.delete(delivery);
      if (this.#open.size === 0) for (const done of this.#onNone.splice(0)) done();
    });
  }

  /** Resolves when none is open. Undefined: none is. */
  settled(): Promise<void> | undefined {
    if (this.#open.size === 0) return undefined;
    return new Promise((resolve) => this.#onNone.push(resolve));
  }
}
