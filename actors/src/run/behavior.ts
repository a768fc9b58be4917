import type { Clock, EntityId, Logger, WorkerPool } from '@jaegis/core';
import type { Announcement, Effect } from './effect.ts';
import type { Message, Protocol } from './protocol.ts';
import type { EntityRef, Ref } from './ref.ts';

/** What one step made of the state. */
export interface Step {
  readonly state: unknown;
  readonly reply: unknown;
  readonly effects: readonly Effect[];
  /** The actor has finished by itself and ends normally after this step. */
  readonly done: boolean;
}

/**
 * How an actor turns messages into state: a handler, a machine, or one of these made durable. The cell that hosts it
 * calls one method at a time and never calls `receive` before `start` has settled.
 */
export interface Behavior {
  /** Begins anew (`preserved` undefined) or from a state that {@link preserve} gave. Returns the first state. */
  start(preserved: unknown, host: BehaviorHost): unknown;
  /** Takes one message; may return a promise of the step. A throw or rejection is a crash of the actor. */
  receive(state: unknown, message: Message, delivery: DeliveryInfo): Step | Promise<Step>;
  /** The state in the form that {@link start} takes back and that can leave the process. */
  preserve(state: unknown): unknown;
  /** Whether work is under way that must go on after a move although no message comes. */
  isBusy(state: unknown): boolean;
  /** Ends timers and invoked work. Not called after a crash of `start`. */
  stop(): void;
  /** Children of the behaviour's own (a machine's invoked actors), for inspection. */
  children(state: unknown): readonly string[];
}

export interface DeliveryInfo {
  /** The id of a durable message or an ask with an idempotency key. */
  readonly id: string | undefined;
}

/** What a behaviour may ask of the cell that hosts it. */
export interface BehaviorHost {
  readonly context: ActorContext & { announceNow(event: Announcement): void };
  /** The effects that the context collected since the last call. */
  takeEffects(): Effect[];
  /** The state changed without a message: put this message into the mailbox so that the change becomes a step. */
  post(message: Message): void;
  /** The behaviour failed outside a step. */
  crash(error: unknown): void;
}

/** What every actor on a node shares. */
export interface Services {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pool: WorkerPool;
  /** A ref to a durable entity, wherever it lives. */
  entity<P extends Protocol>(definition: ActorDefinition<P>, key: string): EntityRef<P>;
  /** A ref from an address (`node/path`), as in {@link Ref.address}. */
  actor<P extends Protocol>(address: string): Ref<P>;
}

/** A handler's view of the world, valid while its actor lives. */
export interface ActorContext extends Services {
  /** The actor's own address. */
  readonly address: string;
  /** The key of the entity, or the name of the actor. */
  readonly key: string;
  /** Aborts when the actor stops or restarts. */
  readonly signal: AbortSignal;
  /** Tells another actor once this step has succeeded. Delivered at most once. */
  tell<P extends Protocol>(to: Ref<P>, message: Parameters<Ref<P>['tell']>[0]): void;
  /** Sends to a durable entity once this step is committed. Never lost, takes effect once. Durable entities only. */
  send<P extends Protocol>(to: EntityRef<P>, message: Parameters<Ref<P>['tell']>[0]): void;
  /** To an entity whose definition is not at hand: what it takes is then not known to the compiler. */
  send(to: { readonly entity: EntityId }, message: Message): void;
  /** Tells observers once this step has succeeded. */
  announce(event: Announcement): void;
  /** Starts a child of this actor; it ends with its parent. */
  spawn<P extends Protocol>(definition: ActorDefinition<P>, name: string): Ref<P>;
}

/** How actors of one type are made. The same definition serves for spawned actors and for durable entities. */
export interface ActorDefinition<P extends Protocol> {
  readonly type: string;
  readonly create: (services: Services) => () => Behavior;
  /** Carries the protocol for the compiler; never set. */
  readonly protocol?: P;
}
