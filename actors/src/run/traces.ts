import type { Span, Telemetry, TraceContext } from '@jaegis/core';
import type { MaybeOutcome } from './contract.ts';
import type { Message } from './protocol.ts';

/**
 * The spans of one node: of asks, of the turns in which actors handle messages, and of commits. Everything here is
 * called only while {@link Traces.isOn} says so, which is all that it costs otherwise.
 */
export class Traces {
  readonly #telemetry: Telemetry;
  /** What asks and messages in mailboxes belong to. */
  readonly #carried = new WeakMap<object, TraceContext>();

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

  /** The item belongs to this trace from now on. @param item An ask or a message. */
  carry(item: object, context: TraceContext | undefined): void {
    if (context !== undefined) this.#carried.set(item, context);
  }

  /** The item belongs to the trace of the code that runs now, or to none: a message may be told more than once. */
  carryActive(item: object): void {
    const active = this.active();
    if (active === undefined) this.#carried.delete(item);
    else this.#carried.set(item, active);
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

  /** A span of the handler, where its message belongs to a trace; what the handler asks, tells and calls is part of it. */
  turn(actor: string, item: object, type: string, receive: () => MaybeOutcome): MaybeOutcome {
    const parent = this.#carried.get(item);
    if (parent === undefined) return receive();
    const attributes = { 'jaegis.actor': actor, 'jaegis.message': type };
    const span = this.#telemetry.start({ name: `turn ${type}`, kind: 'server', parent, attributes });
    this.#carried.set(item, span.context);
    return within(span, receive);
  }

  /** A span of writing a turn, as part of the first of the messages in it that belong to a trace. */
  async commit(entity: string, items: readonly (object | undefined)[], act: () => Promise<void>): Promise<void> {
    const parent = items.map((item) => item && this.#carried.get(item)).find((context) => context !== undefined);
    if (parent === undefined) return act();
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
