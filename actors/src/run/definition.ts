import { InvalidDefinitionError, isToken, tokenRule } from '@jaegis/core';
import { checkKernelOptions } from './cell-kind.ts';
import type { ActorContext, ActorDefinition } from './contract.ts';
import { HandlerBehavior, type HandlerSpec, type Returned } from './handler-behavior.ts';
import type { KernelOptions } from './kernel-options.ts';
import { namesOf, refuseUnknown } from './known-options.ts';

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

const handlerNames = namesOf<Omit<HandlerSpec<unknown, unknown>, keyof KernelOptions>>({
  state: true,
  on: true,
  signals: true,
  mode: true,
  enter: true,
  stop: true,
});

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
  checkKernelOptions(type, spec, handlerNames);
  const refuse = (path: string, why: string): never => {
    throw new InvalidDefinitionError(`Actor "${type}": ${path} ${why}.`, { data: { path } });
  };
  if (typeof spec.state !== 'function') refuse('state', 'must be a function that returns the first state');
  refuseUnknown(`Actor "${type}"`, spec.signals, ['exit', 'down', 'node'], 'signals');
  for (const group of ['on', 'signals'] as const) {
    for (const [name, handler] of Object.entries(spec[group] ?? {})) {
      if (typeof handler !== 'function') refuse(`${group}.${name}`, 'must be a function');
    }
  }
  for (const name of Object.keys(spec.schema ?? {})) {
    if (!Object.hasOwn(spec.on ?? {}, name)) refuse(`schema.${name}`, 'has no handler: on has none of this name');
  }
  for (const name of ['mode', 'enter', 'stop'] as const) {
    if (spec[name] !== undefined && typeof spec[name] !== 'function') refuse(name, 'must be a function');
  }
  // One behaviour serves all actors of the type: it has no state.
  const behavior = new HandlerBehavior(type, { ...spec, on: spec.on ?? {} });
  return { kind: 'actor', type, options: spec, behavior: () => () => behavior };
}

export function checkType(type: string): void {
  if (!isToken(type)) throw new InvalidDefinitionError(`Actor type ${JSON.stringify(type)}: ${tokenRule}`);
}
