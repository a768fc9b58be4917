import type { EntityId } from '@jaegis/core';
import type { AnyProtocol, Message, MessageOf, Protocol, ReplyOf } from './protocol.ts';

export interface AskOptions {
  /** How long to wait for the reply, in ms. Default 5,000. */
  readonly timeoutMs?: number;
  /**
   * Names the operation, so that a durable entity does it once however often it is asked. Default: a new one per ask;
   * repeating an ask that failed with `ask_timeout` safely takes the same key. Entities remember their last 64.
   */
  readonly idempotencyKey?: string;
  /** Gives the ask up with `cancelled`; the handler's `context.signal` aborts. */
  readonly signal?: AbortSignal;
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
   * `actor_stopped`, `actor_crashed`, `actor_killed`, `node_down`, `overloaded`, `invalid_message`, `cancelled`,
   * `deadlock`, `not_serializable`, `cluster_unavailable`.
   */
  ask<M extends MessageOf<P>>(message: M, options?: AskOptions): Promise<ReplyOf<P, M['type']>>;
}

/** A second address of an actor that can be closed: what comes later is dropped. */
export interface ClosableRef extends Ref<AnyProtocol> {
  readonly isOpen: boolean;
  close(): void;
}

/** Any ref, whatever its protocol. */
export type AnyRef = Pick<Ref<AnyProtocol>, 'address'>;

/** A ref to a durable entity: asks are repeated over the death of its node until their time is up. */
export interface EntityRef<P extends Protocol> extends Ref<P> {
  readonly entity: EntityId;
}

/** What a ref needs to do its work; one per kind of place that an actor can be in. */
export interface Delivery {
  tell(message: Message): void;
  /** What it throws is the answer. */
  ask(message: Message, options: AskOptions): Promise<unknown>;
}

/** A typed face over an untyped delivery. The definition that gave the ref its type is also what handles the message. */
export function makeRef<P extends Protocol>(address: string, delivery: Delivery): Ref<P> {
  return {
    address,
    tell: (message) => delivery.tell(message),
    ask: <M extends MessageOf<P>>(message: M, options: AskOptions = {}) => {
      try {
        // The reply's type follows from the definition behind the ref.
        return delivery.ask(message, options) as Promise<ReplyOf<P, M['type']>>;
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}

export function makeEntityRef<P extends Protocol>(entity: EntityId, address: string, delivery: Delivery): EntityRef<P> {
  return { ...makeRef<P>(address, delivery), entity };
}
