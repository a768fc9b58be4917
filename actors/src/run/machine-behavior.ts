import { type Clock, invariant, type Timer } from '@jaegis/core';
import { type AnyActor, type AnyMachineSnapshot, type AnyStateMachine, createActor, type Snapshot } from 'xstate';
import type { Behavior, BehaviorHost, Step } from './behavior.ts';
import type { Effect } from './effect.ts';
import type { Emitted } from './machine-effects.ts';
import type { Message } from './protocol.ts';

/** Put into the mailbox when the machine moved by itself (a delay, invoked work), so that the move becomes a step. */
const MOVED: Message = { type: 'jaegis.moved' };

/**
 * Runs an XState machine as a behaviour. The live actor holds timers and invoked work; the snapshot is the state. A
 * machine that fails, also outside a message, crashes its cell (XState would rethrow in a timer and end the process).
 */
export class MachineBehavior implements Behavior {
  readonly #machine: AnyStateMachine;
  #actor: AnyActor | undefined;
  #host: BehaviorHost | undefined;
  #emitted: Emitted[] = [];
  #receiving = false;
  #posted = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
  }

  start(preserved: unknown, host: BehaviorHost): unknown {
    this.#host = host;
    const { context } = host;
    const actor = createActor(this.#machine, {
      input: { key: context.key },
      clock: xstateClock(context.clock),
      // Snapshots come from `preserve` of the same machine.
      ...(preserved === undefined ? {} : { snapshot: preserved as Snapshot<unknown> }),
    });
    this.#actor = actor;
    actor.on('*', (event) => this.#emitted.push(event as unknown as Emitted)); // other events are passed over below
    actor.subscribe({ next: () => this.#moved(), error: (error) => this.#failed(error) });
    this.#receiving = true;
    actor.start();
    this.#receiving = false;
    if (this.#failure) throw this.#failure.error;
    if (this.#emitted.length > 0) this.#moved();
    return actor.getSnapshot();
  }

  receive(_state: unknown, message: Message): Step {
    invariant(this.#actor, 'receive before start');
    if (message === MOVED) this.#posted = false;
    else this.#send(this.#actor, message);
    const state = this.#actor.getSnapshot() as AnyMachineSnapshot; // the machine's own
    const { reply, effects } = this.#takeEmitted(state);
    return { state, reply, effects, done: state.status === 'done' };
  }

  preserve(state: unknown): unknown {
    return this.#machine.getPersistedSnapshot(state as AnyMachineSnapshot); // states of this behaviour are snapshots
  }

  isBusy(state: unknown): boolean {
    const snapshot = state as AnyMachineSnapshot; // as above
    return snapshot.status === 'active' && Object.keys(snapshot.children).length > 0;
  }

  stop(): void {
    this.#host = undefined;
    this.#actor?.stop();
  }

  children(state: unknown): readonly string[] {
    return state === undefined ? [] : Object.keys((state as AnyMachineSnapshot).children);
  }

  #send(actor: AnyActor, message: Message): void {
    this.#receiving = true;
    try {
      actor.send(message);
    } finally {
      this.#receiving = false;
    }
    if (this.#failure) throw this.#failure.error;
  }

  #moved(): void {
    if (this.#receiving || this.#posted || !this.#host) return;
    this.#posted = true;
    this.#host.post(MOVED);
  }

  #failed(error: unknown): void {
    this.#failure = { error };
    if (!this.#receiving) this.#host?.crash(error);
  }

  #takeEmitted(state: AnyMachineSnapshot): { reply: unknown; effects: Effect[] } {
    const emitted = this.#emitted;
    this.#emitted = [];
    let reply: unknown;
    let replied = false;
    const effects: Effect[] = [];
    for (const event of emitted) {
      if (event.type === 'jaegis.reply') {
        reply = event.value;
        replied = true;
      } else if (event.type === 'jaegis.send') {
        effects.push({ kind: 'send', to: event.to, message: event.message });
      } else if (event.type === 'jaegis.announce') {
        effects.push({ kind: 'announce', event: event.event });
      }
    }
    const { value, context, status } = state;
    return { reply: replied ? reply : { value, context, status }, effects };
  }
}

function xstateClock(clock: Clock) {
  return {
    setTimeout: (callback: (...args: unknown[]) => void, delayMs: number): unknown =>
      clock.setTimer(delayMs, () => callback()),
    clearTimeout: (timer: unknown): void => clock.clearTimer(timer as Timer | undefined), // made by setTimeout above
  };
}
