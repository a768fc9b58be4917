/** A pool of threads behind a policy. */
import { type AskCallOptions, type DoorOption, type DoorPolicy, endOfTry, isReady } from '@jaegis/actors';
import {
  hasCode,
  InvalidConfigError,
  type JaegisError,
  OperationTimeoutError,
  type RunOptions,
  type WorkerPool,
  type WorkerPoolStats,
  type WorkerTask,
} from '@jaegis/core';
import { policyFor } from './policies.ts';

/** Each task goes through the policy, and to a thread as often as that lets it. */
export class GuardedPool implements WorkerPool {
  readonly #pool: WorkerPool;
  readonly #policy: DoorPolicy;

  constructor(pool: WorkerPool, policy: DoorPolicy) {
    this.#pool = pool;
    this.#policy = policy;
  }

  get stats(): WorkerPoolStats {
    return this.#pool.stats;
  }

  run<Output>(task: WorkerTask, input: unknown, options: RunOptions = {}): Promise<Output> {
    const { signal, priority, tenant, deadlineMs } = options;
    const known = Object.entries({ signal, priority, tenant, deadlineMs }).filter(([, value]) => value !== undefined);
    const result = this.#policy.run(
      ({ signal: ends, deadlineMs: atMs }) => {
        const inTime = atMs === Number.POSITIVE_INFINITY ? {} : { deadlineMs: atMs };
        return this.#pool.run<Output>(task, input, { ...options, signal: ends, ...inTime }).catch((error: unknown) => {
          const isLimited = atMs < (deadlineMs ?? Number.POSITIVE_INFINITY);
          throw isLimited && isTooLate(error) ? ofPolicy(error) : endOfTry(error, ends);
        });
      },
      Object.fromEntries(known) as AskCallOptions, // what was given
    );
    return result as Promise<Output>; // or what a fallback gives, which must be like it
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Its deadline passed while it waited for a thread, or for that to start. */
function isTooLate(error: unknown): error is JaegisError {
  return hasCode(error, 'overloaded') && (error as JaegisError).data?.why === 'deadline'; // it has the code
}

/** The deadline is a limit of the policy, of which the pool may know sooner than the policy does: it ends as that says. */
function ofPolicy(error: JaegisError): Error {
  return new OperationTimeoutError(error.message, { cause: error, data: { ...error.data } });
}

/** That of the option `poolPolicy`. @throws InvalidConfigError with the path of what is not usable. */
export function poolPolicyOf(given: DoorOption): DoorPolicy {
  if (isReady(given)) return given;
  try {
    return policyFor(given, 'pool');
  } catch (error) {
    if (!hasCode(error, 'invalid_config')) throw error;
    const { message, data } = error as JaegisError; // it has the code
    const path = `poolPolicy.${String(data.path)}`;
    throw new InvalidConfigError(`startNode: poolPolicy: ${message}`, { cause: error, data: { path } });
  }
}
