/**
 * What actors are to the kernel and the kernel to actors: the definition, the context that a handler sees, and the
 * behaviour that turns messages into state. In one file, because each names the others.
 */
import type { Clock, EntityId, ExitReason, Logger, TreeNode, WorkerPool } from '@jaegis/core';
import type { Action } from './action.ts';
import type { Announcement, Effect } from './effect.ts';
import type { KernelOptions } from './kernel-options.ts';
import type { AnyProtocol, Message, MessageOf, Protocol, ReplyOf } from './protocol.ts';
import type { AnyRef, AskOptions, ClosableRef, EntityRef, Ref } from './ref.ts';
import type { ReplyHandle } from './reply-handle.ts';
import type { Monitor, MonitorOptions, Signal } from './signal.ts';
import type { SpawnOptions } from './spawn-options.ts';

/** How actors of one type are made. The same definition serves for spawned actors and for durable entities. */
export interface ActorDefinition<P extends Protocol> {
  readonly kind: 'actor';
  readonly type: string;
  readonly options: KernelOptions;
  /** Called once a node; what it returns is called for each incarnation. */
  readonly behavior: (services: Services) => () => Behavior;
  /** Carries the protocol for the compiler; never set. */
  readonly protocol?: P;
}

/** What a `state` or start function returns when nothing is to be started. OTP's `ignore`. */
export const ignore: unique symbol = Symbol('jaegis.ignore');
export type Ignore = typeof ignore;

/** A message that is sent later. */
export interface ActorTimer {
  /** Takes it back. The whole milliseconds that were left; false when it has fired or was taken back. */
  cancel(): number | false;
  /** The whole milliseconds that are left; false as for {@link cancel}. */
  left(): number | false;
}

/** A time of the wall clock (a Date, or ms since 1970), a time from now in ms, or a cron pattern (UTC by default). */
export type ScheduleTime =
  | { readonly at: number | Date }
  | { readonly afterMs: number }
  | { readonly cron: string; readonly timezone?: string };

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

/** A handler's view of the world, valid while this incarnation of its actor lives. */
export interface ActorContext extends Services {
  /** The actor's own ref; good over restarts. */
  readonly self: Ref<AnyProtocol>;
  /** The actor's own address. */
  readonly address: string;
  /** The key of the entity, or the name of the actor. */
  readonly key: string;
  /** Aborts when the actor stops or restarts, and when the ask under way times out or is cancelled. */
  readonly signal: AbortSignal;
  /** Milliseconds that the ask under way has left; undefined for a tell. Asks made through {@link ask} keep to it. */
  readonly deadline: number | undefined;

  /** Tells another actor once this step has succeeded. Delivered at most once. */
  tell<P extends Protocol>(to: Ref<P>, message: MessageOf<P>): void;
  /**
   * Asks another actor while this one waits: the wait is seen by the deadlock detector, and the deadline of the ask
   * under way bounds this one. Rejects as {@link Ref.ask} does, and with `deadlock`.
   */
  ask<P extends Protocol, M extends MessageOf<P>, Fallen = never>(
    to: Ref<P>,
    message: M,
    options?: AskOptions<Fallen>,
  ): Promise<ReplyOf<P, M['type']> | Fallen>;
  /** Sends to a durable entity once this step is committed. Never lost, takes effect once. Durable entities only. */
  send<P extends Protocol>(to: EntityRef<P>, message: MessageOf<P>): void;
  /** To an entity whose definition is not at hand: what it takes is then not known to the compiler. */
  send(to: { readonly entity: EntityId }, message: Message): void;
  /**
   * The entity sends itself a message at a time, or again and again, also when no node lives then: once the servers are
   * there it arrives, once. Set when this step is committed; replaces the timer of the same name. A pattern's times that
   * passed while nobody could be told are made up for once, not once each. Durable entities only.
   *
   * @throws InvalidTimerError for an empty name or a time that cannot be.
   */
  schedule(name: string, when: ScheduleTime, message: MessageOf<AnyProtocol>): void;
  /** Takes a timer back once this step is committed; from then on its message never arrives. Durable entities only. */
  unschedule(name: string): void;
  /** Tells observers once this step has succeeded. */
  announce(event: Announcement): void;
  /**
   * The ask under way is not answered when its handler ends; answer it through the handle. For a tell, and for a message
   * that was sent durably, nobody waits: its handle is not open.
   */
  defer(): ReplyHandle;

  /** Starts a child of this actor; it ends with its parent. What its start throws at once is thrown here. */
  spawn<P extends Protocol>(definition: ActorDefinition<P>, options?: string | SpawnOptions): Ref<P>;
  /** Ends a child of this actor and forgets it. */
  stopChild(child: AnyRef): Promise<void>;

  /** Sends an exit signal, as Erlang's `exit/2`. `kill` cannot be trapped. */
  exit(to: AnyRef, reason: ExitReason): void;
  /** Ties this actor's life to another's: when one ends, the other gets its exit signal. */
  link(to: AnyRef): void;
  /** Afterwards no exit signal of that process arrives that has not arrived before. */
  unlink(to: AnyRef): void;
  /** Exit signals become messages to `signals.exit` from now on, or no longer. */
  trapExits(trap: boolean): void;
  /** One `down` signal when the process ends; at once, with `noproc`, when it is not there. */
  monitor(target: AnyRef | string, options?: MonitorOptions): Monitor;
  /**
   * Takes a monitor back; a `down` that waits is discarded. With `info` it is left where it is, and the answer says
   * whether it was in time: true means that no `down` comes.
   */
  demonitor(monitor: Monitor, options?: { readonly info?: boolean }): boolean;

  /** @throws NameTakenError, InvalidDefinitionError */
  register(name: string): void;
  unregister(name: string): void;
  whereis(name: string): Ref<AnyProtocol> | undefined;
  join(group: string): void;
  leave(group: string): boolean;
  /**
   * Those of all nodes, as far as this one has heard: what others say arrives a moment later, and those of a node that is
   * gone are out. With `local`, those of this node.
   */
  members(group: string, options?: { readonly local?: boolean }): readonly Ref<AnyProtocol>[];
  /** From now on, or no longer, nodes that come and go are told to `signals.node`. */
  monitorNodes(monitor?: boolean): void;

  /** A message after a time, in ms or at a time of the monotonic clock. Taken back when its receiver ends. */
  sendAfter(time: number | { readonly at: number }, message: MessageOf<AnyProtocol>, to?: AnyRef | string): ActorTimer;
  /** A second address of this actor that can be closed; with `reply` it takes one message only. */
  alias(options?: { readonly reply?: boolean }): ClosableRef;
}

/** What one message made of the state. Left out: unchanged, no reply, nothing else. */
export interface Outcome {
  readonly state?: unknown;
  readonly reply?: unknown;
  readonly actions?: readonly Action[];
  /** To be carried out besides those that the context has collected since. */
  readonly effects?: readonly Effect[];
}

export type MaybeOutcome = Outcome | undefined | Promise<Outcome | undefined>;

/**
 * How an actor turns messages into state: a handler, a machine, or one of these made durable. The cell that hosts it
 * calls one method at a time, and none before `start` has settled. A throw or rejection is a crash of the actor.
 *
 * `definition.behavior` makes one for each incarnation; one without state of its own may be shared by all its actors.
 */
export interface Behavior {
  /** Begins anew (`preserved` undefined) or from what {@link preserve} gave. Returns the first state, or `ignore`. */
  start(preserved: unknown, host: BehaviorHost): unknown;
  receive(state: unknown, message: Message, host: BehaviorHost, delivery: DeliveryInfo): MaybeOutcome;
  /** A trapped exit or a monitored actor's end. Undefined: it takes none, see `death_pact`. */
  readonly signal?: ((state: unknown, signal: Signal, host: BehaviorHost) => MaybeOutcome) | undefined;
  /** gen_statem's state enter call. Undefined: it wants none. */
  readonly enter?: ((state: unknown, previousMode: unknown, host: BehaviorHost) => MaybeOutcome) | undefined;
  /** What a handler gets to answer an ask later. Undefined: the ask itself. */
  readonly deferred?: ((ask: ReplyHandle) => ReplyHandle) | undefined;
  /** What gen_statem calls the state; a change of it ends mode timeouts and brings back what was postponed. */
  mode(state: unknown): unknown;
  /** Whether its modes are worth a record; else `mode` is just the state. */
  readonly hasModes: boolean;
  /** Whether a message of this type is taken; those that are not are refused to their sender. */
  takes(type: string): boolean;
  /** The state in the form that {@link start} takes back, in this process: a reference where that is enough. */
  preserve(state: unknown): unknown;
  /** The state as plain data, for a record or another process. {@link start} takes it back too. */
  serialize(state: unknown): unknown;
  /** Whether work is under way that must go on after a move although no message comes. */
  isBusy(state: unknown): boolean;
  /**
   * Ends timers and invoked work; `state` is the last good one. May be async, but nobody waits for an actor that is
   * killed. Not called when `start` failed.
   */
  stop(state: unknown, reason: ExitReason, host: BehaviorHost, isKilled: boolean): void | Promise<void>;
  /** Children of the behaviour's own (a machine's invoked and spawned actors), for inspection. */
  children(state: unknown): readonly TreeNode[];
  /** Resolves when no ask is open that has had its effect and that nobody else could answer. Undefined: none is. */
  owed?(): Promise<void> | undefined;
  /** Of what is durable: what its record has put aside, for inspection. */
  aside?(): Pick<TreeNode, 'deadLetters' | 'quarantined'>;
}

export interface DeliveryInfo {
  /** The id of a durable message or an ask with an idempotency key. */
  readonly id: string | undefined;
  /** The id was made for this attempt, the first one: it cannot have been handled before. */
  readonly isFresh?: boolean;
  /** How long its asker waits, in ms, where that is known. */
  readonly limitMs?: number | undefined;
  /** Who sent it, where that is known and not said by the id. */
  readonly sender?: string | undefined;
  /** The actor of this node that waits for the reply. */
  readonly from?: { readonly address: string } | undefined;
  /** Of a message that came through the entity's inbox. */
  readonly inbox?: InboxDelivery | undefined;
  /** Of a durable message: why it can never be handled. */
  readonly refusal?: unknown;
  /** Where there is somebody who waits for the reply. See {@link Ask}. */
  readonly isDeferred?: boolean;
}

/** Where in an entity's inbox a message stands, and what else came with it. */
export interface InboxDelivery {
  readonly sequence: number;
  /** The newest message before it that is under way too; 0 for none. */
  readonly previous: number;
  /** Of a message that a timer has sent. */
  readonly timer: { readonly name: string; readonly id: string } | undefined;
  /** Of a `send`: its id, and whether it may have come before under it. Undefined where it came without an id. */
  readonly sent?: { readonly id: string; readonly mayRepeat: boolean } | undefined;
}

/** What a behaviour may ask of the cell that hosts it. */
export interface BehaviorHost {
  readonly context: ActorContext & {
    announceNow(event: Announcement): void;
    performNow(effects: readonly Effect[]): void;
    collect(effect: Effect): void;
  };
  /** The last good state. */
  readonly state: unknown;
  /** Given at the spawn. */
  readonly input: unknown;
  /** The effects that the context collected since the last call. */
  takeEffects(): readonly Effect[];
  /** The state changed without a message: this message overtakes the mailbox, so that the change becomes a step. */
  post(message: Message): void;
  /** The message under way has no effect, for this reason, which its asker is told; the actor goes on. */
  refuse(error: Error): void;
  /** The behaviour failed outside a step. */
  crash(error: unknown): void;
}
