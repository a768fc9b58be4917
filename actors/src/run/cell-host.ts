import type { JaegisError, RestartType } from '@jaegis/core';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { ActorDefinition, Services } from './behavior.ts';
import type { Announcement } from './effect.ts';
import type { Protocol } from './protocol.ts';
import type { Ref } from './ref.ts';
import type { Scheduler } from './scheduler.ts';

export interface SpawnOptions {
  readonly name: string;
  /** Default `permanent`. */
  readonly restart?: RestartType;
}

/** What the node gives to each of its actors' cells. */
export interface CellHost {
  readonly services: Services;
  readonly scheduler: Scheduler;
  /** Starts an actor under another supervisor; messages wait until it is ready. */
  spawnUnder<P extends Protocol>(
    supervisor: Supervisor,
    path: string,
    definition: ActorDefinition<P>,
    options: SpawnOptions,
  ): Ref<P>;
  makeSupervisor(path: string, onGiveUp: (error: JaegisError) => void): Supervisor;
  announce(event: Announcement): void;
  reportCrash(address: string, error: unknown): void;
}

/** Where an actor is. */
export interface Place {
  readonly kind: 'actor' | 'entity';
  /** The key of the entity, or the name of the actor. */
  readonly key: string;
  readonly path: string;
  readonly address: string;
}
