import { type MailboxMemory, System } from '@jaegis/actors';
import { InvalidConfigError, isToken, type JaegisError, type RestartLimit, tokenRule } from '@jaegis/core';
import { type LogLevel, logLevels, pinoLogger, realClock, realRandom } from '@jaegis/node';
import { OpenTelemetry } from '@jaegis/telemetry';
import { z } from 'zod';
import { checked } from './checked.ts';
import { memorySchema } from './memory-options.ts';
import { ownPool } from './own-pool.ts';
import { makePolicy } from './policies.ts';

export interface LocalOptions {
  /** The first part of its actors' addresses. Default `local`. */
  readonly name?: string;
  /** Default `warn`. */
  readonly logLevel?: LogLevel;
  /** How often what it runs may crash before it gives up. Default: more than 3 restarts in 5 s. */
  readonly restartLimit?: Partial<RestartLimit>;
  /** Whether flight recorders and counters of time are kept. Default true. */
  readonly watch?: boolean;
  /**
   * What messages may hold in mailboxes whose definitions have no `mailbox.memory` of their own. Tasks of its pool count
   * against the same budget. Default: they are not counted.
   */
  readonly memory?: MailboxMemory;
  /** Worker threads of `context.pool`, which start with its first task. Default: as many as there are processors. */
  readonly threads?: number;
  /** Called when it has given up. Default: it is logged. */
  readonly onFailure?: (error: JaegisError) => void;
}

/** Actors and supervisors in this process alone, without a cluster: no server, no durable entities. */
export interface LocalSystem extends System, AsyncDisposable {}

const schema = z.strictObject({
  name: z.string().refine(isToken, { error: tokenRule }).optional(),
  logLevel: z.enum(logLevels).optional(),
  restartLimit: z.unknown().optional(), // the system checks it
  watch: z.boolean().optional(),
  memory: memorySchema.optional(),
  threads: z.int().min(1).optional(),
  onFailure: z.custom<() => void>((value) => typeof value === 'function', 'must be a function').optional(),
});

/** @throws InvalidConfigError with the path of the setting that is not usable. */
export function startSystem(given: LocalOptions = {}): LocalSystem {
  checked('startSystem', schema, given);
  const { name = 'local', logLevel = 'warn', restartLimit, watch = true, threads, memory } = given;
  const logger = pinoLogger({ level: logLevel }).child({ node: name });
  const clock = realClock();
  const pool = ownPool(clock, { threads, memory });
  const system = new System({
    node: name,
    telemetry: new OpenTelemetry(),
    services: {
      clock,
      logger,
      pool,
      entity: () => {
        throw new InvalidConfigError('A system without a cluster has no durable entities; use startNode.');
      },
      actor: (address) => system.at(address),
    },
    random: realRandom(),
    makePolicy,
    watch,
    ...(memory ? { memory } : {}),
    ...(restartLimit ? { limit: restartLimit } : {}),
    announce: () => {},
    onFailure: given.onFailure ?? ((error) => logger.error('the system gave up', { error })),
  });
  const close = async () => {
    await system.stop();
    await pool.close();
  };
  return Object.assign(system, { [Symbol.asyncDispose]: close });
}
