/** Asks under a policy: several tries of one ask, of which each has the time that the policy leaves it. */
import { type Clock, hasCode, InvalidConfigError } from '@jaegis/core';
import type { AskTry } from './ask-policy.ts';
import type { AskOptions } from './ref.ts';

export interface AskWorld {
  readonly clock: Clock;
  /** Names all tries of an ask that has no key. Default: they have none, since nobody there would know them by it. */
  readonly newKey?: () => string;
  /** What the asker has left, in ms. Default: no limit. */
  readonly leftMs?: number | undefined;
}

/**
 * One ask under the policy of its options.
 *
 * @param ask One try. Its options have no policy.
 * @throws InvalidConfigError for a policy that is none; what the policy or the last try rejects with.
 */
export async function askUnderPolicy<Result, Fallen, Options extends AskOptions<Fallen>>(
  { policy, ...options }: Options & AskOptions<Fallen>,
  { clock, newKey, leftMs }: AskWorld,
  ask: (options: Omit<Options, 'policy'>) => Promise<Result>,
): Promise<Result | Fallen> {
  if (typeof policy?.run !== 'function') throw noPolicy(policy);
  const { signal, timeoutMs, idempotencyKey = newKey?.() } = options;
  const keyed = idempotencyKey === undefined ? options : { ...options, idempotencyKey };
  const once = (call: AskTry): Promise<Result> => {
    const callMs = call.deadlineMs - clock.monotonic();
    const limited = callMs === Number.POSITIVE_INFINITY ? {} : { timeoutMs: limitOf(timeoutMs, callMs) };
    return ask({ ...keyed, ...limited, signal: call.signal }).catch((error) => {
      throw endOfTry(error, call.signal);
    });
  };
  return policy.run(once, {
    ...(signal === undefined ? {} : { signal }),
    ...(leftMs === undefined ? {} : { deadlineMs: clock.monotonic() + leftMs }),
  });
}

/** A try that a time limit has cut off was not cancelled by anybody: what the limit says is what it ends with. */
export function endOfTry(error: unknown, signal: AbortSignal): unknown {
  if (!hasCode(error, 'cancelled') || !signal.aborted) return error;
  return hasCode(signal.reason, 'operation_timeout') ? signal.reason : error;
}

/** One that cannot be is left for the ask to refuse. */
function limitOf(timeoutMs: number | undefined, callMs: number): number {
  return timeoutMs === undefined ? Math.max(0, callMs) : Math.min(timeoutMs, Math.max(0, callMs));
}

function noPolicy(policy: unknown): Error {
  return new InvalidConfigError(
    `ask: policy is of type ${typeof policy}; it must have a run, as createPolicy gives it.`,
    {
      data: { path: 'policy' },
    },
  );
}
