import {
  type Clock,
  type Exit,
  IntensityExceededError,
  InvalidDefinitionError,
  type JaegisError,
  type Logger,
  limits,
  NameTakenError,
  type RestartLimit,
  type RestartType,
  restartIntensity,
  restartPlan,
  restartTypes,
  type TreeNode,
} from '@jaegis/core';
import type { Child } from './child.ts';

interface Supervised {
  readonly child: Child;
  readonly restart: RestartType;
}

export interface SupervisorOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limit?: Partial<RestartLimit>;
  /** Called once, after all children have stopped, when they crashed more often than the limit allows. */
  readonly onGiveUp: (error: JaegisError) => void;
}

/**
 * Starts, restarts and stops children by OTP's one_for_one: a child that ends is dealt with alone, children stop in the
 * reverse order of their start, and too many restarts in a period end them all and the supervisor with them.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #limit: RestartLimit;
  readonly #children = new Map<string, Supervised>();
  #restarts: readonly number[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#limit = checkLimit(options.path, options.limit ?? {});
  }

  get size(): number {
    return this.#children.size;
  }

  get(id: string): Child | undefined {
    return this.#children.get(id)?.child;
  }

  /** @throws NameTakenError, InvalidDefinitionError; nothing has started then. Rejects when the child does not start. */
  async add(child: Child, restart: RestartType): Promise<void> {
    this.attach(child, restart);
    try {
      await child.start();
    } catch (error) {
      if (this.#children.get(child.id)?.child === child) this.#children.delete(child.id);
      throw error;
    }
  }

  /** Supervises a child whose start the caller sees to. */
  attach(child: Child, restart: RestartType): void {
    if (!restartTypes.includes(restart)) {
      const known = restartTypes.join(', ');
      throw new InvalidDefinitionError(
        `Child "${child.id}": restart is ${JSON.stringify(restart)}; it can be ${known}.`,
      );
    }
    if (this.#children.has(child.id)) {
      throw new NameTakenError(`${this.#options.path} has a child "${child.id}" already.`, { data: { id: child.id } });
    }
    this.#children.set(child.id, { child, restart });
  }

  /** Ends one child and forgets it. */
  async remove(id: string): Promise<void> {
    const supervised = this.#children.get(id);
    if (!supervised) return;
    await supervised.child.stop();
    if (this.#children.get(id) === supervised) this.#children.delete(id);
  }

  /** A child ended by itself. */
  childExited(child: Child, exit: Exit): void {
    const supervised = this.#children.get(child.id);
    if (this.#stopping || supervised?.child !== child) return;
    const plan = restartPlan(supervised.restart, exit);
    if (plan === 'remove') this.#children.delete(child.id);
    if (plan !== 'restart') return;
    const { clock } = this.#options;
    const { verdict, restarts } = restartIntensity(this.#restarts, clock.monotonic(), this.#limit);
    this.#restarts = restarts;
    if (verdict === 'restart') {
      child.restart().catch((error: unknown) => {
        // The child reports a failed restart as one more exit; this only keeps the rejection from going unhandled.
        this.#options.logger.debug('restart failed', { child: child.id, error });
      });
    } else {
      this.#giveUp(child, exit);
    }
  }

  /** Ends all children, the last one started first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopChildren();
    return this.#stopping;
  }

  /** Makes a stopped supervisor ready for children again. */
  reset(): void {
    this.#stopping = undefined;
    this.#restarts = [];
  }

  inspect(): TreeNode[] {
    return [...this.#children.values()].map(({ child }) => child.inspect());
  }

  async #stopChildren(): Promise<void> {
    for (const [id, { child }] of [...this.#children].reverse()) {
      await child.stop();
      this.#children.delete(id);
    }
  }

  #giveUp(child: Child, exit: Exit): void {
    const { intensity, periodMs } = this.#limit;
    const error = new IntensityExceededError(
      `${this.#options.path}: more than ${intensity} restarts in ${periodMs} ms; the last to end was "${child.id}".`,
      { cause: exit.kind === 'crash' ? exit.error : undefined, data: { child: child.id, intensity, periodMs } },
    );
    void this.stop().then(() => this.#options.onGiveUp(error));
  }
}

/** @throws InvalidDefinitionError for an intensity or period that OTP would refuse. */
export function checkLimit(path: string, limit: Partial<RestartLimit>): RestartLimit {
  const { intensity = limits.restartIntensity, periodMs = limits.restartPeriodMs } = limit;
  if (!Number.isInteger(intensity) || intensity < 0) {
    throw new InvalidDefinitionError(`${path}: intensity is ${intensity}; it must be a whole number from 0.`);
  }
  if (!Number.isFinite(periodMs) || periodMs <= 0) {
    throw new InvalidDefinitionError(`${path}: periodMs is ${periodMs}; it must be more than 0.`);
  }
  return { intensity, periodMs };
}
