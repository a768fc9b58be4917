/** A pool of threads behind a policy. */
import { type AskCallOptions, type DoorOption, type DoorPolicy, endOfTry, isReady } from '@jaegis/actors';
import {
  hasCode,
  InvalidConfigError,
  type JaegisError,
  type RunOptions,
  type WorkerPool,
  type WorkerPoolStats,
  type WorkerTask,
} from '@jaegis/core';
import { makePolicy } from './policies.ts';

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
          throw endOfTry(error, ends);
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

/** That of the option `poolPolicy`. @throws InvalidConfigError with the path of what is not usable. */
export function poolPolicyOf(given: DoorOption): DoorPolicy {
  if (isReady(given)) return given;
  try {
    return makePolicy(given, 'pool');
  } catch (error) {
    if (!hasCode(error, 'invalid_config')) throw error;
    const { message, data } = error as JaegisError; // it has the code
    const path = `poolPolicy.${String(data.path)}`;
    throw new InvalidConfigError(`startNode: poolPolicy: ${message}`, { cause: error, data: { path } });
  }
}
