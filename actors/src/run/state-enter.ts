import { InvalidReturnError } from '@jaegis/core';
import type { Action } from './action.ts';
import type { Behavior, BehaviorHost } from './contract.ts';

const none: readonly Action[] = [];

/**
 * The state enter calls of gen_statem, repeated while they say `again`. Their actions are added to `actions`.
 *
 * @param type of the actor, for the error.
 * @returns the state afterwards, of the same mode.
 * @throws InvalidReturnError for what `enter` must not return, and what it throws.
 */
export function enterMode(
  type: string,
  behavior: Behavior,
  host: BehaviorHost,
  entering: { readonly state: unknown; readonly previousMode: unknown },
  actions: Action[],
): unknown {
  let { state, previousMode } = entering;
  if (!behavior.enter) return state;
  for (let isAgain = true; isAgain; ) {
    const mode = behavior.mode(state);
    const outcome = behavior.enter(state, previousMode, host);
    if (outcome instanceof Promise) throw refuse(type, 'must be synchronous');
    if (outcome?.state !== undefined) state = outcome.state;
    if (!Object.is(behavior.mode(state), mode)) throw refuse(type, 'must not change the mode');
    const more = outcome?.actions ?? none;
    if (more.some(({ kind }) => kind === 'postpone')) throw refuse(type, 'has no message to postpone');
    actions.push(...more);
    isAgain = more.some(({ kind }) => kind === 'again');
    previousMode = mode;
  }
  return state;
}

function refuse(type: string, what: string): Error {
  return new InvalidReturnError(`"enter" of "${type}" ${what}.`);
}
