import type { Span, Telemetry, TraceContext } from '@jaegis/core';
import type { MaybeOutcome } from './contract.ts';
import type { Message } from './protocol.ts';

/**
 * The spans of one node: of asks, of the turns in which actors handle messages, and of commits. Everything else here is
 * called only while {@link Traces.isOn} says so, which is all that it costs otherwise.
 */
export class Traces {
  readonly #telemetry: Telemetry;
  /** What asks and messages in mailboxes belong to. */
  readonly #carried = new WeakMap<object, TraceContext>();
  /** What set the timers that sent messages. */
  readonly #setters = new WeakMap<object, TraceContext>();
  readonly #told = new WeakSet<object>();
  /** Of the timer that sends a message now. */
  #setter: TraceContext | undefined;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  get isOn(): boolean {
    return this.#telemetry.isOn;
  }

  /** Of the code that runs now. */
  active(): TraceContext | undefined {
    return this.#telemetry.active();
  }

  /** What runs in here belongs to that trace, or to none: whoever runs it for others runs it where it is. */
  within<Result>(trace: TraceContext | undefined, act: () => Result): Result {
    return this.#telemetry.within(trace, act);
  }

  /** Runs what is done for many at once, or for nobody in particular. May be called while there is no tracer. */
  outside(act: () => void): void {
    if (this.isOn) this.within(undefined, act);
    else act();
  }

  /**
   * Tells what a timer sends that was set in that trace. It begins a trace of its own, since timers may go on for years,
   * and follows from the other.
   */
  fire(setter: TraceContext | undefined, tell: () => void): void {
    this.#setter = setter;
    // What the clock runs together has nothing in common.
    this.within(undefined, tell);
    this.#setter = undefined;
  }

  /** What is done later belongs to the trace of the code that wants it now. */
  ofActive<Wanted extends object>(wanted: Wanted): Wanted & { readonly trace?: TraceContext } {
    const trace = this.active();
    return trace === undefined ? wanted : { ...wanted, trace };
  }

  /** A timer that was set in that trace has sent the item. */
  follow(item: object, setter: TraceContext): void {
    this.#setters.set(item, setter);
  }

  /** The item belongs to this trace from now on. @param item An ask or a message. */
  carry(item: object, context: TraceContext | undefined): void {
    if (context !== undefined) this.#carried.set(item, context);
  }

  /** The ask belongs to the trace of the code that runs now, or to none. */
  carryActive(ask: object): void {
    this.carry(ask, this.active());
  }

  /** One item belongs to the trace of another from now on. */
  inherit(item: object, from: object): void {
    if (this.isOn) this.carry(item, this.#carried.get(from));
  }

  /** The same for a message, which may be told more than once: then it is another object each time. */
  told<M extends Message>(given: M): M {
    const message = this.#told.has(given) ? copyOf(given) : given;
    this.#told.add(message);
    this.carryActive(message);
    if (this.#setter !== undefined) this.#setters.set(message, this.#setter);
    this.#setter = undefined;
    return message;
  }

  /** A span from the ask to its answer, as part of what runs now. */
  ask<Reply>(target: string, message: Message, act: (trace: TraceContext) => Promise<Reply>): Promise<Reply> {
    const { type } = message;
    const span = this.#telemetry.start({
      name: `ask ${type}`,
      kind: 'client',
      parent: this.active(),
      attributes: { 'jaegis.target': target, 'jaegis.message': type },
    });
    const answer = span.run(() => act(span.context));
    answer.then(
      () => span.end(),
      (error: unknown) => span.end(error),
    );
    return answer;
  }

  /**
   * A span of the handler, where its message belongs to a trace or follows from one; what the handler asks, tells and
   * calls is part of it.
   */
  turn(actor: string, item: object, type: string, receive: () => MaybeOutcome): MaybeOutcome {
    const parent = this.#carried.get(item);
    const link = this.#setters.get(item);
    if (parent === undefined && link === undefined) return this.within(undefined, receive);
    const attributes = { 'jaegis.actor': actor, 'jaegis.message': type };
    const span = this.#telemetry.start({ name: `turn ${type}`, kind: 'server', parent, link, attributes });
    this.#carried.set(item, span.context);
    return within(span, receive);
  }

  /** A span of writing a turn, as part of the first of the messages in it that belong to a trace. */
  async commit(entity: string, items: readonly (object | undefined)[], act: () => Promise<void>): Promise<void> {
    const parent = items.map((item) => item && this.#carried.get(item)).find((context) => context !== undefined);
    if (parent === undefined) return this.within(undefined, act);
    const attributes = { 'jaegis.actor': entity, 'jaegis.messages': items.length };
    const span = this.#telemetry.start({ name: 'commit', kind: 'internal', parent, attributes });
    try {
      await span.run(act);
      span.end();
    } catch (error) {
      span.end(error);
      throw error;
    }
  }
}

function copyOf<M extends Message>(message: M): M {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message) as M; // with all that it had
}

function within(span: Span, receive: () => MaybeOutcome): MaybeOutcome {
  try {
    const outcome = span.run(receive);
    if (!(outcome instanceof Promise)) {
      span.end();
      return outcome;
    }
    outcome.then(
      () => span.end(),
      (error: unknown) => span.end(error),
    );
    return outcome;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
