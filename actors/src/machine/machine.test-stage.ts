/** A machine's behaviour on a stage of its own: a host that does what a cell would, on the virtual clock. For tests. */
import { silentLogger } from '@jaegis/core';
import { VirtualClock } from '@jaegis/sim';
import type { AnyStateMachine } from 'xstate';
import type { Behavior, BehaviorHost } from '../run/contract.ts';
import type { Message } from '../run/protocol.ts';
import { defineMachine, type MachineOptions } from './definition.ts';

export interface Step {
  readonly message: string;
  readonly value: unknown;
  readonly reply: unknown;
  readonly actions: readonly unknown[];
}

export class Stage {
  readonly clock: VirtualClock;
  readonly #make: () => Behavior;
  readonly effects: unknown[] = [];
  readonly steps: Step[] = [];
  readonly crashes: unknown[] = [];
  readonly posted: Message[] = [];
  input: unknown;
  /** Posted messages wait, as while a cell is busy. */
  isBusy = false;
  behavior: Behavior;
  state: unknown;

  constructor(machine: AnyStateMachine, options: MachineOptions = {}, clock = new VirtualClock()) {
    this.clock = clock;
    this.#make = defineMachine('subject', () => machine, options).behavior({ clock } as never); // no more is used
    this.behavior = this.#make();
  }

  readonly host = {
    input: undefined as unknown,
    context: {
      key: 'k1',
      tell: (to: { address: string }, message: Message) => this.effects.push(['tell', to.address, message]),
      send: (to: { entity: unknown }, message: Message) => this.effects.push(['send', to.entity, message]),
      announce: (event: unknown) => this.effects.push(['announce', event]),
      logger: silentLogger,
    },
    post: (message: Message) => {
      this.posted.push(message);
      queueMicrotask(() => this.#takePosted());
    },
    crash: (error: unknown) => this.crashes.push(error),
  };

  get #asHost(): BehaviorHost {
    Object.assign(this.host.context, { clock: this.clock });
    this.host.input = this.input;
    return this.host as unknown as BehaviorHost; // a machine uses no more of it
  }

  start(preserved?: unknown): this {
    this.state = this.behavior.start(preserved, this.#asHost);
    return this;
  }

  /** Handles one message; a crash leaves the state as it was. */
  give(type: string, fields: object = {}): unknown {
    return this.#handle({ type, ...fields }).reply;
  }

  /** Ends this incarnation; the next one goes on from what was preserved. */
  restart(): this {
    const preserved = this.behavior.preserve(this.state);
    return this.stop().again(preserved);
  }

  /** Starts a new incarnation, as in another process. */
  again(preserved: unknown): this {
    this.behavior = this.#make();
    return this.start(preserved);
  }

  stop(): this {
    void this.behavior.stop(this.state, 'shutdown', this.#asHost, false); // machines stop at once
    return this;
  }

  /** The state as a record would hold it. */
  get record(): unknown {
    return JSON.parse(JSON.stringify(this.behavior.serialize(this.state)));
  }

  get value(): unknown {
    return (this.state as { value: unknown }).value;
  }

  get fields(): Readonly<Record<string, unknown>> {
    return (this.state as { context: Readonly<Record<string, unknown>> }).context;
  }

  #takePosted(): void {
    if (this.isBusy) return;
    const message = this.posted.shift();
    if (message && this.crashes.length === 0) this.#handle(message);
  }

  #handle(message: Message): { readonly reply?: unknown } {
    // A machine answers at once.
    const outcome = this.behavior.receive(this.state, message, this.#asHost, { id: undefined }) as {
      readonly state: unknown;
      readonly reply: unknown;
      readonly actions?: readonly unknown[];
    };
    this.state = outcome.state;
    const { reply, actions = [] } = outcome;
    this.steps.push({ message: message.type, value: this.value, reply, actions });
    return outcome;
  }
}
