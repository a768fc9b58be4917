/** What steps are made of, and what is read from them. */
import { type DeadLetter, isDurableMessageId } from '@jaegis/core';
import type { DeliveryInfo, Outcome } from '../run/contract.ts';
import type { ReplyHandle } from '../run/reply-handle.ts';
import { type Fresh, idOfSend } from './answers.ts';
import type { Trace } from './audit.ts';
import type { Step } from './commits.ts';
import { noLoad } from './load.ts';

/** What a step is made of, besides what it does. */
export interface Cause {
  readonly delivery: DeliveryInfo;
  readonly trace: Trace | undefined;
  readonly deadLetter?: DeadLetter | undefined;
}

/** A step that only waits for the turns before it. */
export const unchanged = {
  id: undefined,
  inbox: undefined,
  effects: [],
  sends: noLoad,
  limitMs: undefined,
  deadLetter: undefined,
  trace: undefined,
  changes: false,
};

/** A step that no message caused. */
export const unasked: Cause = { delivery: { id: undefined }, trace: undefined };

/** The asks that steps of one turn have answered, and the sends that they have consumed. */
export function answeredBy(steps: readonly Step[]): Fresh[] {
  return steps.flatMap(({ id, inbox, reply, limitMs, changes }): Fresh[] => {
    if (id === undefined || !changes) return [];
    if (inbox?.sent) return [{ id: idOfSend(inbox.sent.id), reply: undefined }];
    return isDurableMessageId(id) ? [] : [{ id, reply, limitMs }];
  });
}

/** Takes the answer over from the kernel; undefined where nobody waits for one, or its handler answers later. */
export function takenOver(delivery: DeliveryInfo): ReplyHandle | undefined {
  if (!('reply' in delivery) || delivery.isDeferred) return undefined;
  const ask = delivery as DeliveryInfo & ReplyHandle & { isDeferred: boolean; to: unknown }; // an Ask: nothing else has a reply
  ask.isDeferred = true;
  ask.to = undefined; // what answers it is a turn that is written, and not what its entity does next
  return ask;
}

/** Answers among its actions are given to their handles now, which hold them until the turn is written. */
export function withoutAnswers(outcome: Outcome): Outcome {
  const { actions } = outcome;
  if (!actions?.some(({ kind }) => kind === 'reply')) return outcome;
  for (const action of actions) if (action.kind === 'reply') action.to.reply(action.value);
  return { ...outcome, actions: actions.filter(({ kind }) => kind !== 'reply') };
}
