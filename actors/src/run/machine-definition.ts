import { InvalidDefinitionError } from '@jaegis/core';
import type { AnyStateMachine, EventFromLogic } from 'xstate';
import type { ActorDefinition, Services } from './behavior.ts';
import { checkType } from './definition.ts';
import { MachineBehavior } from './machine-behavior.ts';

/** The protocol of a machine: its events; an ask replies what the machine's `reply` action says. */
export type MachineProtocol<M extends AnyStateMachine> = {
  readonly [Type in EventFromLogic<M>['type']]: {
    readonly message: Omit<Extract<EventFromLogic<M>, { type: Type }>, 'type'>;
    readonly reply: unknown;
  };
};

/**
 * Defines actors by an XState machine. The machine is made once a node and is given `{ key }` as its input.
 *
 * @param type Letters, digits, `-`, `_`; unique in the application.
 * @throws InvalidDefinitionError when the type is not usable.
 */
export function defineMachine<M extends AnyStateMachine>(
  type: string,
  make: (services: Services) => M,
): ActorDefinition<MachineProtocol<M>> {
  checkType(type);
  if (typeof make !== 'function') {
    throw new InvalidDefinitionError(`Machine "${type}": expected a function that makes the machine.`);
  }
  return {
    type,
    create: (services) => {
      const machine = make(services);
      return () => new MachineBehavior(machine);
    },
  };
}
