import type { ExitReason } from '@jaegis/core';
import type { Message } from './protocol.ts';
import type { ReplyHandle } from './reply-handle.ts';

/**
 * What a handler wants done besides its new state and its reply, as OTP's gen_statem has it: actions are data, carried
 * out in the order of gen_statem once the handler has succeeded.
 */
export type Action =
  | { readonly kind: 'postpone' }
  | { readonly kind: 'next'; readonly message: Message; readonly replyTo: ReplyHandle | undefined }
  | { readonly kind: 'timeout'; readonly name: string; readonly time: TimeoutTime; readonly message: Message }
  | { readonly kind: 'cancel'; readonly name: string }
  | { readonly kind: 'update'; readonly name: string; readonly message: Message }
  | { readonly kind: 'reply'; readonly to: ReplyHandle; readonly value: unknown }
  | { readonly kind: 'again' }
  | { readonly kind: 'stop'; readonly reason: ExitReason };

/** Milliseconds from now, `infinity` for no timer at all, or a time of the kernel's monotonic clock. */
export type TimeoutTime = number | 'infinity' | { readonly at: number };

/** Puts the message under way aside. It is tried again, oldest first, when the mode of the actor has changed. */
export function postpone(): Action {
  return { kind: 'postpone' };
}

/** A message to the actor itself, handled before all that wait. With a handle, it answers that ask. */
export function next(message: Message, replyTo?: ReplyHandle): Action {
  return { kind: 'next', message, replyTo };
}

/**
 * A message to the actor itself after a time. Setting a timeout of the same name again replaces it.
 *
 * @param name `mode`: cancelled when the mode changes; `idle`: cancelled by any message; any other: lasts until it
 * fires or is cancelled.
 */
export function timeout(name: string, time: TimeoutTime, message: Message): Action {
  return { kind: 'timeout', name, time, message };
}

/** Takes a timeout back. */
export function cancelTimeout(name: string): Action {
  return { kind: 'cancel', name };
}

/** Changes the message of a timeout and leaves its time. One that fired and is not yet handled is changed too. */
export function updateTimeout(name: string, message: Message): Action {
  return { kind: 'update', name, message };
}

/** Answers an ask whose reply was deferred. */
export function replyTo(handle: ReplyHandle, value: unknown): Action {
  return { kind: 'reply', to: handle, value };
}

/** Calls `enter` again although the mode is the same. */
export function again(): Action {
  return { kind: 'again' };
}

/** Ends the actor with this reason, after the replies and messages of this handler have left. */
export function stop(reason: ExitReason = 'normal'): Action {
  return { kind: 'stop', reason };
}
