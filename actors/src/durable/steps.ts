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
  isOwed: false,
};

/** A step that no message caused. */
export const unasked: Cause = { delivery: { id: undefined }, trace: undefined };

/** The asks that steps of one turn have answered, those that they will answer later, and the sends that they have consumed. */
export function answeredBy(steps: readonly Step[]): Fresh[] {
  return steps.flatMap((step) => [...ofMessage(step), ...deferredAnswers(step)]);
}

function ofMessage({ id, inbox, reply, limitMs, changes, isOwed }: Step): Fresh[] {
  if (id === undefined || !changes) return [];
  if (inbox?.sent) return [{ id: idOfSend(inbox.sent.id), reply: undefined }];
  if (isDurableMessageId(id)) return [];
  return [isOwed ? { id, reply: undefined, limitMs, isOwed } : { id, reply, limitMs }];
}

/** Of messages before it. */
function deferredAnswers({ id, effects }: Step): Fresh[] {
  if (effects.length === 0) return [];
  const answers = effects.flatMap((effect) => (effect.kind === 'answer' && effect.answered ? [effect.answered] : []));
  return answers.filter((answered) => answered.id !== id);
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
