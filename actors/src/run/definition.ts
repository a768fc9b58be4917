import { InvalidDefinitionError, isToken, tokenRule } from '@jaegis/core';
import { checkKernelOptions } from './cell-kind.ts';
import type { ActorContext, ActorDefinition } from './contract.ts';
import { HandlerBehavior, type HandlerSpec, type Returned } from './handler-behavior.ts';

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
    ? [M] extends [never] // a parameter whose type was left open
      ? unknown
      : Omit<M, 'type'>
    : unknown
  : never;

type ReplyIn<Handler> = Handler extends (...args: never[]) => infer Result
  ? Awaited<Result> extends { readonly reply: infer Reply }
    ? Reply
    : undefined
  : never;

/**
 * Defines actors by a handler for each type of message.
 *
 * @param type Letters, digits, `-`, `_`; unique in the application.
 * @throws InvalidDefinitionError with the path of what is not usable.
 */
export function defineActor<State, H extends Handlers<State>>(
  type: string,
  spec: HandlerSpec<State, H>,
): ActorDefinition<ProtocolOf<H>> {
  checkType(type);
  if (typeof spec !== 'object' || spec === null) throw new InvalidDefinitionError(`Actor "${type}": no definition.`);
  if (typeof spec.state !== 'function') {
    throw new InvalidDefinitionError(`Actor "${type}": "state" must be a function that returns the first state.`);
  }
  for (const [name, handler] of Object.entries(spec.on ?? {})) {
    if (typeof handler !== 'function') throw new InvalidDefinitionError(`Actor "${type}": on.${name} is no function.`);
  }
  checkKernelOptions(type, spec);
  // One behaviour serves all actors of the type: it has no state.
  const behavior = new HandlerBehavior(type, { ...spec, on: spec.on ?? {} });
  return { kind: 'actor', type, options: spec, behavior: () => () => behavior };
}

export function checkType(type: string): void {
  if (!isToken(type)) throw new InvalidDefinitionError(`Actor type ${JSON.stringify(type)}: ${tokenRule}`);
}
