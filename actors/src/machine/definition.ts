import { InvalidDefinitionError } from '@jaegis/core';
import type { AnyStateMachine, EventFromLogic } from 'xstate';
import { checkKernelOptions } from '../run/cell-kind.ts';
import type { ActorDefinition, Services } from '../run/contract.ts';
import { checkType } from '../run/definition.ts';
import type { KernelOptions } from '../run/kernel-options.ts';
import { refuseUnknown } from '../run/known-options.ts';
import { MachineBehavior } from './behavior.ts';
import { MachineKind } from './kind.ts';
import type { RestoreOptions } from './restore.ts';

/** The protocol of a machine: its events; an ask replies what the machine's `reply` action says. */
export type MachineProtocol<M extends AnyStateMachine> = {
  readonly [Type in EventFromLogic<M>['type']]: {
    readonly message: Omit<Extract<EventFromLogic<M>, { type: Type }>, 'type'>;
    readonly reply: unknown;
  };
};

export interface MachineOptions extends KernelOptions {
  /** How a machine goes on from a preserved state, after a restart or in another process. */
  readonly restore?: RestoreOptions;
}

/**
 * Defines actors by an XState machine. The machine is made once a node; its input is that of the spawn and `key`. An
 * actor whose machine reaches a final state ends, with the reason `normal`.
 *
 * @param type Letters, digits, `-`, `_`; unique in the application.
 * @throws InvalidDefinitionError with the path of what is not usable.
 */
export function defineMachine<M extends AnyStateMachine>(
  type: string,
  make: (services: Services) => M,
  options: MachineOptions = {},
): ActorDefinition<MachineProtocol<M>> {
  checkType(type);
  if (typeof make !== 'function') {
    throw new InvalidDefinitionError(`Machine "${type}": expected a function that makes the machine.`);
  }
  checkKernelOptions(type, options, ['restore']);
  checkRestore(type, options.restore ?? {});
  return {
    kind: 'actor',
    type,
    options,
    behavior: (services) => {
      const machine: unknown = make(services);
      if (!isMachine(machine)) {
        throw new InvalidDefinitionError(`Machine "${type}": the function must return a state machine of XState.`);
      }
      const kind = new MachineKind(machine, options.restore ?? {});
      return () => new MachineBehavior(kind);
    },
  };
}

/** By its form: an application may have a copy of XState of its own. */
function isMachine(value: unknown): value is AnyStateMachine {
  return typeof value === 'object' && value !== null && 'root' in value && 'getTransitionData' in value;
}

function checkRestore(type: string, restore: RestoreOptions): void {
  refuseUnknown(`Machine "${type}"`, restore, ['delays', 'invoked'], 'restore');
  const allowed = { delays: ['deadline', 'remaining', 'anew'], invoked: ['restart', 'interrupted'] } as const;
  for (const name of ['delays', 'invoked'] as const) {
    const value: unknown = restore[name];
    if (value === undefined || (allowed[name] as readonly unknown[]).includes(value)) continue;
    throw new InvalidDefinitionError(
      `Machine "${type}": restore.${name} is ${JSON.stringify(value)}; it must be ${allowed[name].join(' or ')}.`,
      { data: { path: `restore.${name}` } },
    );
  }
}
