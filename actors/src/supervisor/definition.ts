import { InvalidDefinitionError, isToken, tokenRule } from '@jaegis/core';
import type { ActorContext, Ignore } from '../run/contract.ts';
import { checkSupervisorSpec, type Startable, type SupervisorSpec } from './spec.ts';

/** What the function of a supervisor is given besides its input. */
export type SupervisorContext = Pick<ActorContext, 'address' | 'key' | 'clock' | 'logger' | 'register'>;

/** Makes the spec anew at each start. `never` lets it say the type of its input. */
export type SupervisorFunction = (
  input: never,
  context: SupervisorContext,
) => SupervisorSpec | Ignore | Promise<SupervisorSpec | Ignore>;

export interface SupervisorDefinition extends Startable {
  readonly kind: 'supervisor';
  readonly spec: SupervisorSpec | SupervisorFunction;
}

/**
 * Defines supervisors: what they start, in which order, and what they do when it ends.
 *
 * @param type Letters, digits, `-`, `_`.
 * @param spec A spec, checked at once; or a function that makes one at each start, or returns `ignore`.
 * @throws InvalidDefinitionError with `data` `{ path, rule, value }`.
 */
export function defineSupervisor(type: string, spec: SupervisorSpec | SupervisorFunction): SupervisorDefinition {
  if (!isToken(type)) throw new InvalidDefinitionError(`Supervisor type ${JSON.stringify(type)}: ${tokenRule}`);
  if (typeof spec !== 'function') checkSupervisorSpec(`Supervisor "${type}"`, spec);
  return { kind: 'supervisor', type, spec };
}
