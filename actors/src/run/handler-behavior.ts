import { InvalidMessageError, invariant, type JaegisError } from '@jaegis/core';
import type { ActorContext, Behavior, BehaviorHost, Step } from './behavior.ts';
import type { Message } from './protocol.ts';

/** What a handler returns: the new state (left out: unchanged) and the reply (left out: undefined). */
export interface HandlerResult<State> {
  readonly state?: State;
  readonly reply?: unknown;
}

export interface HandlerSpec<State, H> {
  /** The state of a new actor; `key` is the entity's key or the actor's name. */
  readonly state: (key: string) => State;
  /** State in, state out: a handler must not change the state it is given, so that a crash leaves it whole. */
  readonly on: H;
}

type AnyHandler = (state: unknown, message: Message, context: ActorContext) => unknown;

/** Runs a set of handlers as a behaviour: state in, state out. */
export class HandlerBehavior<State, H> implements Behavior {
  readonly #type: string;
  readonly #spec: HandlerSpec<State, H>;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  #host: BehaviorHost | undefined;

  constructor(type: string, spec: HandlerSpec<State, H>) {
    this.#type = type;
    this.#spec = spec;
    this.#handlers = new Map(Object.entries(spec.on as Record<string, AnyHandler>)); // checked by defineActor
  }

  start(preserved: unknown, host: BehaviorHost): unknown {
    this.#host = host;
    return preserved === undefined ? this.#spec.state(host.context.key) : preserved;
  }

  receive(state: unknown, message: Message): Step | Promise<Step> {
    const host = this.#host;
    invariant(host, 'receive before start');
    const handler = this.#handlers.get(message.type);
    if (!handler) throw unknownType(this.#type, message, [...this.#handlers.keys()]);
    const result = handler(state, message, host.context);
    return result instanceof Promise ? result.then((value) => toStep(state, value, host)) : toStep(state, result, host);
  }

  preserve(state: unknown): unknown {
    return state;
  }

  isBusy(): boolean {
    return false;
  }

  stop(): void {}

  children(): readonly string[] {
    return [];
  }
}

function toStep(before: unknown, result: unknown, host: BehaviorHost): Step {
  const { state, reply }: HandlerResult<unknown> = (result ?? {}) as HandlerResult<unknown>; // typed by Handlers
  return { state: state === undefined ? before : state, reply, effects: host.takeEffects(), done: false };
}

function unknownType(actor: string, message: Message, known: readonly string[]): JaegisError {
  return new InvalidMessageError(
    `Actor "${actor}" takes no message of type ${JSON.stringify(message.type)}; it takes: ${known.join(', ')}.`,
    { data: { path: '.type', type: message.type, known } },
  );
}
