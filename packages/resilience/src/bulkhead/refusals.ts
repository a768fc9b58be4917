/** What a call is told that a bulkhead does not let begin. */
import { CancelledError, JaegisError, OverloadedError } from '@jaegis/core';
import type { Call } from '../call.ts';
import type { Refusal } from './refusal.ts';

const reasons: Readonly<Record<Refusal, string>> = {
  full: 'no more may wait',
  shed: 'more urgent or newer calls have what there is',
  waited: 'it waited too long for its turn',
  deadline: 'its time was up before its turn came',
};

/** Whatever the reason, the operation was not called. */
export function refused(why: Refusal, state: { bulkhead: string; limit: number; queued: number }): JaegisError {
  const { bulkhead, limit, queued } = state;
  const message = `The bulkhead ${bulkhead} (limit ${limit}, ${queued} waiting) did not let the call begin: ${reasons[why]}.`;
  return new OverloadedError(message, { data: { bulkhead, limit, queued, why } });
}

/** What a call was aborted with, as an error of ours. */
export function abortedBy(call: Call, bulkhead: string): JaegisError {
  if (call.reason instanceof JaegisError) return call.reason;
  const message = `The call was cancelled while it waited at the bulkhead ${bulkhead}.`;
  return new CancelledError(message, { cause: call.reason, data: { bulkhead } });
}
