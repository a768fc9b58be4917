import { InvalidDefinitionError, isToken, tokenRule } from '@jaegis/core';
import type { ActorContext, Behavior, Services } from './behavior.ts';
import { HandlerBehavior } from './handler-behavior.ts';
import type { Protocol } from './protocol.ts';

/** How actors of one type are made. The same definition serves for spawned actors and for durable entities. */
export interface ActorDefinition<P extends Protocol> {
  readonly type: string;
  readonly create: (services: Services) => () => Behavior;
  /** Carries the protocol for the compiler; never set. */
  readonly protocol?: P;
}

/** What a handler returns: the new state (left out: unchanged) and the reply (left out: undefined). */
export interface HandlerResult<State> {
  readonly state?: State;
  readonly reply?: unknown;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is a handler that changes nothing
type Returned<State> = HandlerResult<State> | void;

/** One function a message type. `never` makes every handler say the type of its message. */
export type Handlers<State> = Readonly<
  Record<string, (state: State, message: never, context: ActorContext) => Returned<State> | Promise<Returned<State>>>
>;

/** The protocol that a set of handlers speaks. */
export type ProtocolOf<H> = {
  readonly [Type in keyof H & string]: { readonly message: FieldsOf<H[Type]>; readonly reply: ReplyIn<H[Type]> };
};

type FieldsOf<Handler> = Handler extends (...args: infer Args) => unknown
  ? Args extends readonly [unknown, infer M, ...unknown[]]
    ? Omit<M, 'type'>
    : unknown
  : never;

type ReplyIn<Handler> = Handler extends (...args: never[]) => infer Result
  ? Awaited<Result> extends { readonly reply: infer Reply }
    ? Reply
    : undefined
  : never;

export interface HandlerSpec<State, H> {
  /** The state of a new actor; `key` is the entity's key or the actor's name. */
  readonly state: (key: string) => State;
  /** State in, state out: a handler must not change the state it is given, so that a crash leaves it whole. */
  readonly on: H;
}

/**
 * Defines actors by a handler for each type of message.
 *
 * @param type Letters, digits, `-`, `_`; unique in the application.
 * @throws InvalidDefinitionError when the type is not usable.
 */
export function defineActor<State, H extends Handlers<State>>(
  type: string,
  spec: HandlerSpec<State, H>,
): ActorDefinition<ProtocolOf<H>> {
  checkType(type);
  if (typeof spec.state !== 'function') {
    throw new InvalidDefinitionError(`Actor "${type}": "state" must be a function that returns the first state.`);
  }
  for (const [name, handler] of Object.entries(spec.on)) {
    if (typeof handler !== 'function') throw new InvalidDefinitionError(`Actor "${type}": on.${name} is no function.`);
  }
  return { type, create: () => () => new HandlerBehavior(type, spec) };
}

export function checkType(type: string): void {
  if (!isToken(type)) throw new InvalidDefinitionError(`Actor type ${JSON.stringify(type)}: ${tokenRule}`);
}
