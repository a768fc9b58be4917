/** A machine as all actors of its definition on one node use it: what it takes, and how it is restored. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { QuickSteps } from './quick-steps.ts';
import type { RestoreOptions } from './restore.ts';

/** Put before all other messages when the machine moved by itself, so that the move becomes a step. */
export const movedType = 'jaegis.moved';

/** Transitions that one event may cause by raising others; more are a loop that would never end. */
const mostMicrosteps = 10_000;

export class MachineKind {
  readonly machine: AnyStateMachine;
  readonly restore: Required<RestoreOptions>;
  readonly quickSteps: QuickSteps;
  readonly #exact = new Set<string>([movedType]);
  readonly #prefixes: string[] = [];

  constructor(machine: AnyStateMachine, restore: RestoreOptions) {
    this.machine = machine;
    this.restore = { delays: restore.delays ?? 'deadline', invoked: restore.invoked ?? 'restart' };
    if (machine.options.maxIterations === Number.POSITIVE_INFINITY) {
      machine.options = { ...machine.options, maxIterations: mostMicrosteps };
    }
    this.quickSteps = new QuickSteps(machine);
    this.#collect(machine.root);
  }

  /** Whether some state takes it. What the machine tells itself is not taken from others. */
  takes(type: string): boolean {
    if (this.#exact.has(type)) return true;
    return this.#prefixes.some((prefix) => type.startsWith(prefix)) && !type.startsWith('xstate.');
  }

  #collect(node: AnyStateNode): void {
    for (const descriptor of node.transitions.keys()) {
      if (descriptor === '*') this.#prefixes.push('');
      else if (descriptor.endsWith('.*')) this.#prefixes.push(descriptor.slice(0, -1));
      else if (!descriptor.startsWith('xstate.')) this.#exact.add(descriptor);
    }
    for (const child of Object.values(node.states)) this.#collect(child);
  }
}
