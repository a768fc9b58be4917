import type { ExitReason, TreeNode } from '@jaegis/core';
import { invariant } from '@jaegis/core';
import type { AnyMachineSnapshot } from 'xstate';
import { type Action, stop } from '../run/action.ts';
import type { Behavior, BehaviorHost, Outcome } from '../run/contract.ts';
import type { Message } from '../run/protocol.ts';
import { childNodes, childrenOf, stateOf } from './children.ts';
import type { Emitted } from './effects.ts';
import { persistedOf } from './journal.ts';
import type { MachineKind } from './kind.ts';
import { LiveMachine } from './live-machine.ts';
import { MachineMemory, readPreserved, type StateRecord, toRecord } from './preserved.ts';

const done: readonly Action[] = [stop('normal')];

/**
 * Runs an XState machine as a behaviour: its snapshot is the state, a message is an event. What moves the machine without
 * a message becomes a step by a message of its own; a machine that fails, inside a step or not, crashes its cell and
 * never the process. One for each incarnation.
 */
export class MachineBehavior implements Behavior {
  readonly #kind: MachineKind;
  readonly hasModes = true;
  #live: LiveMachine | undefined;
  /** What was there to preserve when it was stopped. */
  #last: { readonly state: unknown; readonly memory: MachineMemory } | undefined;

  constructor(kind: MachineKind) {
    this.#kind = kind;
  }

  /** @throws CorruptRecordError where `preserved` is no state of this machine; else what the machine threw. */
  start(preserved: unknown, host: BehaviorHost): unknown {
    const live = new LiveMachine(this.#kind, host, preserved === undefined ? undefined : readPreserved(preserved));
    const state = live.start();
    this.#live = live;
    if (live.emitted.length > 0 || state.status === 'done') live.post();
    return state;
  }

  receive(_state: unknown, message: Message, host: BehaviorHost): Outcome {
    const live = this.#live;
    invariant(live, 'A machine receives once it has started.');
    live.step(message);
    const state = live.snapshot;
    const reply = live.emitted.length > 0 ? carryOut(live, state, host) : defaultReply(state);
    live.commit();
    return state.status === 'done' ? { state, reply, actions: done } : { state, reply };
  }

  /** Compound and parallel states have values that are objects: the same one while the machine is in the same states. */
  mode(state: unknown): unknown {
    const snapshot = state as AnyMachineSnapshot; // states of this behaviour are snapshots
    return typeof snapshot.value === 'string' ? snapshot.value : this.#kind.quickSteps.modeOf(snapshot);
  }

  takes(type: string): boolean {
    return this.#kind.takes(type);
  }

  preserve(state: unknown): unknown {
    return this.#memory(state);
  }

  /** @throws NotSerializableError for a child that was spawned from logic without a name. */
  serialize(state: unknown): unknown {
    const { snapshot, delays } = this.#memory(state);
    const record = 'machine' in snapshot ? persistedOf(snapshot as AnyMachineSnapshot) : (snapshot as StateRecord);
    return toRecord(record, delays);
  }

  isBusy(state: unknown): boolean {
    if ((state as AnyMachineSnapshot).status !== 'active') return false; // as above
    if (this.#live?.hasDelays) return true;
    return childrenOf(state).some(([, child]) => stateOf(child).status === 'active');
  }

  stop(state: unknown, _reason?: ExitReason): void {
    const live = this.#live;
    if (!live || this.#last) return;
    this.#last = { state, memory: live.record(state as AnyMachineSnapshot) }; // as above
    live.stop();
  }

  children(state: unknown): readonly TreeNode[] {
    return childNodes(state);
  }

  #memory(state: unknown): MachineMemory {
    if (this.#last && this.#last.state === state) return this.#last.memory;
    const snapshot = state as AnyMachineSnapshot; // as above
    return this.#live?.record(snapshot) ?? new MachineMemory(snapshot, []);
  }
}

function defaultReply({ value, context, status }: AnyMachineSnapshot): unknown {
  return { value, context, status };
}

/** Hands what the actions of the step emitted to the cell. Returns the reply. */
function carryOut(live: LiveMachine, state: AnyMachineSnapshot, { context }: BehaviorHost): unknown {
  const emitted: readonly Emitted[] = live.emitted;
  live.emitted = [];
  let answer: { readonly value: unknown } | undefined;
  for (const event of emitted) {
    if (event.type === 'jaegis.reply') answer = event;
    else if (event.type === 'jaegis.tell')
      context.tell(event.to, event.message as never); // checked where it was made
    else if (event.type === 'jaegis.send') context.send({ entity: event.to }, event.message);
    else if (event.type === 'jaegis.announce') context.announce(event.event);
  }
  return answer ? answer.value : defaultReply(state);
}
