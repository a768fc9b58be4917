import type { EntityId } from '@jaegis/core';
import type { Asker } from '../deadlock/far-wait.ts';
import type { AskPolicy } from './ask-policy.ts';
import type { AnyProtocol, Message, MessageOf, Protocol, ReplyOf } from './protocol.ts';

/** @typeParam Fallen What the fallbacks of its policy give. */
export interface AskOptions<Fallen = never> {
  /** How long to wait for the reply, in ms; under a policy, in each try. Default 5,000, or what the policy leaves a try. */
  readonly timeoutMs?: number;
  /**
   * Names the operation, so that a durable entity does it once however often it is asked. Default: a new one per ask;
   * repeating an ask that failed with `ask_timeout` safely takes the same key. Any text that is not empty; how many an
   * entity remembers is in docs/guarantees.md.
   */
  readonly idempotencyKey?: string;
  /** Gives the ask up with `cancelled`; the handler's `context.signal` aborts. */
  readonly signal?: AbortSignal;
  /**
   * Guards the ask: with retries, a breaker, a bulkhead, as `createPolicy` makes it. Each try has the time that the policy
   * leaves it. All tries share one idempotency key, made once where none is given, so that an entity does it once; an
   * actor that is no entity may do it again at each try. Whose ask it is, `policy.for({ tenant })` says. Rejects also as
   * the policy does: `breaker_open`, `operation_timeout`, `rate_limited`. Where it has fallbacks, the reply may be theirs.
   * Default: one try.
   */
  readonly policy?: AskPolicy<Fallen>;
}

/** What refs are given by the runtime's own hand. */
export interface SentAskOptions<Fallen = unknown> extends AskOptions<Fallen> {
  /** The address of the actor that asks. */
  readonly sender?: string;
  /** The handler that waits, for the deadlock detector. */
  readonly asker?: Asker;
}

/** Where messages to one actor or entity go. Refs stay valid over restarts and moves. */
export interface Ref<P extends Protocol> {
  /** `node/path` of an actor, `type/key` of an entity. */
  readonly address: string;
  /**
   * Delivers at most once and does not wait. A message to an actor that has stopped becomes a dead letter.
   * @throws OverloadedError, NotSerializableError or TransportUnavailableError when it is known at once that it cannot.
   */
  tell(message: MessageOf<P>): void;
  /**
   * Resolves with the reply or rejects with a typed error, never silence: `ask_timeout`, `no_such_actor`,
   * `actor_stopped`, `actor_crashed`, `actor_killed`, `node_down`, `overloaded`, `reply_lost`, `invalid_message`,
   * `cancelled`, `deadlock`, `not_serializable`, `cluster_unavailable`.
   */
  ask<M extends MessageOf<P>, Fallen = never>(
    message: M,
    options?: AskOptions<Fallen>,
  ): Promise<ReplyOf<P, M['type']> | Fallen>;
}

/** A second address of an actor that can be closed: what comes later is dropped. */
export interface ClosableRef extends Ref<AnyProtocol> {
  readonly isOpen: boolean;
  close(): void;
}

/** Whether a ref is one to a durable entity, which may live anywhere. */
export function isEntityRef(ref: object): ref is { readonly entity: EntityId } {
  return 'entity' in ref;
}

/** Any ref, whatever its protocol. */
export type AnyRef = Pick<Ref<AnyProtocol>, 'address'>;

export interface SendOptions {
  /**
   * Names the message, so that it is put into the inbox once however often it is sent within two minutes. Default: a
   * new one per send. A send that failed with `outcome_unknown` is safely repeated with the same id.
   */
  readonly id?: string;
  /** How long to try until it is known to be kept, in ms. Default 5,000. */
  readonly timeoutMs?: number;
}

/** A ref to a durable entity: asks are repeated over the death of its node until their time is up. */
export interface EntityRef<P extends Protocol> extends Ref<P> {
  readonly entity: EntityId;
  /**
   * Puts a message into the entity's inbox. Once this has resolved the message is never lost and takes effect once,
   * whether or not the entity's node lives now. Messages of one sender are handled in the order of their sends. Inside a
   * handler of a durable entity use `context.send`, which sends when its turn is written.
   *
   * Rejects with `storage_unavailable` (not kept), `outcome_unknown` (kept or not), `overloaded`, `not_serializable`,
   * `invalid_config`. A message that the entity cannot take goes to the dead letters in its record.
   */
  send(message: MessageOf<P>, options?: SendOptions): Promise<void>;
}

/** What a ref needs to do its work; one per kind of place that an actor can be in. */
export interface Delivery {
  tell(message: Message): void;
  /** What it throws is the answer. */
  ask(message: Message, options: SentAskOptions): Promise<unknown>;
}

/** A typed face over an untyped delivery. The definition that gave the ref its type is also what handles the message. */
export function makeRef<P extends Protocol>(address: string, delivery: Delivery): Ref<P> {
  return {
    address,
    tell: (message) => delivery.tell(message),
    ask: <M extends MessageOf<P>, Fallen = never>(
      message: M,
      options: AskOptions<Fallen> = {},
    ): Promise<ReplyOf<P, M['type']> | Fallen> => {
      try {
        // The reply's type follows from the definition behind the ref.
        return delivery.ask(message, options) as Promise<ReplyOf<P, M['type']> | Fallen>;
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}

export interface EntityDelivery extends Delivery {
  send(message: Message, options: SendOptions): Promise<void>;
}

export function makeEntityRef<P extends Protocol>(
  entity: EntityId,
  address: string,
  delivery: EntityDelivery,
): EntityRef<P> {
  return { ...makeRef<P>(address, delivery), entity, send: (message, options = {}) => delivery.send(message, options) };
}
