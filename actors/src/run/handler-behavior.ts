import { InvalidReturnError } from '@jaegis/core';
import type { Action } from './action.ts';
import type { ActorContext, Behavior, BehaviorHost, Ignore, MaybeOutcome, Outcome } from './contract.ts';
import type { KernelOptions } from './kernel-options.ts';
import type { Message } from './protocol.ts';
import type { DownSignal, ExitSignal, NodeSignal, Signal } from './signal.ts';

/** What a handler returns: the new state (left out: unchanged), the reply (left out: undefined), and actions. */
export interface HandlerResult<State> {
  readonly state?: State;
  readonly reply?: unknown;
  readonly actions?: readonly Action[];
}

// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is a handler that changes nothing
export type Returned<State> = HandlerResult<State> | void;

export interface HandlerSpec<State, H> extends KernelOptions {
  /**
   * The state of a new actor, or `ignore`. `key` is the entity's key or the actor's name; `input` was given at the spawn.
   * What it throws is why the actor did not start.
   */
  readonly state: (key: string, context: ActorContext, input: never) => State | Ignore | Promise<State | Ignore>;
  /** State in, state out: a handler must not change the state it is given, so that a crash leaves it whole. */
  readonly on: H;
  /** Exits that it traps, ends of those that it monitors, and nodes that come and go where it asked for that. */
  readonly signals?: {
    readonly exit?: (
      state: State,
      signal: ExitSignal,
      context: ActorContext,
    ) => Returned<State> | Promise<Returned<State>>;
    readonly down?: (
      state: State,
      signal: DownSignal,
      context: ActorContext,
    ) => Returned<State> | Promise<Returned<State>>;
    readonly node?: (
      state: State,
      signal: NodeSignal,
      context: ActorContext,
    ) => Returned<State> | Promise<Returned<State>>;
  };
  /** What gen_statem calls the state of the machine; default: the whole state. See {@link Behavior.mode}. */
  readonly mode?: (state: State) => unknown;
  /** Called after the start and after each change of the mode. Must be synchronous. */
  readonly enter?: (state: State, previousMode: unknown, context: ActorContext) => Returned<State>;
  /** Called at the end of each incarnation, but not when it is killed. Releases what it holds. */
  readonly stop?: (state: State, reason: unknown, context: ActorContext) => void | Promise<void>;
}

type AnyHandler = (state: unknown, message: unknown, context: ActorContext) => unknown;

/** Given back for a message that no handler takes: it is refused to its sender, and the actor goes on. */
export const refused: Outcome = {};

/** Runs a set of handlers as a behaviour: state in, state out. Has no state of its own: one serves all its actors. */
export class HandlerBehavior<State, H> implements Behavior {
  readonly #type: string;
  readonly #spec: HandlerSpec<State, H>;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly hasModes: boolean;
  readonly enter: Behavior['enter'];
  readonly signal: Behavior['signal'];

  constructor(type: string, spec: HandlerSpec<State, H>) {
    this.#type = type;
    this.#spec = spec;
    this.#handlers = new Map(Object.entries(spec.on as Record<string, AnyHandler>)); // checked by defineActor
    this.hasModes = spec.mode !== undefined;
    const enter = spec.enter as AnyHandler | undefined; // its states are those of this behaviour
    this.enter = enter && ((state, mode, host) => this.#outcome(enter(state, mode, host.context)));
    const signals = spec.signals as Partial<Record<Signal['type'], AnyHandler>> | undefined; // as above
    this.signal = signals && ((state, signal, host) => this.#onSignal(signals[signal.type], state, signal, host));
  }

  start(preserved: unknown, host: BehaviorHost): unknown {
    if (preserved !== undefined) return preserved;
    return this.#spec.state(host.context.key, host.context, host.input as never); // the definition says what it takes
  }

  receive(state: unknown, message: Message, host: BehaviorHost): MaybeOutcome {
    const handler = this.#handlers.get(message.type);
    if (handler === undefined) return refused;
    const result = handler(state, message, host.context);
    if (result === undefined) return undefined;
    return result instanceof Promise ? result.then(this.#outcome) : this.#outcome(result);
  }

  takes(type: string): boolean {
    return this.#handlers.has(type);
  }

  mode(state: unknown): unknown {
    return this.#spec.mode ? this.#spec.mode(state as State) : state; // a state of this behaviour
  }

  preserve(state: unknown): unknown {
    return state;
  }

  serialize(state: unknown): unknown {
    return state;
  }

  isBusy(): boolean {
    return false;
  }

  stop(state: unknown, reason: unknown, host: BehaviorHost, isKilled: boolean): void | Promise<void> {
    if (isKilled) return;
    return this.#spec.stop?.(state as State, reason, host.context); // a state of this behaviour
  }

  children(): readonly [] {
    return [];
  }

  #onSignal(handler: AnyHandler | undefined, state: unknown, signal: Signal, host: BehaviorHost): MaybeOutcome {
    if (!handler) return refused;
    const result = handler(state, signal, host.context);
    return result instanceof Promise ? result.then(this.#outcome) : this.#outcome(result);
  }

  readonly #outcome = (result: unknown): Outcome | undefined => {
    if (result === undefined) return undefined;
    if (typeof result !== 'object' || result === null || result instanceof Promise) throw this.#refuse(shown(result));
    const outcome = result as Outcome; // typed by Handlers
    const { state, reply, actions } = outcome;
    if (actions !== undefined) this.#checkActions(actions);
    else if (state === undefined && reply === undefined) this.#checkEmpty(result);
    return outcome;
  };

  /** What has none of the fields that are read may have misspelt one: a reply that never leaves would be a riddle. */
  #checkEmpty(result: object): void {
    if (Array.isArray(result)) throw this.#refuse('a list');
    const odd = Object.keys(result).find((name) => !fields.includes(name));
    if (odd !== undefined) throw this.#refuse(`an object with "${odd}"`);
  }

  #checkActions(actions: unknown): void {
    if (!Array.isArray(actions)) throw this.#refuse(`actions that are no list: ${shown(actions)}`);
    const odd = actions.find((action) => typeof action !== 'object' || action === null || !('kind' in action));
    if (odd === undefined) return;
    const hint = typeof odd === 'function' ? '; call it' : '';
    throw this.#refuse(`an action that is none: ${shown(odd)}${hint}`);
  }

  #refuse(value: string): Error {
    return new InvalidReturnError(
      `A handler of "${this.#type}" returned ${value}; it may return { state, reply, actions } or nothing.`,
      { data: { value } },
    );
  }
}

const fields = ['state', 'reply', 'actions'];

function shown(value: unknown): string {
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
